//! Progress callbacks of the runner, and how a caller stops it.

use std::path::Path;
use std::time::Duration;

use crate::migrate::error::Error;
use crate::migrate::model::backup::Backup;
use crate::migrate::model::blocker::Blocker;
use crate::migrate::model::holder::Holder;
use crate::migrate::model::interrupted::Interrupted;
use crate::migrate::model::migration::Migration;
use crate::migrate::model::step::{Direction, Step};
use crate::migrate::model::target::Target;
use crate::migrate::sql::libpq::Notice;

/// What just happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The server does not answer yet; the runner goes on trying.
    Waiting {
        /// Whom it waits for, such as `localhost:5432`.
        server: &'a str,
        /// Why, in a few words.
        reason: &'a str,
        /// How much longer it will.
        remaining: Duration,
    },
    /// A connection stands.
    Connected {
        /// To what.
        target: &'a Target,
    },
    /// The server or libpq remarked something about the connection, such as a collation of another version; or the runner about
    /// the database, such as a publication without tables that were just made.
    Remarked {
        /// What.
        notice: &'a Notice,
    },
    /// Another runner works on the database; this one waits for its turn.
    Queued {
        /// Who.
        holder: &'a Holder,
        /// How much longer it will wait.
        remaining: Duration,
    },
    /// Somebody who may not migrate holds the lock of the runners; this one goes on all the same.
    PassedOver {
        /// Who.
        holder: &'a Holder,
    },
    /// A backup is being taken.
    BackingUp {
        /// To which file.
        file: &'a Path,
    },
    /// How far a backup is: told to an observer that [wants progress](Observer::wants_progress), a few times a second.
    BackupProgress {
        /// The bytes of tables that are read, by the server's estimates.
        done: u64,
        /// The bytes of all tables.
        total: u64,
        /// The table that is read now.
        table: &'a str,
    },
    /// A backup was taken.
    BackedUp {
        /// Which.
        backup: &'a Backup,
    },
    /// These will be carried out, in this order.
    Planned {
        /// How many, and which.
        migrations: &'a [Migration],
        /// Applied or undone.
        direction: Direction,
    },
    /// A rehearsal comes to a migration.
    Rehearsing {
        /// Which.
        migration: &'a Migration,
        /// How many come before it.
        done: usize,
        /// How many there are.
        total: usize,
    },
    /// One begins.
    Started {
        /// Which.
        migration: &'a Migration,
        /// Applied or undone.
        direction: Direction,
    },
    /// A statement waits for a lock, without a limit.
    Blocked {
        /// Who stands in its way.
        blocker: &'a Blocker,
    },
    /// A commit has waited for two seconds for a synchronous standby to confirm it. It is on the server's own disk already, and
    /// done as soon as a standby confirms it, or none is waited for any more.
    Unconfirmed {
        /// The server's `synchronous_standby_names`.
        standbys: &'a str,
    },
    /// A lock could not be acquired in time: the attempt is rolled back, and made again after a pause.
    SteppedBack {
        /// Which session held the lock, where that is known.
        blocker: Option<&'a Blocker>,
        /// How long the pause is.
        pause: Duration,
        /// How many attempts are left.
        left: usize,
    },
    /// Another program, one that takes no turns, did the same at the same time, and was faster.
    Overtaken {
        /// Which.
        migration: &'a Migration,
        /// Applied or undone.
        direction: Direction,
    },
    /// A migration outside a transaction was begun before, and cut short; it goes on from there.
    Resumed {
        /// Which.
        migration: &'a Migration,
        /// What was left.
        interrupted: &'a Interrupted,
    },
    /// The server remarked something.
    Noticed {
        /// During which migration.
        migration: &'a Migration,
        /// What.
        notice: &'a Notice,
    },
    /// One is done.
    Finished {
        /// Which, and how long it took.
        step: &'a Step,
    },
}

/// Whoever wants to know what the runner does, or to stop it.
pub trait Observer {
    /// Something happened.
    fn on(&mut self, event: &Event<'_>);

    /// Asked before each migration and while waiting: whether to stop here, with everything done so far kept.
    fn wants_to_stop(&self) -> bool {
        false
    }

    /// Whether to tell how far a backup is, which takes a connection of its own while it lasts.
    fn wants_progress(&self) -> bool {
        false
    }
}

impl dyn Observer + '_ {
    /// An error when the observer wants to stop, which says how many of what was planned are done.
    pub(crate) fn stop_if_wanted(&self, done: usize, planned: usize) -> Result<(), Error> {
        if self.wants_to_stop() { Err(Error::Interrupted { done, left: planned - done }) } else { Ok(()) }
    }
}

/// An observer that neither listens nor stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn on(&mut self, _: &Event<'_>) {}
}

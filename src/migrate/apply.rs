//! Carries out one migration, up or down, together with its row in the history.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::error::Place;
use super::libpq::Connection;
use super::lock_monitor::LockMonitor;
use super::retry_policy::RetryPolicy;
use super::session::Session;
use super::verify::Comparison;
use super::{
    Applied, Error, Event, Interrupted, Migration, Observer, Origin, history, ledger, owner, resume, statements,
};

/// Whether a migration is applied or undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Its `up.sql`.
    Up,
    /// Its `down.sql`.
    Down,
}

/// One migration that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub migration: Migration,
    /// Applied or undone.
    pub direction: Direction,
    /// How long it took, its row in the history included.
    pub duration: Duration,
}

/// What a command did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Each migration that was carried out, in order.
    pub steps: Vec<Step>,
    /// The newest version that is applied now, if any is.
    pub version: Option<String>,
    /// What the catalog was found to be afterwards.
    pub catalog: Comparison,
}

impl Direction {
    /// The file of a migration that this runs.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Up => "up.sql",
            Self::Down => "down.sql",
        }
    }

    fn sql(self, migration: &Migration) -> &'static str {
        match self {
            Self::Up => migration.up,
            Self::Down => migration.down,
        }
    }

    /// The SQL for a transaction, or `None` where it cannot be in one.
    fn in_a_transaction(self, migration: &Migration) -> Option<Cow<'static, str>> {
        let sql = self.sql(migration);
        if migration.run_in_transaction {
            return Some(Cow::Borrowed(sql));
        }
        statements::without_concurrently(sql).map(Cow::Owned)
    }

    /// The statements that keep the history and the ledger, for one round trip.
    fn bookkeeping(self, migration: &Migration, duration: Duration) -> String {
        let (history, ledger) = match self {
            Self::Up => {
                let duration = format!("'{} microseconds'", duration.as_micros());
                (history::record(migration.version), ledger::record(migration, Origin::Run, &duration))
            }
            Self::Down => (history::forget(migration.version), ledger::forget(migration.version)),
        };
        format!("{history};\n{ledger}")
    }
}

/// Carries out migrations in the order given, each in a transaction of its own unless it opts out. One that does not get
/// a lock in time is tried again.
///
/// What was done before an error, or before the observer stopped it, stays done.
pub(super) fn each(
    connection: &mut Connection,
    retry_policy: &mut RetryPolicy<'_>,
    migrations: &[Migration],
    direction: Direction,
    observer: &mut dyn Observer,
) -> Result<Vec<Step>, Error> {
    observer.on(&Event::Planned { migrations, direction });
    let session = Session::of(connection)?;
    let mut is_changed = false;
    let mut steps = Vec::with_capacity(migrations.len());
    for migration in migrations {
        let attempted = retry_policy.attempt(observer, |monitor, observer| {
            stop_if_wanted(observer, steps.len(), migrations.len())?;
            if std::mem::replace(&mut is_changed, true) {
                session.put_back(connection)?;
            }
            owner::work_as_owner(connection, |connection| {
                if !migration.run_in_transaction {
                    return one(connection, &session, monitor, migration, direction, observer);
                }
                let failed = |source| Error::Bookkeeping { migration: *migration, direction, what: "COMMIT", source };
                transaction(connection, |connection| {
                    let step = one(connection, &session, monitor, migration, direction, observer)?;
                    // Watched: what was deferred may wait for locks, and the commit itself for a standby.
                    monitor.execute(connection, "COMMIT", observer).map_err(failed)?;
                    Ok(step)
                })
            })
        });
        let step = match attempted {
            Err(error) if is_overtaken(connection, migration, direction, &error) => {
                observer.on(&Event::Overtaken { migration, direction });
                continue;
            }
            attempted => attempted?,
        };
        // Not before the commit, which may fail.
        observer.on(&Event::Finished { step: &step });
        steps.push(step);
    }
    if is_changed {
        session.put_back(connection)?;
    }
    Ok(steps)
}

/// Whether a migration failed because another program, one that takes no turns, was faster: the Diesel CLI, for one.
fn is_overtaken(connection: &mut Connection, migration: &Migration, direction: Direction, error: &Error) -> bool {
    let failed = matches!(error, Error::Statement { .. } | Error::Bookkeeping { .. } | Error::Blocked { .. });
    failed && connection.is_alive() && connection.is_idle() && {
        let is_it = |applied: &Applied| applied.version == migration.version.as_str();
        // Where the history cannot be read, the failure stands.
        history::read(connection).is_ok_and(|history| history.applied.iter().any(is_it) == (direction == Direction::Up))
    }
}

/// Whether one transaction can hold this migration beside others, up and down: it runs in one and says nothing about it, or
/// builds and drops indexes, which can be done without CONCURRENTLY too.
pub(super) fn fits_a_transaction(migration: &Migration) -> bool {
    let is_about_its_own = |sql: &str| {
        statements::split(sql)
            .iter()
            .any(|statement| statements::keywords(statement.text).take(2).eq(["SET", "TRANSACTION"]))
    };
    [Direction::Up, Direction::Down]
        .iter()
        .all(|direction| direction.in_a_transaction(migration).is_some_and(|sql| !is_about_its_own(&sql)))
}

pub(super) fn stop_if_wanted(observer: &dyn Observer, done: usize, planned: usize) -> Result<(), Error> {
    if observer.wants_to_stop() { Err(Error::Interrupted { done, left: planned - done }) } else { Ok(()) }
}

/// Runs `work` in a transaction, which it commits itself when it succeeds; what fails is rolled back.
pub(super) fn transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    connection.execute("BEGIN")?;
    let worked = work(connection);
    if worked.is_err() && connection.is_alive() {
        // The error that matters is the one before; a rollback that fails means a connection that is gone anyway.
        let _ = connection.execute("ROLLBACK");
    }
    worked
}

/// Carries out one migration and keeps its rows in the history and the ledger, in whatever transaction is open.
///
/// The session is the runner's again before the rows are written; what else the migration left in it is not looked for.
pub(super) fn one(
    connection: &mut Connection,
    session: &Session,
    monitor: &mut LockMonitor<'_>,
    migration: &Migration,
    direction: Direction,
    observer: &mut dyn Observer,
) -> Result<Step, Error> {
    observer.on(&Event::Started { migration, direction });
    let start = Instant::now();
    let sql = direction.sql(migration);
    let failed = |what| move |source| Error::Bookkeeping { migration: *migration, direction, what, source };
    let interrupted = if connection.is_idle() {
        resume::find(connection, sql).map_err(failed("looking for what an earlier attempt left"))?
    } else {
        Interrupted::Nothing
    };
    if interrupted != Interrupted::Nothing {
        observer.on(&Event::Resumed { migration, interrupted: &interrupted });
    }
    if let Interrupted::Invalid(index) = &interrupted {
        let drop = format!("DROP INDEX CONCURRENTLY {index}");
        monitor.execute(connection, &drop, observer).map_err(failed("dropping the invalid index"))?;
    }
    if interrupted != Interrupted::Done {
        let in_a_transaction = direction.in_a_transaction(migration).filter(|_| !connection.is_idle());
        let outcome = monitor.execute(connection, in_a_transaction.as_deref().unwrap_or(sql), observer);
        for notice in connection.take_notices() {
            observer.on(&Event::Noticed { migration, notice: &notice });
        }
        outcome.map_err(|source| Error::Statement {
            place: Place::of(migration, direction.file(), sql, &source),
            in_transaction: !connection.is_idle(),
            source,
        })?;
        session.put_back_settings(connection).map_err(failed("putting back the session"))?;
    }
    let bookkeeping = direction.bookkeeping(migration, start.elapsed());
    monitor.execute(connection, &bookkeeping, observer).map_err(failed("writing the history"))?;
    Ok(Step { migration: *migration, direction, duration: start.elapsed() })
}

//! Errors of the runner: what failed, where, and what is known of the cause.

use std::time::Duration;

use crate::migrate::model::backup::BackupError;
use crate::migrate::model::blocker::Blocker;
use crate::migrate::model::drift::Drift;
use crate::migrate::model::holder::Holder;
use crate::migrate::model::migration::{Migration, Owner};
use crate::migrate::model::place::Place;
use crate::migrate::model::step::Direction;
use crate::migrate::sql::libpq::{Conninfo, Obstacle, ServerError};

/// Why the runner did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection.
    #[error("cannot connect to the database: {source}")]
    Connect {
        /// Where to.
        conninfo: Conninfo,
        /// What stood in the way.
        obstacle: Obstacle,
        /// How long it was waited for.
        waited: Duration,
        /// What libpq or the server said.
        source: ServerError,
    },
    /// The pool gave no connection.
    #[error("no connection: {reason}")]
    Pool {
        /// Why.
        reason: String,
    },
    /// A statement of the runner's own failed.
    #[error("{0}")]
    Server(#[from] ServerError),
    /// A statement of a migration failed.
    #[error("{}:{}:{}: {source}", place.file, place.line, place.column)]
    Statement {
        /// Where it stands.
        place: Place,
        /// Whether it was in a transaction, so that nothing of the migration is left.
        in_transaction: bool,
        /// What the server said.
        source: ServerError,
    },
    /// What the runner itself does for a migration failed, before or after its statements.
    #[error("{}/{}: {what} failed: {source}", migration.name, direction.file())]
    Bookkeeping {
        /// The migration.
        migration: Migration,
        /// Applied or undone.
        direction: Direction,
        /// What failed, such as `COMMIT`.
        what: &'static str,
        /// What the server said.
        source: ServerError,
    },
    /// The row of a migration was not written, or not deleted, although nothing failed.
    #[error(
        "{}/{}: what was done is not in the history afterwards: {}",
        migration.name,
        direction.file(),
        if objects.is_empty() { "it is not known why".to_owned() } else { listed(objects) }
    )]
    Diverted {
        /// The migration.
        migration: Migration,
        /// Applied or undone.
        direction: Direction,
        /// The triggers and rules of the history and the ledger, such as `rule r on __diesel_schema_migrations`.
        objects: Vec<String>,
    },
    /// A lock could not be acquired in any attempt.
    #[error("{source}")]
    Blocked {
        /// Which session held the lock, where that is known.
        blocker: Option<Blocker>,
        /// How often it was tried.
        attempts: usize,
        /// How long it held a lock of SHARE or stronger on a table, so that writers waited, where that is why it was not
        /// tried again.
        held: Option<Duration>,
        /// How the last attempt failed.
        source: Box<Error>,
    },
    /// The database has versions that are not embedded here.
    #[error("the database is ahead of this binary: {} applied, not known here", listed(versions))]
    Ahead {
        /// Which.
        versions: Vec<String>,
    },
    /// Between here and the server is a pooler that gives a session to somebody else after each transaction.
    #[error(
        "there is a connection pooler in transaction or statement mode, such as PgBouncer, before the database; the runner's lock \
         would stay behind in a session that it no longer has"
    )]
    TransactionPooling,
    /// Something was edited after it had been applied.
    #[error(
        "edited after they were applied: {}",
        listed(&migrations.iter().map(|migration| migration.name).collect::<Vec<_>>())
    )]
    Edited {
        /// Which.
        migrations: Vec<Migration>,
    },
    /// The catalog is not what it should be.
    #[error(
        "{}: {}",
        drift.version.as_ref().map_or_else(
            || "the database has no history, and has what migrations would make".to_owned(),
            |version| format!("the database is not what version {version} should be")
        ),
        drift.count()
    )]
    Drift {
        /// How it differs.
        drift: Box<Drift>,
        /// How many migrations were carried out, and stay so.
        done: usize,
    },
    /// Undone and applied again, the catalog would not be what it was.
    #[error("reverting and applying again would not restore the database: {}", drift.count())]
    RedoneOtherwise {
        /// How it would differ.
        drift: Box<Drift>,
    },
    /// The catalog is that of no version, so that nothing can be recorded.
    #[error(
        "the database is what no version should be; the nearest is {}, with {}",
        drift.whose(),
        drift.count()
    )]
    NothingEqual {
        /// How it differs from the nearest.
        drift: Box<Drift>,
    },
    /// The history is not that of the catalog, so that nothing can be recorded.
    #[error("the catalog is that of version {version}, and the history says that {} are applied", listed(applied))]
    Contradiction {
        /// Whose catalog it is.
        version: String,
        /// What the history has beyond it.
        applied: Vec<String>,
    },
    /// There is no schema to look at, or it is the server's own: what is in it is not known.
    #[error(
        "the search_path {search_path:?} leads to {}",
        unusable.as_ref().map_or_else(
            || "no schema to create tables in".to_owned(),
            |schemas| format!("what this role may not use: {schemas}")
        )
    )]
    NoSchema {
        /// The path.
        search_path: String,
        /// The schemas on it that this role may not use, as in SQL.
        unusable: Option<String>,
    },
    /// Row security keeps rows of the runner's tables from this role: what is applied is not known.
    #[error("row security hides rows of {table} from this role")]
    RowsHidden {
        /// Which table.
        table: String,
    },
    /// The history is in another schema than the one in which things are created now.
    #[error("this database was migrated in the schema {found}, and the search_path now begins with {current:?}")]
    OtherSchema {
        /// Where it is.
        found: String,
        /// Where things are created.
        current: String,
    },
    /// The tables belong to a role that the one that works here may not become, and what it makes would be its own.
    #[error(
        "the tables belong to the role {owner:?}, and {role:?} may not become it: what it makes would not be the owner's"
    )]
    NotOwner {
        /// Who owns the history.
        owner: String,
        /// Who works here.
        role: String,
    },
    /// The history is replicated from another server, and the catalog is not that of the version that it tells.
    #[error("the history comes from another server, by the subscription {subscription}, and is not true here: {}", drift.count())]
    ReplicatedHistory {
        /// Which, as SQL.
        subscription: String,
        /// How the catalog differs.
        drift: Box<Drift>,
    },
    /// The database stores text in an encoding that cannot hold every message.
    #[error("the database is encoded in {encoding}, and a messenger needs UTF8")]
    Encoding {
        /// Its encoding.
        encoding: String,
    },
    /// The database does not have the extension that distributes it.
    #[error("the extension citus is not in this database")]
    NoCitus,
    /// The database cannot be distributed as it is.
    #[error("the database cannot be distributed: {reason}")]
    Undistributable {
        /// Why not.
        reason: String,
    },
    /// A schema that was named is not there, or is the server's own.
    #[error("there is no schema {name:?}, or it is the server's own")]
    UnknownSchema {
        /// As it was named.
        name: String,
    },
    /// A role cannot be one of the three.
    #[error("{name:?} cannot be used for a role: {reason}")]
    Role {
        /// Which, or the beginning of its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// A version that is not embedded here was asked for.
    #[error("no migration has the version {wanted}; the newest is {newest}")]
    UnknownVersion {
        /// As it was asked for.
        wanted: String,
        /// The newest that is embedded.
        newest: String,
    },
    /// What is to be undone is not embedded here, so nobody knows how.
    #[error("cannot undo {}: applied, but not known to this binary", listed(versions))]
    NotEmbedded {
        /// Which.
        versions: Vec<String>,
    },
    /// Another runner works on the database.
    #[error(
        "another runner works on this database: {}",
        holder.as_ref().map_or_else(
            || "it was gone whenever this one looked who it is".to_owned(),
            ToString::to_string
        )
    )]
    Locked {
        /// Who, where that can be told.
        holder: Option<Holder>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The observer stopped it.
    #[error("interrupted: {done} done, {left} left")]
    Interrupted {
        /// How many migrations were carried out, and stay so.
        done: usize,
        /// How many were still to come.
        left: usize,
    },
    /// A migration has what psql would take for something else, so that there is no plan.
    #[error("{}:{}:{}: {what}", place.file, place.line, place.column)]
    NotForPsql {
        /// Where.
        place: Box<Place>,
        /// What it is.
        what: &'static str,
    },
    /// No backup could be taken, and so nothing was done that it was meant to guard against.
    #[error("no backup: {0}")]
    Backup(#[from] BackupError),
    /// The service's own migrations cannot be carried out.
    #[error("the service's own migrations cannot be used\n{}", problems.join("\n"))]
    OwnMigrations {
        /// Everything that is wrong with them, each with its place and what to do.
        problems: Vec<String>,
    },
    /// Two migrations have the same version, of which the history can hold only one.
    #[error(
        "{}/{} and {}/{} have the same version",
        of(first), first.name, of(second), second.name
    )]
    SameVersion {
        /// One of them.
        first: Migration,
        /// The other, which is the service's.
        second: Migration,
    },
    /// A version of the service's own is in the history already, with another migration behind it.
    #[error("{}/{}: its version is applied already, as that of {applied}", migration.folder, migration.name)]
    VersionTaken {
        /// The service's.
        migration: Migration,
        /// The name of the one that was applied.
        applied: String,
    },
    /// What others have built depends on what would be dropped.
    #[error("objects of others depend on what would be dropped\n{}", objects.join("\n"))]
    Referenced {
        /// Which, by its type and name, such as `table constraint profiles_user_id_fkey on public.profiles`.
        objects: Vec<String>,
    },
    /// More of the service's own migrations were to be undone than are applied; the next is this crate's.
    #[error(
        "cannot undo {wanted} of the service's own migrations: {own} applied, and before {} comes {next}, which is messenger-db's",
        if *own == 1 { "it" } else { "them" }
    )]
    BeyondOwn {
        /// How many were to be undone.
        wanted: usize,
        /// How many of the service's own are applied.
        own: usize,
        /// The name of this crate's newest.
        next: &'static str,
    },
    /// What is to be undone has no `down.sql`.
    #[error("cannot undo {}: it has no down.sql", names.join(", "))]
    NoDown {
        /// Which.
        names: Vec<String>,
    },
    /// Diesel and `build.rs` disagree on what was embedded.
    #[error("this binary was built wrongly: {reason}")]
    Source {
        /// On what.
        reason: String,
    },
}

/// The names, or of many the first few and how many more there are.
pub(crate) fn listed(names: &[impl AsRef<str>]) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<_> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let more = names.len().checked_sub(SHOWN + 1).map(|more| format!(" and {} more", more + 1)).unwrap_or_default();
    shown.join(", ") + &more
}

/// Where a migration comes from.
const fn of(migration: &Migration) -> &'static str {
    match migration.owner {
        Owner::Messenger => "messenger-db",
        Owner::Service => migration.folder,
    }
}

impl Error {
    /// The SQLSTATE of what the server said, if it said anything.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Server(error) | Self::Statement { source: error, .. } | Self::Bookkeeping { source: error, .. } => {
                Some(&error.sqlstate)
            }
            Self::Blocked { source, .. } => source.sqlstate(),
            _ => None,
        }
    }

    /// What the server said, to say it better.
    pub(crate) const fn said_mut(&mut self) -> Option<&mut ServerError> {
        match self {
            Self::Server(error) | Self::Statement { source: error, .. } | Self::Bookkeeping { source: error, .. } => {
                Some(error)
            }
            _ => None,
        }
    }
}

//! Reads what is known of a database: what is applied and whose it is, what is pending, and what is applied but not
//! embedded here.

use std::collections::{BTreeMap, BTreeSet};

use crate::build_shared::mark::is_marked;
use crate::migrate::error::Error;
use crate::migrate::model::migration::{Migration, Owner};
use crate::migrate::model::target::Target;
use crate::migrate::session::lock_monitor::{self, LOCK_NOT_AVAILABLE};
use crate::migrate::session::pool::Pool;
use crate::migrate::sql::libpq::Connection;
use crate::migrate::state::record::{Applied, Ledger};
use crate::migrate::state::{history, owner};

/// Where a database stands.
///
/// A version in the history is this crate's when it is embedded here, when the ledger says so, or when it carries the
/// mark of this crate's migrations (`20261122100100messenger`). All others are the service's, or foreign: they change
/// nothing of where the messenger's schema stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Status {
    /// Which database, on which server.
    pub target: Target,
    /// Every applied version of this crate's, known here or not, oldest first.
    pub applied: Vec<Applied>,
    /// Every applied version of the service's own migrations that the pool has, oldest first.
    pub own: Vec<Applied>,
    /// Every applied version that is neither, such as what another program with tables of its own applied.
    pub foreign: Vec<Applied>,
    /// What is not applied: what is embedded here, oldest first, and then the service's own in their order.
    pub pending: Vec<Migration>,
    /// Those of `applied` that are not embedded here: the database is ahead of this binary.
    pub ahead: Vec<Applied>,
    /// What is applied, but with another text than it has here: what is embedded here, and then the service's own.
    pub edited: Vec<Migration>,
    /// Whether there is a ledger; without one, nothing is known of what was edited.
    pub ledger: Ledger,
    pub(crate) is_ledger_outdated: bool,
    pub(crate) has_stale_records: bool,
    pub(crate) may_record: bool,
    pub(crate) has_citus: bool,
}

impl Status {
    /// The newest version of this crate's that is applied, if any is.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.applied.last().map(|applied| applied.version.as_str())
    }

    /// Refuses a database that a newer release has migrated.
    pub(crate) fn refuse_ahead(&self) -> Result<(), Error> {
        if self.ahead.is_empty() {
            return Ok(());
        }
        Err(Error::Ahead { versions: self.ahead.iter().map(|applied| applied.version.clone()).collect() })
    }

    /// The row of a migration that is applied.
    #[must_use]
    pub fn row(&self, migration: &Migration) -> Option<&Applied> {
        let rows = if migration.owner == Owner::Messenger { &self.applied } else { &self.own };
        rows.iter().find(|row| row.version == migration.version.as_str())
    }

    /// Those of `migrations` that are applied and have no record.
    pub(crate) fn unrecorded<'a>(
        &self,
        migrations: impl IntoIterator<Item = &'a Migration>,
    ) -> impl Iterator<Item = &'a Migration> {
        migrations.into_iter().filter(|migration| self.row(migration).is_some_and(|row| row.record.is_none()))
    }

    /// Whether the ledger lacks something that this session could add.
    pub(crate) fn can_be_completed<'a>(&self, migrations: impl IntoIterator<Item = &'a Migration>) -> bool {
        let lacks = self.has_stale_records || self.unrecorded(migrations).next().is_some();
        lacks && self.may_record
    }

    /// Whether the ledger is missing, or was made before there were owners and these migrations need one.
    pub(crate) fn is_ledger_unfit<'a>(&self, migrations: impl IntoIterator<Item = &'a Migration>) -> bool {
        self.ledger == Ledger::Missing
            || (self.is_ledger_outdated && migrations.into_iter().any(|migration| migration.owner != Owner::Messenger))
    }
}

/// Reads where a database stands. Changes nothing: it works on a replica too.
///
/// # Errors
///
/// [`Error::Server`] when the history or the ledger cannot be read.
pub fn status(pool: &Pool) -> Result<Status, Error> {
    read(&mut *pool.get()?, pool.migrations(), pool.own())
}

/// What kept the runner's tables from being read: who has them for himself, or that they are not the runner's.
fn explained(connection: &mut Connection, mut error: Error) -> Error {
    const UNDEFINED_COLUMN: &str = "42703";
    if !connection.is_idle() {
        return error;
    }
    match error.sqlstate() {
        Some(LOCK_NOT_AVAILABLE) => {
            let tables = ["__diesel_schema_migrations", "messenger_db_ledger"];
            lock_monitor::blocked(connection, Some(&tables), error)
        }
        Some(UNDEFINED_COLUMN) => {
            if let Some(said) = error.said_mut() {
                // The query calls the tables `history` and `ledger`, and PostgreSQL names the column by that.
                let hint = if said.message.contains("ledger.") {
                    "messenger_db_ledger lacks a column. Move it away (ALTER TABLE messenger_db_ledger SET SCHEMA …): the next \
                     run makes it anew."
                } else {
                    "__diesel_schema_migrations lacks a column that Diesel makes (version, run_on). Give the column its name \
                     back, or add it with the values that it had."
                };
                said.hint = Some(hint.to_owned());
            }
            error
        }
        _ => error,
    }
}

pub(crate) fn read(connection: &mut Connection, migrations: &[Migration], own: &[Migration]) -> Result<Status, Error> {
    let history = match history::read(connection) {
        // A member of the owner that does not inherit its rights can still become it.
        Err(error) if error.sqlstate() == Some("42501") && connection.is_idle() => {
            owner::assume_if_allowed(connection)?;
            history::read(connection)?
        }
        Err(error) => return Err(explained(connection, error)),
        Ok(read) => read,
    };
    let versions = |of: &[Migration]| of.iter().map(|migration| migration.version.as_str()).collect::<BTreeSet<_>>();
    let (embedded, brought) = (versions(migrations), versions(own));
    let (mut applied, mut of_service, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
    for row in history.applied {
        let version = row.version.as_str();
        let is_ours =
            || row.record.as_ref().map_or_else(|| is_marked(version), |record| record.owner == Owner::Messenger);
        if embedded.contains(version) {
            applied.push(row);
        } else if brought.contains(version) {
            of_service.push(row);
        } else if is_ours() {
            applied.push(row);
        } else {
            foreign.push(row);
        }
    }
    let by_version: BTreeMap<_, _> =
        applied.iter().chain(&of_service).map(|row| (row.version.as_str(), row.record.as_ref())).collect();
    let is_edited = |migration: &Migration| {
        let record = by_version.get(migration.version.as_str()).copied().flatten();
        record.is_some_and(|record| record.checksum != migration.checksum())
    };
    let all = || migrations.iter().chain(own).copied();
    Ok(Status {
        target: Target::of(connection),
        pending: all().filter(|migration| !by_version.contains_key(migration.version.as_str())).collect(),
        ahead: applied.iter().filter(|row| !embedded.contains(row.version.as_str())).cloned().collect(),
        edited: all().filter(is_edited).collect(),
        ledger: history.ledger,
        is_ledger_outdated: history.is_ledger_outdated,
        has_stale_records: history.has_stale_records,
        may_record: history.may_record,
        has_citus: history.has_citus,
        own: of_service,
        foreign,
        applied,
    })
}

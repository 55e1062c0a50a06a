//! Decides what is known of a database: what is applied, what is pending, and what is applied but not embedded here.

use super::ledger::{self, Ledger, Record};
use super::libpq::Connection;
use super::{Error, Migration, Pool, Target, history};

/// Where a database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Which database, on which server.
    pub target: Target,
    /// Every applied version, oldest first.
    pub applied: Vec<Applied>,
    /// What is embedded here and not applied, oldest first.
    pub pending: Vec<Migration>,
    /// What is applied and not embedded here: the database is ahead of this binary, or another's.
    pub ahead: Vec<Applied>,
    /// What is applied and embedded here, but with another text than it was applied with, oldest first.
    pub edited: Vec<Migration>,
    /// Whether there is a ledger; without one, nothing is known of what was edited.
    pub ledger: Ledger,
    pub(super) has_stale_records: bool,
    pub(super) may_record: bool,
}

/// A row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Which version.
    pub version: String,
    /// When, in UTC, as RFC 3339, such as `2026-11-22T10:00:00Z`.
    pub run_on: String,
    /// What the ledger knows of it. `None`: nothing, as of what another tool applied and no `run` has seen since.
    pub record: Option<Record>,
}

impl Status {
    /// The newest version that is applied, if any is.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.applied.last().map(|applied| applied.version.as_str())
    }

    /// Whether the ledger lacks something that this session could add.
    pub(super) fn can_be_completed(&self, migrations: &[Migration]) -> bool {
        let lacks = self.has_stale_records || ledger::unrecorded(self, migrations).next().is_some();
        lacks && self.may_record && self.ledger != Ledger::Unreadable
    }
}

/// Reads where a database stands. Changes nothing: it works on a replica too.
///
/// # Errors
///
/// [`Error::Server`] when the history cannot be read. A ledger that this role may not read is passed over.
pub fn status(pool: &Pool) -> Result<Status, Error> {
    read(&mut *pool.get()?, pool.migrations())
}

pub(super) fn read(connection: &mut Connection, migrations: &[Migration]) -> Result<Status, Error> {
    let history = history::read(connection)?;
    let applied = history.applied;
    let is_applied = |migration: &Migration| applied.iter().any(|row| row.version == migration.version.as_str());
    let is_embedded = |row: &Applied| migrations.iter().any(|migration| row.version == migration.version.as_str());
    let is_edited = |migration: &Migration| {
        let row = applied.iter().find(|row| row.version == migration.version.as_str());
        let record = row.and_then(|row| row.record.as_ref());
        record.is_some_and(|record| record.checksum != migration.checksum())
    };
    Ok(Status {
        target: Target::of(connection),
        pending: migrations.iter().copied().filter(|migration| !is_applied(migration)).collect(),
        ahead: applied.iter().filter(|row| !is_embedded(row)).cloned().collect(),
        edited: migrations.iter().copied().filter(is_edited).collect(),
        ledger: history.ledger,
        has_stale_records: history.has_stale_records,
        may_record: history.may_record,
        applied,
    })
}

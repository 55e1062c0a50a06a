//! Decides what is known of a database: what is applied, what is pending, and what is applied but not embedded here.

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
}

/// A row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Which version.
    pub version: String,
    /// When, in UTC, as RFC 3339, such as `2026-11-22T10:00:00Z`.
    pub run_on: String,
}

impl Status {
    /// The newest version that is applied, if any is.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.applied.last().map(|applied| applied.version.as_str())
    }
}

/// Reads where a database stands. Changes nothing: it works on a replica too.
///
/// # Errors
///
/// [`Error::Server`] when the history cannot be read.
pub fn status(pool: &Pool) -> Result<Status, Error> {
    read(&mut *pool.get()?, pool.migrations())
}

pub(super) fn read(connection: &mut Connection, migrations: &[Migration]) -> Result<Status, Error> {
    let applied = history::applied(connection)?;
    let is_applied = |migration: &Migration| applied.iter().any(|row| row.version == migration.version.as_str());
    let is_embedded = |row: &Applied| migrations.iter().any(|migration| row.version == migration.version.as_str());
    Ok(Status {
        target: Target::of(connection),
        pending: migrations.iter().copied().filter(|migration| !is_applied(migration)).collect(),
        ahead: applied.iter().filter(|row| !is_embedded(row)).cloned().collect(),
        applied,
    })
}

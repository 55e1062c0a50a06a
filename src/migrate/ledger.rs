//! Reads and writes what is remembered of each applied migration: the rows of `messenger_db_ledger`, the runner's own
//! table beside Diesel's.
//!
//! Diesel's table says what is applied, and other tools write to it. A row here counts only while there is one of its
//! version and time there; so what `diesel migration revert` or `redo` did is noticed.

use std::time::Duration;

use super::libpq::{Connection, ServerError};
use super::{Migration, Owner, Status, Version};

/// What the ledger knows of an applied migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The name of its folder.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// The [checksum](Migration::checksum) of its text when it was applied.
    pub checksum: String,
    /// How it got into the ledger.
    pub origin: Origin,
    /// How long it took, where that was measured.
    pub duration: Option<Duration>,
    /// The role that applied it, where that is known.
    pub applied_by: Option<String>,
    /// The version of this crate that wrote the record.
    pub binary_version: String,
}

/// How a record got into the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The runner applied the migration.
    Run,
    /// A person did, with what [`plan`](super::plan) printed.
    Plan,
    /// [`adopt`](super::adopt) found its catalog.
    Adopt,
    /// Another tool applied it, such as the Diesel CLI; that it had the same text is only taken to be so.
    Found,
}

impl Origin {
    /// The word for it in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Plan => "plan",
            Self::Adopt => "adopt",
            Self::Found => "found",
        }
    }

    fn from_word(word: &str) -> Self {
        [Self::Run, Self::Plan, Self::Adopt].into_iter().find(|origin| origin.as_str() == word).unwrap_or(Self::Found)
    }
}

/// Whether there is a ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ledger {
    /// Not yet.
    #[default]
    Missing,
    /// It was read.
    Read,
}

/// The columns of a record, read beside a row of the history. A ledger that an earlier release made has no owners: then
/// everything in it is this crate's.
pub(super) fn columns(has_owner: bool) -> String {
    format!(
        "ledger.name, ledger.checksum, ledger.origin, round(extract(epoch FROM ledger.duration) * 1000000)::bigint,
         ledger.applied_by, ledger.binary_version, {}",
        if has_owner { "ledger.owner" } else { "NULL" }
    )
}

impl Record {
    /// A record from the values of [`columns`], if there is one.
    pub(super) fn from_values(values: &mut impl Iterator<Item = Option<String>>) -> Option<Self> {
        let mut value = || values.next().flatten();
        let (name, checksum, origin, duration) = (value(), value(), value(), value());
        let (applied_by, binary_version, owner) = (value(), value(), value());
        Some(Self {
            name: name?,
            owner: if owner.as_deref() == Some(Owner::Service.as_str()) { Owner::Service } else { Owner::Messenger },
            checksum: checksum?,
            origin: Origin::from_word(&origin?),
            duration: duration.and_then(|micros| micros.parse().ok()).map(Duration::from_micros),
            applied_by,
            binary_version: binary_version?,
        })
    }
}

/// The statements that make the ledger.
pub(super) const CREATE: &str = include_str!("ledger.sql");

/// The statement that drops what the history does not bear out.
const DROP_STALE: &str = "DELETE FROM messenger_db_ledger AS ledger WHERE NOT EXISTS (
     SELECT FROM __diesel_schema_migrations AS history
     WHERE ledger.version = history.version AND ledger.applied_at = history.run_on AT TIME ZONE 'UTC'
 )";

/// The statement that records a migration whose row is in the history already, in the same transaction. `duration`
/// is an SQL expression, or `NULL`.
pub(super) fn record(migration: &Migration, origin: Origin, duration: &str) -> String {
    // What somebody else did, nobody saw.
    let applied_by = if origin == Origin::Found { "NULL" } else { "session_user" };
    // A ledger without owners is one of this crate's migrations alone, and older binaries write it so.
    let (column, owner, set) = match migration.owner {
        Owner::Messenger => ("", String::new(), ""),
        Owner::Service => (", owner", format!(", '{}'", Owner::Service.as_str()), ", owner = excluded.owner"),
    };
    format!(
        "INSERT INTO messenger_db_ledger (
             version, name, checksum, up_sql, down_sql, run_in_transaction, origin, duration, applied_at, applied_by,
             binary_version{column}
         )
         SELECT version, {}, '{}', {}, {}, {}, '{}', {duration}, run_on AT TIME ZONE 'UTC', {applied_by}, '{}'{owner}
         FROM __diesel_schema_migrations
         WHERE version = {}
         ON CONFLICT (version) DO UPDATE SET
             name = excluded.name, checksum = excluded.checksum, up_sql = excluded.up_sql, down_sql = excluded.down_sql,
             run_in_transaction = excluded.run_in_transaction, origin = excluded.origin, duration = excluded.duration,
             applied_at = excluded.applied_at, applied_by = excluded.applied_by, binary_version = excluded.binary_version{set}",
        literal(migration.name),
        migration.checksum(),
        literal(migration.up),
        literal(migration.down),
        migration.run_in_transaction,
        origin.as_str(),
        env!("CARGO_PKG_VERSION"),
        literal(migration.version.as_str()),
    )
}

/// The statement that takes a record back.
pub(super) fn forget(version: Version<'_>) -> String {
    format!("DELETE FROM messenger_db_ledger WHERE version = {}", literal(version.as_str()))
}

/// Makes the ledger where there is none, or gives it the owners that those of `migrations` need, drops what the history
/// does not bear out, and adds a record for each version of `migrations` that another tool applied: one round trip, and
/// one transaction. The history must be there.
pub(super) fn complete<'a>(
    connection: &mut Connection,
    status: &Status,
    migrations: impl IntoIterator<Item = &'a Migration, IntoIter: Clone>,
) -> Result<(), ServerError> {
    let migrations = migrations.into_iter();
    let mut statements = Vec::new();
    if status.is_ledger_unfit(migrations.clone()) {
        statements.push(CREATE.to_owned());
    }
    if status.has_stale_records {
        statements.push(DROP_STALE.to_owned());
    }
    statements.extend(unrecorded(status, migrations).map(|migration| record(migration, Origin::Found, "NULL")));
    if !statements.is_empty() {
        connection.execute(&statements.join(";\n"))?;
        // "already exists, skipping" is no news.
        connection.take_notices();
    }
    Ok(())
}

/// Those that are applied and have no record.
pub(super) fn unrecorded<'a>(
    status: &Status,
    migrations: impl IntoIterator<Item = &'a Migration>,
) -> impl Iterator<Item = &'a Migration> {
    migrations.into_iter().filter(|migration| status.row(migration).is_some_and(|row| row.record.is_none()))
}

/// The applied migrations that are not embedded here, as the ledger has kept them.
///
/// A [`Migration`] lives as long as the program, so these do too; a program reads them when it undoes something.
pub(super) fn kept(connection: &mut Connection, status: &Status) -> Result<Vec<Migration>, ServerError> {
    let versions: Vec<_> =
        status.ahead.iter().filter(|row| row.record.is_some()).map(|row| literal(&row.version)).collect();
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let rows = connection.execute(&format!(
        "SELECT name, version, up_sql, down_sql, run_in_transaction FROM messenger_db_ledger WHERE version IN ({})",
        versions.join(", ")
    ))?;
    let migration = |row: Vec<Option<String>>| {
        let mut values = row.into_iter().map(|value| value.map(|text| &*text.leak()));
        let mut value = || values.next().flatten();
        Some(Migration {
            name: value()?,
            owner: Owner::Messenger,
            folder: "migrations",
            version: Version::new(value()?),
            up: value()?,
            down: value()?,
            run_in_transaction: value()? == "t",
            catalog: None,
        })
    };
    Ok(rows.into_iter().filter_map(migration).collect())
}

/// The text as an SQL literal, whatever `standard_conforming_strings` says.
pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!(" E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

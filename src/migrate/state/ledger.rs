//! Reads and writes what is remembered of each applied migration: the rows of `messenger_db_ledger`, the runner's own
//! table beside Diesel's.
//!
//! Diesel's table says what is applied, and other tools write to it. A row here counts only while there is one of its
//! version and time there; so what `diesel migration revert` or `redo` did is noticed.

use crate::migrate::model::migration::{Migration, Owner, Version};
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::sql::quote::literal;
use crate::migrate::state::record::Origin;
use crate::migrate::state::status::Status;

/// The statements that make the ledger.
pub(crate) const CREATE: &str = include_str!("ledger.sql");

/// The statement that drops what the history does not bear out.
const DROP_STALE: &str = "DELETE FROM messenger_db_ledger AS ledger WHERE NOT EXISTS (
     SELECT FROM __diesel_schema_migrations AS history
     WHERE ledger.version = history.version AND ledger.applied_at = history.run_on AT TIME ZONE 'UTC'
 )";

/// The statement that records a migration whose row is in the history already, in the same transaction. `duration`
/// is an SQL expression, or `NULL`.
pub(crate) fn record(migration: &Migration, origin: Origin, duration: &str) -> String {
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
pub(crate) fn forget(version: Version<'_>) -> String {
    format!("DELETE FROM messenger_db_ledger WHERE version = {}", literal(version.as_str()))
}

/// Makes the ledger where there is none, or gives it the owners that those of `migrations` need, drops what the history
/// does not bear out, and adds a record for each version of `migrations` that another tool applied: one round trip, and
/// one transaction. The history must be there.
pub(crate) fn complete<'a>(
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
    statements.extend(status.unrecorded(migrations).map(|migration| record(migration, Origin::Found, "NULL")));
    if !statements.is_empty() {
        connection.execute(&statements.join(";\n"))?;
        // "already exists, skipping" is no news.
        connection.take_notices();
    }
    Ok(())
}

/// The applied migrations that are not embedded here, as the ledger has kept them.
///
/// A [`Migration`] lives as long as the program, so these do too; a program reads them when it undoes something.
pub(crate) fn kept(connection: &mut Connection, status: &Status) -> Result<Vec<Migration>, ServerError> {
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

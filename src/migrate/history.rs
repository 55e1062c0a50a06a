//! Decides what counts as applied: the rows of `__diesel_schema_migrations`, Diesel's own table.

use diesel::migration::CREATE_MIGRATIONS_TABLE;

use super::libpq::{Connection, ServerError};
use super::{Applied, Error, Version};

/// Everything applied, oldest first. A database without the table has nothing applied, and is left without it.
///
/// The table is that of the schema in which things are created now: one further down the `search_path` is another's,
/// and going on from there would split a messenger over two schemas.
pub(super) fn applied(connection: &mut Connection) -> Result<Vec<Applied>, Error> {
    let rows = connection.execute(
        "SELECT current_schema(), (SELECT relnamespace::regnamespace FROM pg_class
             WHERE oid = to_regclass('__diesel_schema_migrations'))",
    )?;
    match rows.into_iter().next().as_deref() {
        Some([Some(current), Some(found)]) if quoted(current) == *found || current == found => {}
        Some([current, Some(found)]) => {
            let current = current.clone().unwrap_or_default();
            return Err(Error::OtherSchema { found: found.clone(), current });
        }
        _ => return Ok(Vec::new()),
    }
    let rows = connection.execute(
        "SELECT version, to_char(run_on, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM __diesel_schema_migrations ORDER BY version",
    )?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let mut values = row.into_iter();
            Some(Applied { version: values.next()??, run_on: values.next()?? })
        })
        .collect())
}

/// The name as PostgreSQL prints one that needs quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Makes the table when it is missing, with Diesel's own statement.
pub(super) fn create(connection: &mut Connection) -> Result<(), ServerError> {
    connection.execute(CREATE_MIGRATIONS_TABLE)?;
    // "already exists, skipping" is no news.
    connection.take_notices();
    Ok(())
}

/// The statement that records a version as applied. Versions are digits, checked when they were compiled in.
pub(super) fn record(version: Version<'_>) -> String {
    format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')")
}

/// The statement that takes that back.
pub(super) fn forget(version: Version<'_>) -> String {
    format!("DELETE FROM __diesel_schema_migrations WHERE version = '{version}'")
}

//! Decides what the catalog of a database is: text, one line for each fact, that two databases can be compared by.

use super::libpq::{Connection, ServerError};

/// Reads the catalog of the current schema: tables, columns, types, defaults, nullability, constraints, indexes and
/// their validity, enum labels, domains, functions, views, triggers, text search, extensions and comments.
///
/// The text is the same on every supported version of PostgreSQL, whatever order things were made in; the order of
/// a table's columns counts.
///
/// # Errors
///
/// What the server said, when it cannot be read.
pub fn read(connection: &mut Connection) -> Result<String, ServerError> {
    let rows = connection.execute(include_str!("catalog.sql"))?;
    Ok(rows.into_iter().flatten().flatten().map(|line| line + "\n").collect())
}

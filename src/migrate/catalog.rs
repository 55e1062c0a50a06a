//! Decides what the catalog of a database is: text, one line for each fact, that two databases can be compared by.

use super::libpq::{Connection, ServerError};
use super::{Error, Pool};

/// How much of a database to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// The schema in which things are created: the first of the `search_path`.
    #[default]
    CurrentSchema,
    /// Every schema but the server's own. What is in another than the current one goes by its schema's name, too.
    EverySchema,
}

/// One line of a catalog as a database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    /// What it is about, such as `table users`.
    pub object: String,
    /// The role that owns that, by its OID; nobody owns an extension.
    pub owner: Option<String>,
    /// The role whose tables these should be, by its OID: the history's owner, or else the one that reads.
    pub runner: Option<String>,
    /// The line, which begins with the object.
    pub line: String,
}

/// Reads the catalog of the current schema: tables, columns, types, defaults, nullability, constraints, indexes and
/// their validity, enum labels, domains, functions, views, triggers, rules, policies, sequences, statistics, text
/// search configurations, extensions and comments. Privileges and owners are not among it.
///
/// The text is the same on every supported version of PostgreSQL, whatever order things were made in; the order of
/// a table's columns counts. One round trip, with the locks of a SELECT.
///
/// # Errors
///
/// What the server said, when it cannot be read.
pub fn read(connection: &mut Connection) -> Result<String, ServerError> {
    Ok(facts(connection, Scope::CurrentSchema)?.into_iter().map(|fact| fact.line + "\n").collect())
}

/// Reads the catalog through a pool; see [`read`].
///
/// # Errors
///
/// [`Error::Pool`] without a connection; [`Error::Server`] when it cannot be read.
pub fn catalog(pool: &Pool) -> Result<String, Error> {
    Ok(read(&mut *pool.get()?)?)
}

/// The catalog, line by line.
pub(super) fn facts(connection: &mut Connection, scope: Scope) -> Result<Vec<Fact>, ServerError> {
    let every_schema = if scope == Scope::EverySchema { "true" } else { "false" };
    // Compiling this query takes ten times as long as carrying it out.
    let query = format!("SET LOCAL jit = off; {}", include_str!("catalog.sql").replace(":every_schema", every_schema));
    let fact = |row: Vec<Option<String>>| {
        let mut values = row.into_iter();
        Some(Fact { object: values.next()??, owner: values.next()?, runner: values.next()?, line: values.next()?? })
    };
    Ok(connection.execute(&query)?.into_iter().filter_map(fact).collect())
}

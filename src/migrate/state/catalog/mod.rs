//! The catalog of a database: text, one line for each fact, that two databases can be compared by.

mod objects;

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::migrate::error::Error;
use crate::migrate::session::pool::Pool;
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::state::history;

use objects::Objects;

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
pub(crate) struct Fact {
    /// What it is about, such as `table users`.
    pub object: String,
    /// The line, which begins with the object.
    pub line: String,
}

/// Reads the catalog of the current schema: tables, columns, types, defaults, nullability, constraints, indexes and
/// their validity, enum labels, domains, functions, views, triggers, rules, policies, sequences, statistics, text
/// search configurations, extensions, event triggers, comments, and what can be tuned. Privileges and owners are not
/// among it.
///
/// The text is the same on every supported version of PostgreSQL, whatever order things were made in, whatever a role
/// or the database has set, and wherever extensions are installed; the order of a table's columns counts. Two round
/// trips, with the locks of a SELECT.
///
/// # Errors
///
/// What the server said, when it cannot be read.
pub fn read(connection: &mut Connection) -> Result<String, ServerError> {
    Ok(facts(connection, Scope::CurrentSchema, || None)?.into_iter().map(|fact| fact.line + "\n").collect())
}

/// Reads the catalog through a pool; see [`read`].
///
/// # Errors
///
/// [`Error::Pool`] without a connection; [`Error::NoSchema`] without a schema to read it of; [`Error::Server`] when it
/// cannot be read.
pub fn catalog(pool: &Pool) -> Result<String, Error> {
    let connection = &mut *pool.get()?;
    history::read(connection)?;
    Ok(read(connection)?)
}

/// Asks a query that gives one text under the settings of the catalog.
#[cfg(feature = "studio")]
pub(crate) fn described(pool: &Pool, query: &str) -> Result<String, Error> {
    let connection = &mut *pool.get()?;
    history::read(connection)?;
    ask(connection, query)
}

/// The same for a role that may not read the history: what the catalog says, everybody may read.
#[cfg(feature = "studio")]
pub(crate) fn described_to_anybody(pool: &Pool, query: &str) -> Result<String, Error> {
    ask(&mut *pool.get()?, query)
}

#[cfg(feature = "studio")]
fn ask(connection: &mut Connection, query: &str) -> Result<String, Error> {
    let rows = connection.execute(&format!("{SETTINGS}; {query}"))?;
    Ok(rows.into_iter().flatten().flatten().next().unwrap_or_default())
}

/// The settings that the text depends on, for this query alone.
const SETTINGS: &str = include_str!("settings.sql");

/// The catalog, line by line. Where names of objects are given, only their facts are read in full; of every other there is
/// one line, which says that it is there. The names are asked for while the server is at work.
pub(crate) fn facts<'a>(
    connection: &mut Connection,
    scope: Scope,
    known: impl Fn() -> Option<&'a BTreeSet<&'a str>>,
) -> Result<Vec<Fact>, ServerError> {
    if !connection.is_idle() {
        // The settings go with the savepoint, not with the transaction, in which migrations are carried out, too.
        let end = "ROLLBACK TO SAVEPOINT catalog; RELEASE SAVEPOINT catalog";
        return facts_between(connection, ["SAVEPOINT catalog", end], scope, known);
    }
    // Each statement sees what is there by then. Still, what goes away while its definition is read is an error, or a deadlock.
    let begin = "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY";
    let mut attempts = 5;
    loop {
        let facts = facts_between(connection, [begin, "COMMIT"], scope, &known);
        let Err(error) = &facts else { return facts };
        attempts -= 1;
        if connection.execute("ROLLBACK").is_err() || !PASSING.contains(&error.sqlstate.as_str()) || attempts == 0 {
            return facts;
        }
    }
}

/// The SQLSTATEs of what a definition refers to and is gone, and of a deadlock.
const PASSING: [&str; 2] = ["XX000", "40P01"];

fn facts_between<'a>(
    connection: &mut Connection,
    [begin, end]: [&str; 2],
    scope: Scope,
    known: impl Fn() -> Option<&'a BTreeSet<&'a str>>,
) -> Result<Vec<Fact>, ServerError> {
    let every_schema = if scope == Scope::EverySchema { "true" } else { "false" };
    let objects = include_str!("objects.sql").replace(":every_schema", every_schema);
    connection.send(&format!("{begin}; {SETTINGS}; {objects}"))?;
    let known = known();
    let mut rows = connection.received()?;
    let objects = Objects::of(rows.pop().unwrap_or_default(), known);
    connection.send(&format!("{}{}; {end}", objects.queries(), include_str!("comments.sql")))?;
    let mut facts = connection.received()?;
    let comments = facts.pop().unwrap_or_default();
    let mut rows = objects.with(&facts, &comments);
    rows.sort_unstable();
    Ok(rows.into_iter().flat_map(|(object, rank, text)| lines(&printable(object), rank, &text)).collect())
}

/// The rank of a function's body among its facts.
const BODY: i64 = 10;

/// The lines of a fact. A body has one for each of its own, so that a difference is no longer than what differs.
fn lines(object: &str, rank: i64, text: &str) -> Vec<Fact> {
    if rank == BODY {
        // No line at all, not one without text, as string_to_table() gives.
        text.split('\n').filter(|_| !text.is_empty()).map(|text| fact(object, "| ", text)).collect()
    } else {
        vec![fact(object, "", &text.replace('\n', r"\n"))]
    }
}

/// One line of the catalog.
fn fact(object: &str, mark: &str, text: &str) -> Fact {
    let text = printable(text);
    let mut line = [object, ": ", mark, &*text].concat();
    line.truncate(line.trim_end_matches(' ').len());
    Fact { object: object.to_owned(), line }
}

/// The text in one line, and without what a terminal would carry out: names may have any character.
fn printable(text: &str) -> Cow<'_, str> {
    let is_kept = |c: char| !c.is_control() || c == '\t';
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || text.chars().all(is_kept) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len()), |mut printable, c| {
        if is_kept(c) {
            printable.push(c);
        } else {
            printable.extend(c.escape_default());
        }
        printable
    }))
}

//! The command `catalog`: prints the catalog of the database.

use serde::Serialize;

use crate::cli::args::Connection;
use crate::cli::output::Output;
use crate::cli::{Exit, Problem, database};
use crate::migrate;

/// `catalog`: a line for each fact, in an order that two databases can be compared by.
pub fn catalog(connection: &Connection, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let text = migrate::catalog(&database.pool).map_err(|error| database.diagnose_look(error))?;
    let lines: Vec<_> = text.lines().collect();
    for line in &lines {
        output.line(line);
    }
    output.json(&Catalog { database: &database.target.database, catalog: lines });
    Ok(Exit::Done)
}

/// `catalog`.
#[derive(Debug, Serialize)]
struct Catalog<'a> {
    /// The database's name.
    database: &'a str,
    /// One fact a line.
    catalog: Vec<&'a str>,
}

//! Decides what `status` prints: where the database stands, in one screen.

use serde_json::json;

use crate::cli::args::{Connection, StatusArgs};
use crate::cli::output::Output;
use crate::cli::{Exit, Problem, database};
use crate::migrate::{self, Status};

/// `status`: server, database, version, what is pending, what is ahead.
pub fn status(connection: &Connection, options: &StatusArgs, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let status = migrate::status(&database.pool).map_err(|error| database.diagnose(error))?;
    print(&status, output);
    if !options.exit_code {
        return Ok(Exit::Done);
    }
    Ok(match (status.ahead.is_empty(), status.pending.is_empty()) {
        (false, _) => Exit::Ahead,
        (true, false) => Exit::Pending,
        (true, true) => Exit::Done,
    })
}

fn print(status: &Status, output: &Output) {
    let target = &status.target;
    let newest = status.applied.last();
    let version = newest
        .map_or_else(|| "none applied".to_owned(), |newest| format!("{}, applied {}", newest.version, newest.run_on));
    let pending: Vec<_> = status.pending.iter().map(|migration| migration.name).collect();
    let ahead: Vec<_> = status.ahead.iter().map(|row| row.version.as_str()).collect();

    output.line(&format!("server    PostgreSQL {} at {}", target.server_version, target.address()));
    output.line(&format!("database  {} as {}", target.database, target.user));
    output.line(&format!("version   {version}"));
    output.line(&format!("pending   {}", counted(&pending)));
    if !ahead.is_empty() {
        output.line(&format!("ahead     {}", counted(&ahead)));
    }
    output.json(&json!({
        "server": { "version": target.server_version, "host": target.host, "port": target.port },
        "database": target.database,
        "user": target.user,
        "version": status.version(),
        "applied": status.applied.len(),
        "pending": pending,
        "ahead": ahead,
    }));
}

fn counted(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => format!("{}\n          {}", names.len(), names.join("\n          ")),
    }
}

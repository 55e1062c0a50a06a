//! Decides what `list` and `pending` print.

use serde_json::json;

use crate::cli::args::Connection;
use crate::cli::output::Output;
use crate::cli::{Exit, Problem, database};
use crate::migrate::{self, Applied, Migration};

/// `list`: every migration, known here or not, as Diesel marks them, and when it was applied.
pub fn list(connection: &Connection, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let status = migrate::status(&database.pool).map_err(|error| database.diagnose(error))?;
    let migrations = migrate::migrations()?;
    let applied = |migration: &Migration| status.applied.iter().find(|row| row.version == migration.version.as_str());

    output.line("Migrations:");
    for migration in &migrations {
        output.line(&match applied(migration) {
            Some(row) => format!("  [X] {:<48} {}", migration.name, row.run_on),
            None => format!("  [ ] {}", migration.name),
        });
    }
    for row in &status.ahead {
        output.line(&format!("  [?] {:<48} {}  not known to this binary", row.version, row.run_on));
    }

    let entry = |name: Option<&str>, version: &str, row: Option<&Applied>| json!({ "name": name, "version": version, "applied_at": row.map(|row| &row.run_on) });
    let known = migrations.iter().map(|known| entry(Some(known.name), known.version.as_str(), applied(known)));
    let ahead = status.ahead.iter().map(|row| entry(None, &row.version, Some(row)));
    output.json(&json!({ "migrations": known.chain(ahead).collect::<Vec<_>>() }));
    Ok(Exit::Done)
}

/// `pending`: what `run` would apply. Exits with 3 when that is something.
pub fn pending(connection: &Connection, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let status = migrate::status(&database.pool).map_err(|error| database.diagnose(error))?;
    for migration in &status.pending {
        output.line(migration.name);
    }
    let names: Vec<_> = status.pending.iter().map(|migration| migration.name).collect();
    output.json(&json!({ "pending": names }));
    Ok(if names.is_empty() { Exit::Done } else { Exit::Pending })
}

//! Decides what `list` and `pending` print.

use serde_json::{Value, json};

use crate::cli::args::Connection;
use crate::cli::output::{Output, in_words};
use crate::cli::{Exit, Problem, database};
use crate::migrate::{self, Applied, Migration, Origin};

/// `list`: every migration, known here or not, as Diesel marks them, and when it was applied.
pub fn list(connection: &Connection, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let status = migrate::status(&database.pool).map_err(|error| database.diagnose(error))?;
    let migrations = migrate::migrations()?;
    let edited = |migration| if status.edited.contains(migration) { "  edited since" } else { "" };
    let applied = |migration: &Migration| status.applied.iter().find(|row| row.version == migration.version.as_str());

    output.line("Migrations:");
    for migration in &migrations {
        output.line(&match applied(migration) {
            Some(row) => format!("  [X] {:<48} {}{}{}", migration.name, row.run_on, recorded(row), edited(migration)),
            None => format!("  [ ] {}", migration.name),
        });
    }
    for row in &status.ahead {
        let name = row.record.as_ref().map_or(&row.version, |record| &record.name);
        output.line(&format!("  [?] {name:<48} {}{}  not known to this binary", row.run_on, recorded(row)));
    }

    let known = migrations.iter().map(|known| entry(Some(known.name), known.version.as_str(), applied(known)));
    let ahead = status.ahead.iter().map(|row| entry(None, &row.version, Some(row)));
    output.json(&json!({ "migrations": known.chain(ahead).collect::<Vec<_>>() }));
    Ok(Exit::Done)
}

/// How long it took, and which version of the binary recorded it: what there is to say of a row beside its time.
fn recorded(row: &Applied) -> String {
    let Some(record) = &row.record else { return String::new() };
    let duration = record.duration.map(in_words).unwrap_or_default();
    let how = match record.origin {
        Origin::Run => "by",
        Origin::Plan => "by hand, as planned by",
        Origin::Adopt => "adopted by",
        Origin::Found => "by another tool, found by",
    };
    format!("  {duration:>8}  {how} {}", record.binary_version)
}

/// A migration for machines.
fn entry(name: Option<&str>, version: &str, row: Option<&Applied>) -> Value {
    let record = row.and_then(|row| row.record.as_ref());
    json!({
        "name": name.or(record.map(|record| record.name.as_str())),
        "version": version,
        "applied_at": row.map(|row| &row.run_on),
        "seconds": record.and_then(|record| record.duration).map(|duration| duration.as_secs_f64()),
        "origin": record.map(|record| record.origin.as_str()),
        "applied_by": record.map(|record| &record.applied_by),
        "binary_version": record.map(|record| &record.binary_version),
    })
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

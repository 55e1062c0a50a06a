//! Decides what `list` and `pending` print.

use crate::cli::args::Connection;
use crate::cli::output::{Output, in_words};
use crate::cli::report::{List, Listed, Pending};
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

    let embedded = migrations.iter().map(|migration| Listed::embedded(migration, applied(migration)));
    output.json(&List {
        database: &database.target.database,
        migrations: embedded.chain(status.ahead.iter().map(Listed::ahead)).collect(),
    });
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

/// `pending`: what `run` would apply. Exits with 3 when that is something.
pub fn pending(connection: &Connection, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let status = migrate::status(&database.pool).map_err(|error| database.diagnose(error))?;
    for migration in &status.pending {
        output.line(migration.name);
    }
    let names: Vec<_> = status.pending.iter().map(|migration| migration.name).collect();
    output.json(&Pending { database: &database.target.database, pending: names });
    Ok(if status.pending.is_empty() { Exit::Done } else { Exit::Pending })
}

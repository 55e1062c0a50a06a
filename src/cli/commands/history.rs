//! Prints what `list` and `pending` show.

use crate::cli::args::Connection;
use crate::cli::output::{Output, in_words, widest};
use crate::cli::report::{List, Listed, Pending};
use crate::cli::{Exit, Problem, database};
use crate::migrate::{self, Applied, Migration, Origin};

/// `list`: every migration, known here or not, as Diesel marks them, and when it was applied.
pub fn list(connection: &Connection, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let status = migrate::status(&database.pool).map_err(|error| database.diagnose_look(error))?;
    let migrations: Vec<_> = database.pool.migrations().iter().chain(database.pool.own()).collect();
    let edited = |migration: &Migration| if status.edited.contains(migration) { "  edited since" } else { "" };

    let named = |row: &Applied| row.record.as_ref().map_or(row.version.clone(), |record| record.name.clone());
    let others = status.ahead.iter().chain(status.foreign.iter().take(FEW)).map(named);
    let width = widest(migrations.iter().map(|migration| migration.name.to_owned()).chain(others));

    output.line("Migrations:");
    for migration in &migrations {
        output.line(&match status.row(migration) {
            Some(row) => {
                format!("  [X] {:<width$} {}{}{}", migration.name, row.run_on, recorded(row), edited(migration))
            }
            None => format!("  [ ] {}", migration.name),
        });
    }
    for row in &status.ahead {
        output.line(&format!("  [?] {:<width$} {}{}  not known to this binary", named(row), row.run_on, recorded(row)));
    }
    for row in status.foreign.iter().take(FEW) {
        output.line(&format!("  [-] {:<width$} {}  not a migration of messenger-db", named(row), row.run_on));
    }
    if let Some(more) = more(&status.foreign) {
        output.line(&format!("  [-] {more}"));
    }

    let known = migrations.iter().map(|migration| Listed::known(migration, status.row(migration)));
    output.json(&List {
        database: &database.target.database,
        migrations: known
            .chain(status.ahead.iter().map(Listed::ahead))
            .chain(status.foreign.iter().take(FEW).map(Listed::foreign))
            .collect(),
        foreign: status.foreign.len(),
    });
    Ok(Exit::Done)
}

/// So many of what is others' are shown.
pub const FEW: usize = 5;

/// How many of what is others' are not shown.
pub fn more<T>(foreign: &[T]) -> Option<String> {
    foreign.len().checked_sub(FEW).filter(|more| *more > 0).map(|more| format!("and {more} more"))
}

/// How long it took, and which version of the binary recorded it: what there is to say of a row beside its time.
fn recorded(row: &Applied) -> String {
    let Some(record) = &row.record else { return String::new() };
    let duration = record.duration.map(in_words).unwrap_or_default();
    let how = match record.origin {
        Origin::Run => "by",
        Origin::Plan => "by hand, as planned by",
        Origin::Baseline => "baseline by",
        Origin::Found => "by another tool, found by",
    };
    format!("  {duration:>8}  {how} {}", record.binary_version)
}

/// `pending`: what `run` would apply. Exits with 3 when that is something.
pub fn pending(connection: &Connection, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let status = migrate::status(&database.pool).map_err(|error| database.diagnose_look(error))?;
    for migration in &status.pending {
        output.line(migration.name);
    }
    let names: Vec<_> = status.pending.iter().map(|migration| migration.name).collect();
    output.json(&Pending { database: &database.target.database, pending: names });
    Ok(if status.pending.is_empty() { Exit::Done } else { Exit::Pending })
}

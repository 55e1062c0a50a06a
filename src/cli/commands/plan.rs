//! The command `plan`: prints a psql script, or the result of a rehearsal.

use std::time::Duration;

use clap::Args as ClapArgs;

use crate::cli::allowed::Allowed;
use crate::cli::args::{AllowDrift, Connection};
use crate::cli::output::{Output, in_words};
use crate::cli::report;
use crate::cli::{Exit, Problem, database, differences};
use crate::migrate::{self, Comparison, Rehearsal, Rehearsed, RunOptions};

/// What to plan.
#[derive(Debug, Clone, ClapArgs)]
pub struct Plan {
    /// Carry it out in one transaction, show what each statement takes, locks and rewrites, and roll it back
    #[arg(long)]
    pub rehearse: bool,

    /// Stop after this version
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,

    /// Go on although the database has migrations that this binary does not know
    #[arg(long)]
    pub allow_ahead: bool,

    #[command(flatten)]
    pub allow: AllowDrift,
}

/// `plan`: what `run` would do.
pub fn plan(connection: &Connection, plan: &Plan, output: &mut Output) -> Result<Exit, Problem> {
    let allowed = Allowed::read(&plan.allow)?;
    let options = RunOptions {
        to: plan.to.clone(),
        allow_ahead: plan.allow_ahead,
        allow_drift: allowed.everything,
        ..RunOptions::default()
    };
    let database = database::open(connection, output)?.allowing(&allowed);
    if plan.rehearse {
        let rehearsed = migrate::rehearse(&database.pool, &options, output);
        output.finish();
        let mut shown = rehearsed.map_err(|error| {
            allowed.remark_on_refusal(&error, output);
            database.diagnose(error)
        })?;
        print(&shown, output);
        output.json(&report::Rehearsal::of(&database.target.database, &shown));
        return shown.failure.take().map_or(Ok(Exit::Done), |error| Err(database.diagnose(error)));
    }
    let made = migrate::plan(&database.pool, &options).map_err(|error| {
        allowed.remark_on_refusal(&error, output);
        database.diagnose_look(error)
    })?;
    output.line(made.sql.trim_end());
    output.json(&report::Plan {
        database: &database.target.database,
        version: made.status.version(),
        migrations: made.migrations.iter().map(|migration| migration.name).collect(),
        sql: &made.sql,
    });
    Ok(Exit::Done)
}

fn print(shown: &Rehearsal, output: &Output) {
    for statements in shown.statements.chunk_by(|one, next| one.migration == next.migration) {
        output.line(statements.first().map_or("", |first| first.migration.name));
        let (noticed, others): (Vec<_>, Vec<_>) = statements.iter().partition(|statement| is_noticed(statement));
        for statement in if output.is_verbose() { statements.iter().collect() } else { noticed } {
            describe(statement, output);
        }
        if !others.is_empty() && !output.is_verbose() {
            output.line(&format!("  {} more that nobody notices; --verbose shows them", others.len()));
        }
        let whose = statements.first().map(|first| first.migration);
        for wait in shown.waits.iter().filter(|wait| Some(wait.migration) == whose) {
            let readers = match wait.readers.as_nanos() {
                0 => "reads go on".to_owned(),
                _ => format!("nobody reads for {}", in_words(wait.readers)),
            };
            output.line(&format!("  {}: nobody writes for {}, {readers}", wait.table, in_words(wait.writers)));
        }
    }
    for migration in &shown.left_out {
        output.line(&format!(
            "{}\n  left out: it runs outside of a transaction, and cannot be taken back; or it needs what does",
            migration.name
        ));
    }
    match &shown.catalog {
        Comparison::Equal | Comparison::Tolerated(_) => output.line("The catalog at the end was what it should be."),
        Comparison::Drift(drift) => {
            output.diff(&differences::diff(drift));
            output.line(&format!("The catalog at the end was not what it should be: {}.", drift.count()));
        }
        Comparison::None | Comparison::Unknown(_) => {}
    }
    for sequence in &shown.moved_sequences {
        output.line(&format!("Meanwhile {sequence} gave out numbers, which are not taken back."));
    }
    let took = in_words(shown.statements.iter().map(|statement| statement.duration).sum::<Duration>());
    output.line(&match shown.statements.len() {
        0 => "Nothing was rehearsed, and nothing was changed.".to_owned(),
        count => format!("Rehearsed {count} statements in {took}, and rolled them back: nothing was changed."),
    });
}

/// Whether anybody else notices that it is carried out.
fn is_noticed(statement: &Rehearsed) -> bool {
    let took_long = statement.duration >= Duration::from_millis(100);
    took_long || !(statement.locks.is_empty() && statement.rewritten.is_empty() && statement.rows.is_empty())
}

fn describe(statement: &Rehearsed, output: &Output) {
    let first = statement.sql.lines().next().unwrap_or_default();
    let first: String = first.chars().take(80).collect();
    output.line(&format!("  line {:<4} {:>8}  {first}", statement.line, in_words(statement.duration)));
    let indent = " ".repeat(21);
    for (mode, relation) in &statement.locks {
        output.line(&format!("{indent}locks    {relation}: {mode}"));
    }
    for relation in &statement.rewritten {
        output.line(&format!("{indent}rewrites {relation}"));
    }
    for (count, done, table) in &statement.rows {
        output.line(&format!("{indent}rows     {count} {done} in {table}"));
    }
}

//! The commands `run`, `revert` and `redo`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;

use crate::cli::allowed::Allowed;
use crate::cli::args::{AllowDrift, Connection};
use crate::cli::database;
use crate::cli::output::{Output, in_words};
use crate::cli::report::Migrated;
use crate::cli::{Exit, Problem};
use crate::migrate::{self, Comparison, Direction, Error, Kind, Pool, Report, Revert, RunOptions};

/// How far to run.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct Run {
    /// Stop after this version
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,

    /// Go on although the database has migrations that this binary does not know
    #[arg(long)]
    pub allow_ahead: bool,

    /// Take a backup into this file first, when something is pending; nothing is changed without it
    #[arg(long, value_name = "FILE")]
    pub backup: Option<PathBuf>,

    #[command(flatten)]
    pub allow: AllowDrift,
}

/// How much to undo.
#[derive(Debug, Clone, ClapArgs)]
pub struct Extent {
    #[command(flatten)]
    pub allow: AllowDrift,

    /// How many, newest first [default: 1]
    #[arg(short = 'n', long, value_name = "N", value_parser = count, conflicts_with_all = ["all", "to"])]
    pub number: Option<usize>,

    /// All of them
    #[arg(short, long, conflicts_with = "to")]
    pub all: bool,

    /// Everything newer than this version, which stays applied
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
}

/// How much to redo.
#[derive(Debug, Clone, ClapArgs)]
pub struct RedoExtent {
    #[command(flatten)]
    pub allow: AllowDrift,

    /// How many, newest first [default: 1]
    #[arg(short = 'n', long, value_name = "N", value_parser = count, conflicts_with = "all")]
    pub number: Option<usize>,

    /// All of them
    #[arg(short, long)]
    pub all: bool,
}

/// `run`: applies what is pending.
pub fn run(connection: &Connection, run: &Run, output: &mut Output) -> Result<Exit, Problem> {
    let allowed = Allowed::read(&run.allow)?;
    let allow_drift = allowed.everything;
    carry_out(connection, output, "run", &allowed, |pool, output| {
        let backup = run.backup.as_ref().map(|file| super::backup::options(file, output.target()));
        let to = run.to.clone();
        let options = RunOptions { to, allow_ahead: run.allow_ahead, allow_drift, backup };
        migrate::run(pool, &options, output)
    })
}

/// `revert`: undoes the newest.
pub fn revert(connection: &Connection, extent: &Extent, output: &mut Output) -> Result<Exit, Problem> {
    let allowed = Allowed::read(&extent.allow)?;
    let extent = match &extent.to {
        Some(version) => Revert::DownTo(version.clone()),
        None => newest(extent.number, extent.all),
    };
    carry_out(connection, output, "revert", &allowed, |pool, output| migrate::revert(pool, &extent, output))
}

/// `redo`: undoes the newest, and applies it again.
pub fn redo(connection: &Connection, extent: &RedoExtent, output: &mut Output) -> Result<Exit, Problem> {
    let allowed = Allowed::read(&extent.allow)?;
    let extent = newest(extent.number, extent.all);
    carry_out(connection, output, "redo", &allowed, |pool, output| migrate::redo(pool, &extent, output))
}

fn newest(number: Option<usize>, all: bool) -> Revert {
    if all { Revert::All } else { Revert::Newest(number.unwrap_or(1)) }
}

fn carry_out(
    connection: &Connection,
    output: &mut Output,
    command: &str,
    allowed: &Allowed,
    work: impl FnOnce(&Pool, &mut Output) -> Result<Report, Error>,
) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?.allowing(allowed);
    let report = work(&database.pool, output).map_err(|error| {
        allowed.remark_on_refusal(&error, output);
        database.diagnose(error)
    })?;
    output.finish();
    output.line(&summary(&report));
    if !report.lost.is_empty() {
        output.note(&format!(
            "what was made anew has lost what no migration states; give it back where it is needed:\n  {}",
            report.lost.join("\n  ")
        ));
    }
    match &report.catalog {
        Comparison::Drift(drift) => output.note(&format!(
            "the database is not what it should be: {}; `messenger-db verify` shows more",
            drift.count()
        )),
        Comparison::Unknown(unknown) => output.note(&format!("the catalog was not compared: {unknown}")),
        Comparison::Tolerated(drift) => match drift.of_kind(Kind::Allowed).count() {
            0 => {}
            1 => output.note("the database is not what it should be, as is allowed: 1 difference; `messenger-db verify` shows more"),
            count => output.note(&format!(
                "the database is not what it should be, as is allowed: {count} differences; `messenger-db verify` shows more"
            )),
        },
        Comparison::Equal | Comparison::None => {}
    }
    // What was done may have put right what a pattern matched.
    if report.steps.is_empty() {
        allowed.remark(&report.catalog, output);
    }
    output.json_of(Some(command), &Migrated::of(&database.target.database, &report, output.backup()));
    Ok(Exit::Done)
}

fn summary(report: &Report) -> String {
    let stands = report.version.as_ref().map_or_else(
        || "The database has no migration applied".to_owned(),
        |version| format!("The database is at {version}"),
    );
    let count = |direction| report.steps.iter().filter(|step| step.direction == direction).count();
    let done = match (count(Direction::Down), count(Direction::Up)) {
        (0, 0) => return format!("{stands}: nothing to do."),
        (0, applied) => format!("{applied} applied"),
        (reverted, 0) => format!("{reverted} reverted"),
        (reverted, applied) => format!("{reverted} reverted, {applied} applied"),
    };
    let duration = report.steps.iter().map(|step| step.duration).sum::<Duration>();
    format!("{stands}: {done} in {}.", in_words(duration))
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a number from 1 is needed".to_owned()),
        Ok(number) => Ok(number),
    }
}

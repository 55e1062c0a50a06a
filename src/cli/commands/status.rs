//! The command `status`: prints where the database stands, in one screen.

use clap::Args as ClapArgs;

use super::history::{FEW, more};
use crate::cli::allowed::Allowed;
use crate::cli::args::{AllowDrift, Connection};
use crate::cli::output::{self, Output, in_words};
use crate::cli::report;
use crate::cli::{Exit, Problem, database, differences, picture};
use crate::migrate::{self, Comparison, Health, Kind, Scope, Status, Verification};

/// What a status should exit with.
#[derive(Debug, Clone, ClapArgs)]
pub struct StatusArgs {
    #[command(flatten)]
    pub allow: AllowDrift,

    /// Exit with 3 when migrations are pending, 4 when the database is not what it should be, 6 when it is ahead
    #[arg(long)]
    pub exit_code: bool,
}

/// How many differences are listed: the screen is not for all of them.
const SHOWN: usize = 5;

/// `status`: server, database, version, what is pending, what is ahead, and whether it is what it should be.
pub fn status(connection: &Connection, options: &StatusArgs, output: &mut Output) -> Result<Exit, Problem> {
    let allowed = Allowed::read(&options.allow)?;
    let database = database::open(connection, output)?.allowing(&allowed);
    let found = migrate::verify(&database.pool, Scope::CurrentSchema).map_err(|error| database.diagnose_look(error))?;
    let status = &found.status;
    let health = migrate::health(&database.pool).map_err(|error| database.diagnose(error))?;
    print(status, &found, &health, output);
    picture::show(&database, &found, output);
    allowed.remark(&found.catalog, output);
    if !options.exit_code {
        return Ok(Exit::Done);
    }
    // What is not seen is not fine.
    let is_locked = matches!(found.catalog, Comparison::Unknown(migrate::Unknown::Locked(_)));
    Ok(match (status.ahead.is_empty(), found.differs(), status.pending.is_empty()) {
        (false, _, _) => Exit::Ahead,
        (true, true, _) => Exit::Drift,
        (true, false, false) => Exit::Pending,
        (true, false, true) if is_locked => Exit::Locked,
        (true, false, true) => Exit::Done,
    })
}

fn print(status: &Status, found: &Verification, health: &Health, output: &Output) {
    let target = &status.target;
    let newest = status.applied.last();
    let version = newest
        .map_or_else(|| "none applied".to_owned(), |newest| format!("{}, applied {}", newest.version, newest.run_on));
    let pending: Vec<_> = status.pending.iter().map(|migration| migration.name).collect();
    let ahead: Vec<_> = status.ahead.iter().map(|row| row.version.as_str()).collect();

    output.line(&format!("server    PostgreSQL {} at {}", target.server_version, target.address()));
    output.line(&format!("database  {} as {}", target.database, target.user));
    if let Some(line) = condition(health) {
        output.line(&line);
    }
    if health.encoding != "UTF8" {
        output.line(&format!("encoding  {}: a messenger needs UTF8, and `run` refuses this one", health.encoding));
    }
    if !health.folds_letters {
        output.line(&format!("letters   {}", migrate::ASCII_ONLY));
    }
    output.line(&format!("version   {version}"));
    output.line(&format!("pending   {}", counted(&pending)));
    if !ahead.is_empty() {
        output.line(&format!("ahead     {}", counted(&ahead)));
    }
    if !status.own.is_empty() {
        output.line(&format!("own       {} applied", status.own.len()));
    }
    if !status.foreign.is_empty() {
        let few = status.foreign.iter().take(FEW).map(|row| row.version.clone()).chain(more(&status.foreign));
        let few: Vec<_> = few.collect();
        output.line(&format!(
            "history   {} foreign {}\n          {}",
            status.foreign.len(),
            if status.foreign.len() == 1 { "version" } else { "versions" },
            few.join("\n          ")
        ));
    }
    let edited: Vec<_> = status.edited.iter().map(|migration| migration.name).collect();
    if !edited.is_empty() {
        output.line(&format!("edited    {}", counted(&edited)));
    }
    if !found.layout.is_empty() {
        let few: Vec<_> = found.layout.iter().take(FEW).cloned().chain(more(&found.layout)).collect();
        output.line(&format!("layout    {}", few.join("\n          ")));
    }
    let drift = found.catalog.drift();
    let first = match &found.catalog {
        Comparison::Unknown(migrate::Unknown::Locked(Some(blocker))) => {
            format!("not known: a table is held by {}", output::described(blocker))
        }
        Comparison::Unknown(unknown) => format!("not known: {unknown}"),
        Comparison::Drift(drift) => format!("{}; `messenger-db verify` shows more", drift.counting().count()),
        Comparison::Equal | Comparison::Tolerated(_) | Comparison::None => "none".to_owned(),
    };
    output.line(&format!("drift     {first}"));
    for line in drift.map(|drift| differences::counting(drift, SHOWN)).unwrap_or_default() {
        output.line(&format!("          {line}"));
    }
    for kind in [Kind::Allowed, Kind::Tuned, Kind::Foreign] {
        let count = drift.map_or(0, |drift| drift.of_kind(kind).count());
        match (count, kind) {
            (0, _) => {}
            (1, Kind::Foreign) => output.line("objects   1 foreign object"),
            (count, Kind::Foreign) => output.line(&format!("objects   {count} foreign objects")),
            (count, kind) => output.line(&format!("{:<9} {count}", kind.as_str())),
        }
    }
    output.json(&report::Status::of(found, health));
}

/// What keeps the database from being written to, if something does.
fn condition(health: &Health) -> Option<String> {
    let Some(replay) = &health.replay else {
        return (!health.is_writable).then(|| "writable  no: transactions of this role are read-only here".to_owned());
    };
    let behind = match (replay.bytes, replay.age) {
        (Some(bytes), Some(age)) => format!("{bytes} bytes and {} behind", in_words(age)),
        (None, Some(age)) => format!("{} behind", in_words(age)),
        (_, None) => "nothing replayed since it was started".to_owned(),
    };
    let receives = if replay.is_connected { "receives" } else { "receives nothing just now" };
    Some(format!("standby   yes, read-only; {receives}; {behind}"))
}

/// How many there are, and the first of them.
fn counted(names: &[&str]) -> String {
    // All of the status fits on a screen of 24 lines.
    const SHOWN: usize = 12;
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let lines = names.iter().take(SHOWN).map(|name| format!("\n          {name}"));
    let more = (names.len() > SHOWN).then(|| format!("\n          and {} more", names.len() - SHOWN));
    format!("{}{}", names.len(), lines.chain(more).collect::<String>())
}

//! The command `verify`: prints the differences between the database and its schema as a diff.

use clap::Args as ClapArgs;

use crate::cli::allowed::Allowed;
use crate::cli::args::{AllowDrift, Connection};
use crate::cli::diagnose::unknown_catalog;
use crate::cli::output::Output;
use crate::cli::report::Verified;
use crate::cli::{Exit, Problem, database, differences, picture};
use crate::migrate::{self, Comparison, Ledger, Scope, Verification};

/// How much to compare.
#[derive(Debug, Clone, ClapArgs)]
pub struct Verify {
    #[command(flatten)]
    pub allow: AllowDrift,

    /// Every schema, whoever owns what is in it: anything too many is a difference
    #[arg(long)]
    pub strict: bool,
}

/// `verify`: the catalog against the one of the database's version, and every checksum against the ledger.
pub fn verify(connection: &Connection, options: &Verify, output: &mut Output) -> Result<Exit, Problem> {
    let allowed = Allowed::read(&options.allow)?;
    let database = database::open(connection, output)?.allowing(&allowed);
    let scope = if options.strict { Scope::EverySchema } else { Scope::CurrentSchema };
    let found = migrate::verify(&database.pool, scope).map_err(|error| database.diagnose_look(error))?;
    for edited in &found.edited {
        output.diff(&edited.diff());
    }
    if let Comparison::Drift(drift) = &found.catalog {
        output.diff(&differences::diff(drift));
    }
    picture::show(&database, &found, output);
    for line in summary(&found) {
        output.line(&line);
    }
    if found.status.ledger != Ledger::Read && !found.status.applied.is_empty() {
        output.note("there is no ledger: whether a migration was edited is not known");
    } else if let missing @ 1.. = found.status.applied.iter().filter(|row| row.record.is_none()).count() {
        output.note(&format!("the ledger knows nothing of {missing} applied: whether they were edited is not known"));
    }
    if let Some(suspects) = found.catalog.drift().and_then(differences::suspects) {
        output.note(&suspects);
    }
    allowed.remark(&found.catalog, output);
    output.json(&Verified::from(&found));
    if let Comparison::Unknown(unknown) = &found.catalog {
        return Err(unknown_catalog(unknown));
    }
    Ok(if found.is_clean() { Exit::Done } else { Exit::Drift })
}

/// What is wrong, a line each, or that nothing is.
fn summary(found: &Verification) -> Vec<String> {
    let mut lines: Vec<_> = found.edited.iter().map(|edited| format!("edited     {}", edited.migration.name)).collect();
    lines.extend(found.layout.iter().map(|wrong| format!("layout     {wrong}")));
    if let Some(encoding) = &found.other_encoding {
        lines.push(format!("encoding   {encoding}: a messenger needs UTF8, and `run` refuses this one"));
    }
    let version =
        found.status.version().map_or_else(|| "without migrations".to_owned(), |version| format!("at {version}"));
    let drift = found.catalog.drift();
    let count = lines.len() + drift.map_or(0, |drift| drift.counting().count());
    if let Some(drift) = drift {
        lines.extend(differences::counting(drift, usize::MAX));
        lines.extend(differences::tolerated(drift, usize::MAX));
    }
    if found.is_clean() {
        lines.push(format!("The database is {version}, and is what it should be."));
    } else if count > 0 {
        let differences = if count == 1 { "difference" } else { "differences" };
        lines.push(format!("The database is {version}, and is not what it should be: {count} {differences}."));
    }
    lines
}

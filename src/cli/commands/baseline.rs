//! The command `baseline`.

use serde::Serialize;

use crate::cli::allowed::Allowed;
use crate::cli::args::{AllowDrift, Connection};
use crate::cli::output::Output;
use crate::cli::{Exit, Problem, database};
use crate::migrate;

/// `baseline`: records the version that the database has.
pub fn baseline(connection: &Connection, allow: &AllowDrift, output: &mut Output) -> Result<Exit, Problem> {
    let allowed = Allowed::read(allow)?;
    let database = database::open(connection, output)?.allowing(&allowed);
    let baseline = migrate::baseline(&database.pool, output).map_err(|error| {
        allowed.remark_on_refusal(&error, output);
        database.diagnose(error)
    })?;
    for migration in &baseline.recorded {
        output.line(&format!("recorded  {}", migration.name));
    }
    output.line(&match (&baseline.version, baseline.recorded.len()) {
        (None, _) => "The database has nothing to record; `messenger-db run` makes it.".to_owned(),
        (Some(version), 0) => format!("The database is at {version}, and all of it is recorded: nothing to do."),
        (Some(version), count) => format!("The database is at {version}: {count} recorded as applied."),
    });
    output.json(&Baseline {
        database: &database.target.database,
        version: baseline.version.as_deref(),
        recorded: baseline.recorded.iter().map(|migration| migration.name).collect(),
    });
    Ok(Exit::Done)
}

/// `baseline`.
#[derive(Debug, Serialize)]
struct Baseline<'a> {
    /// The database's name.
    database: &'a str,
    /// The version that the database is at. `None`: it has nothing of any.
    version: Option<&'a str>,
    /// Names of the migrations that were recorded, oldest first.
    recorded: Vec<&'a str>,
}

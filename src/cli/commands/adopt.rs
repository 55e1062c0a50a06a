//! The command `adopt`.

use crate::cli::allowed::Allowed;
use crate::cli::args::{AllowDrift, Connection};
use crate::cli::output::Output;
use crate::cli::report::Adopted;
use crate::cli::{Exit, Problem, database};
use crate::migrate;

/// `adopt`: records the version that the database has.
pub fn adopt(connection: &Connection, allow: &AllowDrift, output: &mut Output) -> Result<Exit, Problem> {
    let allowed = Allowed::read(allow)?;
    let database = database::open(connection, output)?.allowing(&allowed);
    let adoption = migrate::adopt(&database.pool, output).map_err(|error| {
        allowed.remark_on_refusal(&error, output);
        database.diagnose(error)
    })?;
    for migration in &adoption.recorded {
        output.line(&format!("adopted   {}", migration.name));
    }
    output.line(&match (&adoption.version, adoption.recorded.len()) {
        (None, _) => "The database has nothing to adopt; `messenger-db run` makes it.".to_owned(),
        (Some(version), 0) => format!("The database is at {version}, and all of it is recorded: nothing to do."),
        (Some(version), count) => format!("The database is at {version}: {count} recorded as applied."),
    });
    output.json(&Adopted {
        database: &database.target.database,
        version: adoption.version.as_deref(),
        recorded: adoption.recorded.iter().map(|migration| migration.name).collect(),
    });
    Ok(Exit::Done)
}

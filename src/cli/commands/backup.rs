//! The command `backup`, and the default name of its file.

use std::path::{Path, PathBuf};

use chrono::Utc;
use serde::Serialize;

use crate::cli::args::Connection;
use crate::cli::output::Output;
use crate::cli::report::TakenBackup;
use crate::cli::{Exit, Problem, database};
use crate::local::client_program;
use crate::migrate::{self, BackupOptions, Target};

/// `backup`: a dump of the database.
pub fn backup(connection: &Connection, file: Option<&Path>, output: &mut Output) -> Result<Exit, Problem> {
    if file == Some(Path::new("-")) {
        return Err(Problem::new(
            Exit::Usage,
            "a backup goes into a file, which is there whole or not at all, and not to standard output",
            "Name a file; one that is called so is ./-",
        ));
    }
    let database = database::open(connection, output)?;
    let file = file.map_or_else(|| default_name(&database.target), Path::to_owned);
    let options = options(&file, Some(&database.target));
    let backup = migrate::backup(&database.pool, &options, output).map_err(|error| database.diagnose_look(error))?;
    let is_distributed = migrate::status(&database.pool).is_ok_and(|status| status.has_citus);
    output.line(&if is_distributed {
        "Citus is in it: docs/scaling.md says how it is restored, into a new database that has been migrated".to_owned()
    } else {
        format!("`pg_restore --dbname URL {}` restores it, into an empty database", backup.file.display())
    });
    output.json(&Backup { database: &database.target.database, backup: (&backup).into() });
    Ok(Exit::Done)
}

/// With a `pg_dump` that is new enough for the server, where one is installed.
pub fn options(file: &Path, target: Option<&Target>) -> BackupOptions {
    let server = target.and_then(Target::major).unwrap_or_default();
    BackupOptions { file: file.to_owned(), program: client_program("pg_dump", server) }
}

/// The database and the time, in this folder: sorted by name they are sorted by time.
fn default_name(target: &Target) -> PathBuf {
    let is_plain = |c: char| c.is_alphanumeric() || "_.".contains(c);
    let name: String = target.database.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let name = match name.trim_start_matches('.') {
        "" => "database",
        name => name,
    };
    PathBuf::from(format!("{name}-{}.dump", Utc::now().format("%Y%m%dT%H%M%SZ")))
}

/// `backup`.
#[derive(Debug, Serialize)]
struct Backup<'a> {
    /// The database's name.
    database: &'a str,
    /// The file.
    #[serde(flatten)]
    backup: TakenBackup,
}

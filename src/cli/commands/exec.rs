//! The command `exec`: a container's entry point, which migrates if told to and then becomes the program.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clap::Args as ClapArgs;

use super::migrate::{self, Run};
use crate::cli::args::{AllowDrift, Connection};
use crate::cli::env_file::RUN_MIGRATIONS as SWITCH;
use crate::cli::output::Output;
use crate::cli::{Exit, Problem, database};
use crate::migrate::of_folders;

/// The long help.
pub const HELP: &str = "\
Wait for the database, migrate it when RUN_MIGRATIONS is true, then become another program: the entry point of a \
container.

RUN_MIGRATIONS is true, yes, on or 1; anything but those and false, no, off, 0 and nothing is refused. Without it, the \
database is waited for and nothing is migrated. The program takes over the process: its id, its environment without \
what .env added, its signals. Standard output belongs to it: messages of messenger-db go to standard error.";

/// What to become.
#[derive(Debug, Clone, ClapArgs)]
pub struct Exec {
    #[command(flatten)]
    pub allow: AllowDrift,

    /// Go on although the database has migrations that this binary does not know
    #[arg(long)]
    pub allow_ahead: bool,

    /// The program, and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// How long it waits for a server when it is not told: containers start in any order.
const WAIT: Duration = Duration::from_mins(1);

/// `exec`: waits for the database, migrates it when that is wanted, and becomes the program. Returns only when it
/// cannot. `added` are the variables that `.env` added, which the program is not given.
pub fn exec(connection: &Connection, exec: &Exec, added: &[OsString], output: &mut Output) -> Result<Exit, Problem> {
    output.leave_standard_output();
    let migrates = migrates(env::var_os(SWITCH).as_deref())?;
    let [program, arguments @ ..] = exec.command.as_slice() else {
        return Err(not_found(OsStr::new("")));
    };
    // Not after the migration: who has misspelt the program has perhaps mixed up the images.
    if !exists(program) {
        return Err(not_found(program));
    }
    if database::named(connection).is_none() {
        return Err(Problem::new(
            Exit::Usage,
            "exec needs a database URL: the program would not find the private PostgreSQL",
            "Set DATABASE_URL, for the program too. For a private PostgreSQL: \
             `export DATABASE_URL=\"$(messenger-db local url)\"`.",
        ));
    }

    let connection = Connection { wait: connection.wait.or(Some(WAIT)), ..connection.clone() };
    if migrates {
        // Before anybody waits for a server.
        of_folders(&connection.also)?;
        database::wait_for_server(&connection, true, output)?;
        migrate::run(
            &connection,
            &Run { allow_ahead: exec.allow_ahead, allow: exec.allow.clone(), ..Run::default() },
            output,
        )?;
    } else {
        database::wait_for_server(&connection, false, output)?;
    }

    let mut command = Command::new(program);
    command.args(arguments);
    for variable in added {
        command.env_remove(variable);
    }
    if !output.stop_listening() {
        return Err(Problem::new(Exit::Failed, "interrupted before the program began", "Run the same command again."));
    }
    let error = command.exec();
    Err(match error.kind() {
        ErrorKind::NotFound => not_found(program),
        _ => Problem::new(
            Exit::NotExecutable,
            format!("{} cannot be executed: {error}", program.display()),
            "It must be a program for this system, with the right to be executed (`chmod +x`).",
        ),
    })
}

/// Anything unclear is refused: a deployment that means to migrate and does not, or the other way round, is found
/// out too late.
fn migrates(value: Option<&OsStr>) -> Result<bool, Problem> {
    let value = value.map(|value| value.to_string_lossy().trim().to_ascii_lowercase()).unwrap_or_default();
    match value.as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "" | "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(Problem::new(
            Exit::Usage,
            format!("{SWITCH} says neither yes nor no"),
            format!("{SWITCH}=true migrates, {SWITCH}=false or nothing at all does not."),
        )),
    }
}

/// Whether there is such a file where the system will look for it.
fn exists(program: &OsStr) -> bool {
    match env::var_os("PATH") {
        Some(path) if !program.as_bytes().contains(&b'/') => {
            env::split_paths(&path).any(|folder| folder.join(program).is_file())
        }
        _ => Path::new(program).exists() || !program.as_bytes().contains(&b'/'),
    }
}

fn not_found(program: &OsStr) -> Problem {
    Problem::new(
        Exit::NotFound,
        format!("{} is not found", program.display()),
        "Name a program that is on PATH, or its whole path. `messenger-db exec -- ls -l` runs ls with -l.",
    )
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{exists, migrates};

    #[test]
    fn yes_and_no_are_understood_in_the_usual_words_and_nothing_else_is() {
        for (value, wanted) in [
            (Some("true"), Some(true)),
            (Some("TRUE"), Some(true)),
            (Some(" 1\n"), Some(true)),
            (Some("yes"), Some(true)),
            (Some("on"), Some(true)),
            (None, Some(false)),
            (Some(""), Some(false)),
            (Some("0"), Some(false)),
            (Some("False"), Some(false)),
            (Some("no"), Some(false)),
            (Some("off"), Some(false)),
            (Some("ture"), None),
            (Some("2"), None),
            (Some("y"), None),
        ] {
            assert_eq!(migrates(value.map(OsStr::new)).ok(), wanted, "{value:?}");
        }
    }

    #[test]
    fn a_program_is_looked_for_on_the_path_or_where_its_path_says() {
        for (program, there) in [("sh", true), ("/bin/sh", true), ("no-such-program", false), ("/no/such", false)] {
            assert_eq!(exists(OsStr::new(program)), there, "{program}");
        }
    }
}

//! The command `studio`: shows the database as a web page until a signal comes.

use std::process::{Command, Stdio};

use crate::cli::args::{Connection, StudioArgs};
use crate::cli::output::Output;
use crate::cli::report;
use crate::cli::{Exit, Problem, database};
use crate::migrate::Observer as _;
use crate::studio::{OpenError, Options, Studio};

/// `studio`: prints the address with the token, and answers until SIGINT or SIGTERM.
pub fn studio(connection: &Connection, options: &StudioArgs, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let default = Options::default();
    let listening = Options {
        address: options.listen,
        port: options.port,
        // Zero is for ever, which a page is not waited for.
        statement_timeout: connection
            .statement_timeout
            .filter(|timeout| !timeout.is_zero())
            .unwrap_or(default.statement_timeout),
    };
    let studio = Studio::open(&database.pool, &listening).map_err(|error| match error {
        OpenError::Database(error) => database.diagnose_look(*error),
        error @ OpenError::Listen { .. } => Problem::new(
            Exit::Failed,
            error.to_string(),
            "Another --port, or none for one that is free; --listen takes an address of this machine.",
        ),
        error @ OpenError::Random(_) => Problem::new(Exit::Failed, error.to_string(), "Run it again."),
    })?;
    let url = studio.url();
    output.json(&report::Studio {
        database: &database.target.database,
        url: url.clone(),
        port: studio.address().port(),
    });
    output.line(&url);
    if !options.listen.is_loopback() {
        output.note("others of the network who have the address see the whole database, and it goes over the network unencrypted");
    }
    output.note("open it in a browser; Ctrl-C ends it");
    if options.open {
        open(&url, output);
    }
    studio
        .run_until(|| output.wants_to_stop())
        .map_err(|error| Problem::new(Exit::Failed, format!("the studio cannot answer: {error}"), "Run it again."))?;
    Ok(Exit::Done)
}

/// Opens an address with the program that the system has for it.
fn open(url: &str, output: &Output) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let silent = Stdio::null;
    if Command::new(program).arg(url).stdin(silent()).stdout(silent()).stderr(silent()).spawn().is_err() {
        output.note(&format!("{program} is not there: open the address yourself"));
    }
}

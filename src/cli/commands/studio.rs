//! The command `studio`: shows the database as a web page until a signal comes.

use std::net::IpAddr;
use std::process::{Command, Stdio};

use clap::Args as ClapArgs;
use serde::Serialize;

use crate::cli::args::Connection;
use crate::cli::output::Output;
use crate::cli::{Exit, Problem, database};
use crate::migrate::Observer as _;
use crate::studio::{OpenError, Options, Studio};

/// Where to show the database.
#[derive(Debug, Clone, ClapArgs)]
pub struct StudioArgs {
    /// The port to listen at [default: one that is free]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub port: u16,

    /// Open the page in the browser of this machine
    #[arg(long)]
    pub open: bool,

    /// The address to listen at; any but those of this machine lets others of the network in, who need the token
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub listen: IpAddr,
}

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
    output.json(&Listening { database: &database.target.database, url: url.clone(), port: studio.address().port() });
    output.answer(&url);
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

/// The web page that listens: `studio`.
#[derive(Debug, Serialize)]
struct Listening<'a> {
    database: &'a str,
    /// The address, with the token.
    url: String,
    port: u16,
}

//! `local …`: the private PostgreSQL.

use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::Subcommand;

use crate::cli::args::Connection;
use crate::cli::output::Output;
use crate::cli::report;
use crate::cli::{Exit, Problem};
use crate::local::{DATABASE, How, Local, Status, StopMode};
use crate::migrate::ignore_environment;

/// What to do with the private PostgreSQL.
#[derive(Debug, Clone, Subcommand)]
pub enum LocalCommand {
    /// Start it, and make it first when it is not there
    Start,
    /// Stop it; its data stays
    Stop,
    /// Show whether it runs, and where it is
    Status,
    /// Print its URL, for DATABASE_URL
    Url,
    /// Open psql on it
    Psql {
        /// What to give to psql
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Stop it and delete its data
    Destroy {
        /// Yes, delete the data
        #[arg(long)]
        yes: bool,
    },
}

/// `local start`, `stop`, `status`, `url`, `psql` and `destroy`.
pub fn local(command: &LocalCommand, connection: &Connection, output: &Output) -> Result<Exit, Problem> {
    if connection.database_url.is_some() || connection.direct_url.is_some() {
        return Err(Problem::new(
            Exit::Usage,
            "`local` is about the private PostgreSQL, and takes no --database-url or --direct-url",
            "Leave the URL out; or for another database call psql itself, with that URL.",
        ));
    }
    let local = Local::open(None)?;
    ignore_environment();
    let folder = local.state_dir().display();
    match command {
        LocalCommand::Start => {
            let started = local.start()?;
            let how = match started.how {
                How::WasRunning | How::Outdated | How::Uninstalled => "was running",
                How::Restarted => "restarted",
                How::Started => "started",
                How::Initialised => "made and started",
            };
            tell_replaced(started.how, output);
            output.line(&format!("PostgreSQL {} {how}, process {}, in {folder}", started.version, started.pid));
            output.line(&local.url(DATABASE));
            output.json(&report::Local::of(&local)?.with(replaced(started.how)));
        }
        LocalCommand::Stop => {
            let stopped = local.stop(StopMode::Fast)?;
            output.line(if stopped { "stopped" } else { "was not running" });
            output.json(&report::Stopped { stopped });
        }
        LocalCommand::Status => {
            output.line(&in_words(&local.status()?));
            output.line(&format!("folder    {folder}"));
            output.line(&format!("log       {}", local.log_file().display()));
            output.line(&format!("url       {}", local.url(DATABASE)));
            output.json(&report::Local::of(&local)?);
        }
        LocalCommand::Url => {
            output.line(&local.url(DATABASE));
            output.json(&report::Url { url: local.url(DATABASE) });
        }
        LocalCommand::Psql { arguments } => {
            tell_replaced(local.start()?.how, output);
            let error = Command::new(local.psql()?).arg(local.url(DATABASE)).args(arguments).exec();
            return Err(Problem::new(Exit::Failed, format!("psql cannot be started: {error}"), "Is it executable?"));
        }
        LocalCommand::Destroy { yes } => return destroy(&local, *yes, output),
    }
    Ok(Exit::Done)
}

/// Says what there is to know of a server whose programs were replaced while it ran.
pub fn tell_replaced(how: How, output: &Output) {
    if let Some(note) = replaced(how) {
        output.note(note);
    }
}

/// The same, for the object of `local start`.
const fn replaced(how: How) -> Option<&'static str> {
    match how {
        How::Restarted => Some("the private PostgreSQL was restarted: its programs were replaced while it ran"),
        How::Outdated => Some(
            "the programs of the private PostgreSQL were replaced while it runs, and it may fail until it is restarted. \
             Others are connected to it: end them, or run `messenger-db local stop` and `messenger-db local start`",
        ),
        How::Uninstalled => Some(
            "the programs of the private PostgreSQL are gone or of another major version, so it cannot be started again \
             once it has stopped. Install that version again, or run `messenger-db backup FILE` now",
        ),
        How::WasRunning | How::Started | How::Initialised => None,
    }
}

fn destroy(local: &Local, yes: bool, output: &Output) -> Result<Exit, Problem> {
    let folder = local.state_dir().display();
    if !yes && local.status()? != Status::NotInitialised {
        return Err(Problem::new(
            Exit::Usage,
            format!("this would delete the private PostgreSQL in {folder}, with all its data"),
            "`messenger-db local destroy --yes` does it.",
        ));
    }
    let (sentence, destroyed) = match local.destroy()? {
        None => (format!("nothing is in {folder}"), false),
        Some(rest) if rest.is_empty() => (format!("{folder} is gone"), true),
        Some(rest) => (format!("the server and its data are gone; {folder} stays, for it has {rest:?} in it"), true),
    };
    output.line(&sentence);
    output.json(&report::Destroyed { destroyed });
    Ok(Exit::Done)
}

fn in_words(status: &Status) -> String {
    match status {
        Status::NotInitialised => "server    none yet; `messenger-db local start` makes it".to_owned(),
        Status::Stopped { version } => format!("server    PostgreSQL {version}, stopped"),
        Status::Running { pid, version, .. } => format!("server    PostgreSQL {version}, running as process {pid}"),
    }
}

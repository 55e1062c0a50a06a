//! Decides which database a command works on: the one that is named, or the private one.

use std::env;
use std::time::Duration;

use diesel::{Connection as _, PgConnection};

use super::args::Connection;
use super::commands::local::tell_replaced;
use super::diagnose;
use super::output::Output;
use super::{Exit, Problem};
use crate::local::{DATABASE, Local, LocalError};
use crate::migrate::{self, ConnectOptions, Conninfo, Error, Need, Pool, Rights, Target, libpq};

/// A database that a command works on.
pub struct Database {
    /// Its connections.
    pub pool: Pool,
    /// Where it is.
    pub target: Target,
    conninfo: String,
}

impl Database {
    /// What to show for an error that happened here, to a command that migrates.
    pub fn diagnose(&self, error: Error) -> Problem {
        self.advised(error, Need::Migrate)
    }

    /// What to show for an error that happened here, to a command that only looks.
    pub fn diagnose_look(&self, error: Error) -> Problem {
        self.advised(error, Need::Read)
    }

    fn advised(&self, error: Error, need: Need) -> Problem {
        // Without them the advice is less; the error that matters is the one before.
        let rights = diagnose::needs_rights(&error).then(|| Rights::find(&self.pool, need).ok()).flatten();
        diagnose::diagnose(error, &self.target, rights.as_ref())
    }

    /// A connection for the acts.
    pub fn diesel(&self) -> Result<PgConnection, Problem> {
        PgConnection::establish(&self.conninfo).map_err(|_| {
            // The runner has just connected to the same; and what libpq says may quote the connection string.
            Problem::new(Exit::NoConnection, "the server gives no second connection", "Run the command again.")
        })
    }
}

/// The database URL that the options, the environment or `.env` name, and which of them does.
pub fn named(connection: &Connection) -> Option<(String, &'static str)> {
    match (&connection.database_url, env::var("DATABASE_URL")) {
        (Some(url), _) => Some((url.clone(), "--database-url")),
        (None, Ok(url)) => Some((url, "DATABASE_URL")),
        (None, Err(env::VarError::NotUnicode(_))) => Some((String::new(), "DATABASE_URL")),
        (None, Err(env::VarError::NotPresent)) => None,
    }
}

/// Connects to the database that the options, the environment or `.env` name, or to the private one.
pub fn open(connection: &Connection, output: &mut Output) -> Result<Database, Problem> {
    let (url, origin) = match named(connection) {
        Some(named) => named,
        None => (private(output)?, "the private PostgreSQL"),
    };
    let conninfo = parse(&url, origin)?;
    let options = ConnectOptions {
        wait: connection.wait.unwrap_or(Duration::ZERO),
        lock_wait: connection.lock_wait,
        lock_timeout: connection.lock_timeout,
        lock_retries: connection.lock_retries,
        statement_timeout: connection.statement_timeout,
    };
    let mut pool = migrate::connect(&conninfo, &options, output)?;
    for folder in &connection.also {
        pool = pool.also_folder(folder)?;
    }
    let target = output.target().cloned().unwrap_or_default();
    Ok(Database { pool, target, conninfo: url })
}

/// Waits for the database that the options, the environment or `.env` name, for somebody else to use it.
pub fn reach(connection: &Connection, output: &mut Output) -> Result<(), Problem> {
    let Some((url, origin)) = named(connection) else { return Ok(()) };
    migrate::reach(&parse(&url, origin)?, connection.wait.unwrap_or(Duration::ZERO), output)?;
    Ok(())
}

fn parse(url: &str, origin: &str) -> Result<Conninfo, Problem> {
    url.parse().map_err(|error: migrate::ConninfoError| {
        Problem::new(
            Exit::Usage,
            format!("{error} ({origin})"),
            "Write it as postgresql://user:password@host:5432/database, with %XX for characters that are not plain \
             in the password; or leave DATABASE_URL unset for a private PostgreSQL.",
        )
    })
}

fn private(output: &mut Output) -> Result<String, Problem> {
    let unavailable = |error: LocalError| Problem { exit: Exit::NoConnection, ..error.into() };
    let local = Local::open(None).map_err(unavailable)?;
    // What PG* variables, service files and .pgpass say is about other servers.
    libpq::ignore_environment();
    let started = local.start().map_err(unavailable)?;
    output.note(&format!("no DATABASE_URL: using the private PostgreSQL in {}", local.state_dir().display()));
    tell_replaced(started.how, output);
    Ok(local.url(DATABASE))
}

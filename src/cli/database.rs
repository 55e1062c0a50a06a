//! Chooses the database of a command: the one that is named, or the private one.

use std::env;
use std::fs::File;
use std::time::Duration;

use diesel::{Connection as _, PgConnection};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::{dup2_stderr, stderr};

use super::allowed::Allowed;
use super::args::Connection;
use super::commands::local::tell_replaced;
use super::diagnose;
use super::env_file::{DATABASE_URL, DIRECT_URL};
use super::output::Output;
use super::{Exit, Problem};
use crate::local::{DATABASE, Local, LocalError};
use crate::migrate::{self, ConnectOptions, Conninfo, Error, Need, Pool, Rights, Status, Target};

/// A database that a command works on.
pub struct Database {
    /// Its connections.
    pub pool: Pool,
    /// Where it is.
    pub target: Target,
    conninfo: String,
}

impl Database {
    /// The same, which may differ from its catalog in what is allowed.
    pub fn allowing(self, allowed: &Allowed) -> Self {
        Self { pool: self.pool.with_allowed_drift(allowed.drift.clone()), ..self }
    }

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

    /// Refuses a database that does not have the schema yet, for which the operations are written.
    pub fn refuse_pending(&self) -> Result<Status, Problem> {
        let status = migrate::status(&self.pool).map_err(|error| self.diagnose_look(error))?;
        if status.pending.is_empty() {
            return Ok(status);
        }
        Err(Problem::new(
            Exit::Pending,
            "the database does not have the schema of this binary yet",
            "`messenger-db run` applies what is pending; then run the command again.",
        ))
    }

    /// Closes the runner's connections; the connection string for others, with its secrets.
    pub fn into_conninfo(self) -> String {
        self.conninfo
    }

    /// A connection for the operations.
    pub fn diesel(&self) -> Result<PgConnection, Problem> {
        establish(&self.conninfo)
    }
}

/// A connection for the operations.
pub fn establish(conninfo: &str) -> Result<PgConnection, Problem> {
    silently(|| PgConnection::establish(conninfo)).map_err(|_| {
        // The runner has connected to the same; and what libpq says may quote the connection string.
        Problem::new(Exit::NoConnection, "the server gives no connection any more", "Run the command again.")
    })
}

/// Does work while what is written to standard error is thrown away. libpq prints there by itself what a server remarks
/// while it opens a session, and Diesel gives no way to have it; the runner, which connected before, has told it.
fn silently<T>(work: impl FnOnce() -> T) -> T {
    let kept = fcntl_dupfd_cloexec(stderr(), 0);
    let nowhere = File::options().write(true).open("/dev/null");
    let (Ok(kept), Ok(nowhere)) = (kept, nowhere) else { return work() };
    let is_away = dup2_stderr(nowhere).is_ok();
    let done = work();
    if is_away {
        // There is nowhere to tell that it failed.
        let _ = dup2_stderr(kept);
    }
    done
}

/// The database URL that the options, the environment or `.env` name, and which of them does.
pub fn named(connection: &Connection) -> Option<(String, &'static str)> {
    match (&connection.database_url, variable(DATABASE_URL)) {
        (Some(url), _) => Some((url.clone(), "--database-url")),
        (None, Some(url)) => Some((url, DATABASE_URL)),
        (None, None) => None,
    }
}

/// The URL of the same database for a session of our own, where there is one beside the other.
///
/// Beside it: a `DIRECT_URL` alone is another program's, and an option wins over the environment.
fn named_direct(connection: &Connection) -> Option<(String, &'static str)> {
    let beside = || {
        let is_beside = connection.database_url.is_none() && env::var_os(DATABASE_URL).is_some();
        variable(DIRECT_URL).filter(|url| is_beside && !url.trim().is_empty())
    };
    let option = connection.direct_url.clone().map(|url| (url, "--direct-url"));
    option.or_else(|| beside().map(|url| (url, DIRECT_URL)))
}

/// A variable of the environment; one that is no text is nothing that could be read.
fn variable(name: &str) -> Option<String> {
    match env::var(name) {
        Ok(value) => Some(value),
        Err(env::VarError::NotUnicode(_)) => Some(String::new()),
        Err(env::VarError::NotPresent) => None,
    }
}

/// Connects to the database that the options, the environment or `.env` name, or to the private one.
pub fn open(connection: &Connection, output: &mut Output) -> Result<Database, Problem> {
    let (url, origin) = match named_direct(connection).or_else(|| named(connection)) {
        Some(named) => named,
        None => (private(output)?, "the private PostgreSQL"),
    };
    let conninfo = parse(&url, origin)?;
    // Before anybody waits for a server.
    let own = migrate::of_folders(&connection.also)?;
    let options = ConnectOptions {
        wait: connection.wait.unwrap_or(Duration::ZERO),
        lock_wait: connection.lock_wait,
        lock_timeout: connection.lock_timeout,
        lock_retries: connection.lock_retries,
        statement_timeout: connection.statement_timeout,
        read_only: false,
    };
    let pool = migrate::connect(&conninfo, &options, output)?.with_own(own);
    let target = output.target().cloned().unwrap_or_default();
    Ok(Database { pool, target, conninfo: conninfo.with_secrets() })
}

/// Waits for the database that the options, the environment or `.env` name, for somebody else to use it; when it is to be
/// migrated, refuses a direct URL that leads to another.
pub fn wait_for_server(connection: &Connection, migrates: bool, output: &mut Output) -> Result<(), Problem> {
    let mut wait = |(url, origin): (String, &str)| {
        let conninfo = parse(&url, origin)?;
        let ready = migrate::wait_for_server(&conninfo, connection.wait.unwrap_or(Duration::ZERO), output)?;
        Ok::<_, Problem>((ready, origin.to_owned()))
    };
    let Some(service) = named(connection) else { return Ok(()) };
    let direct = named_direct(connection).filter(|_| migrates);
    if migrates && direct.is_none() {
        return Ok(());
    }
    let (service, origin) = wait(service)?;
    let Some(direct) = direct else { return Ok(()) };
    let (direct, direct_origin) = wait(direct)?;
    if service.identity.is_some() && direct.identity.is_some() && service.identity != direct.identity {
        let message = format!(
            "{direct_origin} leads to another database than {origin}: {:?} at {}, and {:?} at {}",
            direct.target.database,
            direct.target.address(),
            service.target.database,
            service.target.address()
        );
        return Err(Problem::new(Exit::Usage, message, "Nothing was changed. Correct one of them."));
    }
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
    migrate::ignore_environment();
    let started = local.start().map_err(unavailable)?;
    output.note(&format!("no DATABASE_URL: using the private PostgreSQL in {}", local.state_dir().display()));
    tell_replaced(started.how, output);
    Ok(local.url(DATABASE))
}

//! Opens sessions for the pool, each with the settings that a migration relies on.

use std::sync::Mutex;
use std::time::Duration;

use crate::migrate::error::Error;
use crate::migrate::model::target::Target;
use crate::migrate::session::options::ConnectOptions;
use crate::migrate::session::pooler::{self, Pooling};
use crate::migrate::sql::libpq::{Connection, Conninfo, Rows, ServerError, Unconnected};

/// A connection of the pool, which goes back to it when dropped.
pub(crate) type Pooled = r2d2::PooledConnection<Manager>;

/// Opens connections for the pool.
#[derive(Debug)]
pub(crate) struct Manager {
    conninfo: Conninfo,
    options: ConnectOptions,
    // r2d2 reports a failure to connect only as text, after a timeout; so the first is opened before there is a pool.
    first: Mutex<Option<Connection>>,
}

impl Manager {
    /// Opens connections with these options; `first` is open already.
    pub(crate) const fn new(conninfo: Conninfo, options: ConnectOptions, first: Connection) -> Self {
        Self { conninfo, options, first: Mutex::new(Some(first)) }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Connection;
    type Error = ServerError;

    fn connect(&self) -> Result<Connection, ServerError> {
        let first = self.first.lock().ok().and_then(|mut first| first.take());
        let open = || {
            open(&self.conninfo, &self.options, &|| false).map_err(|failed| match failed {
                Unopened::Failed(failed) => failed.error,
                Unopened::Pooling => ServerError::of_connection(&Error::TransactionPooling.to_string()),
            })
        };
        let mut connection = first.map_or_else(open, Ok)?;
        // The first connection has told the same.
        connection.take_notices();
        Ok(connection)
    }

    fn is_valid(&self, connection: &mut Connection) -> Result<(), ServerError> {
        connection.execute("").map(drop)
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.is_used_up()
    }
}

/// Opens a session of its own, with the settings.
///
/// In the one round trip of a direct connection, the settings are made only if the process that carries them out is
/// the one that the connection was opened with; otherwise a pooler gives it another, whose sessions are not ours to set.
pub(crate) fn open(
    conninfo: &Conninfo,
    options: &ConnectOptions,
    wants_to_stop: &dyn Fn() -> bool,
) -> Result<Connection, Unopened> {
    let mut connection = Connection::attempt(conninfo, wants_to_stop)?;
    let is_direct = format!("WHERE pg_backend_pid() = {}", connection.backend_pid());
    if set(&mut connection, options, &is_direct)?.is_empty() {
        match pooler::pooling(conninfo, &mut connection)? {
            Pooling::Session => set(&mut connection, options, "")?,
            Pooling::Transaction => return Err(Unopened::Pooling),
        };
    }
    Ok(connection)
}

/// Makes the settings, under a condition. Gives no row where it is not met.
fn set(connection: &mut Connection, options: &ConnectOptions, condition: &str) -> Result<Rows, ServerError> {
    let major = Target::of(connection).major();
    let outcome = connection.execute(&format!("{} {condition}", settings(options, major, true)));
    match outcome {
        // Some systems cannot tell that a client has gone, and refuse to be asked to look.
        Err(error) if error.sqlstate == INVALID_PARAMETER_VALUE => {
            connection.execute(&format!("{} {condition}", settings(options, major, false)))
        }
        outcome => outcome,
    }
}

const INVALID_PARAMETER_VALUE: &str = "22023";

/// A session that could not be opened.
pub(crate) enum Unopened {
    Failed(Box<Unconnected>),
    Pooling,
}

impl From<Unconnected> for Unopened {
    fn from(failed: Unconnected) -> Self {
        Self::Failed(Box::new(failed))
    }
}

impl From<ServerError> for Unopened {
    fn from(error: ServerError) -> Self {
        Self::Failed(Box::new(error.into()))
    }
}

/// A statement that makes the settings of a session, whatever the role or the database is configured with: what would
/// cut the runner off, and what the meaning of a statement depends on.
fn settings(options: &ConnectOptions, major: Option<u32>, looks_for_client: bool) -> String {
    let milliseconds = |timeout: Duration| timeout.as_millis().to_string();
    let (lock, statement) =
        (milliseconds(options.lock_timeout), milliseconds(options.statement_timeout.unwrap_or_default()));
    let mut settings = vec![
        ("client_encoding", "UTF8"),
        // Diesel's choice: run_on in its table has no time zone of its own.
        ("TimeZone", "UTC"),
        ("lock_timeout", lock.as_str()),
        ("statement_timeout", statement.as_str()),
        ("idle_in_transaction_session_timeout", "0"),
        ("idle_session_timeout", "0"),
        ("client_min_messages", "notice"),
        ("default_transaction_isolation", "read committed"),
        ("default_transaction_deferrable", "off"),
        ("standard_conforming_strings", "on"),
        ("quote_all_identifiers", "off"),
        ("transform_null_equals", "off"),
        ("array_nulls", "on"),
        ("DateStyle", "ISO, MDY"),
        ("IntervalStyle", "postgres"),
        ("bytea_output", "hex"),
        ("extra_float_digits", "1"),
        ("gin_fuzzy_search_limit", "0"),
        ("xmloption", "content"),
        ("check_function_bodies", "on"),
    ];
    if major >= Some(17) {
        settings.push(("transaction_timeout", "0"));
    }
    if options.read_only {
        settings.push(("default_transaction_read_only", "on"));
    }
    if looks_for_client {
        // Ends a statement whose runner has died, so that its locks go with it.
        settings.push(("client_connection_check_interval", "1s"));
    }
    let set = settings.into_iter().map(|(name, value)| format!("set_config('{name}', '{value}', false)"));
    format!("SELECT {}, {SERVER_FIRST}", set.collect::<Vec<_>>().join(", "))
}

/// The statement that makes the settings of a session that migrates, on one line, for psql.
pub(crate) fn settings_for_psql(options: &ConnectOptions, major: Option<u32>) -> String {
    let options = ConnectOptions { read_only: false, ..options.clone() };
    settings(&options, major, false).split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// Takes `pg_catalog` off a `search_path` that names it, so that it comes first, as it does where nobody names it: a table
/// `public.pg_class` or a function `public.lower` of somebody's is then none of the server's. The path stays what it is where
/// it has nothing else.
const SERVER_FIRST: &str = "(
    SELECT pg_catalog.set_config('search_path', path, false)
    FROM (
        SELECT pg_catalog.btrim(pg_catalog.regexp_replace(
            pg_catalog.current_setting('search_path'), '(^|,)[[:space:]]*\"?pg_catalog\"?[[:space:]]*(?=,|$)', '', 'g'
        ), ', ') AS path
    ) AS without
    WHERE path OPERATOR(pg_catalog.<>) '' AND path OPERATOR(pg_catalog.<>) pg_catalog.current_setting('search_path')
)";

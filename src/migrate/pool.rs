//! The runner's connections: an r2d2 pool with retries while the server starts, and the session settings that a
//! migration relies on.

use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::libpq::{Connection, Conninfo, ConninfoError, Obstacle, Rows, ServerError, Unconnected};
use super::pooler::{self, Pooling};
use super::{AllowedDrift, Error, Event, Migration, Observer, source};

/// The runner's connections, one to work on and one to hold the lock, and the migrations that it carries out there.
#[derive(Debug, Clone)]
pub struct Pool {
    connections: r2d2::Pool<Manager>,
    conninfo: Conninfo,
    options: ConnectOptions,
    migrations: Arc<[Migration]>,
    own: Arc<[Migration]>,
    allowed: Arc<AllowedDrift>,
}

/// A connection of the pool, which goes back to it when dropped.
pub type Pooled = r2d2::PooledConnection<Manager>;

impl Pool {
    /// A connection, as soon as one is free.
    ///
    /// # Errors
    ///
    /// When none is free or can be opened in 10 seconds.
    pub fn get(&self) -> Result<Pooled, r2d2::Error> {
        self.connections.get()
    }

    /// How long to wait for another runner to finish.
    #[must_use]
    pub const fn lock_wait(&self) -> Duration {
        self.options.lock_wait
    }

    /// How long a statement waits for a lock before it gives up. Zero: for ever.
    #[must_use]
    pub const fn lock_timeout(&self) -> Duration {
        self.options.lock_timeout
    }

    /// How often a migration is tried again that did not get a lock in time.
    #[must_use]
    pub const fn lock_retries(&self) -> usize {
        self.options.lock_retries
    }

    pub(super) const fn conninfo(&self) -> &Conninfo {
        &self.conninfo
    }

    /// The migrations, oldest first: those that are embedded here, unless others were given.
    #[must_use]
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// The same connections, for other migrations than the embedded ones, sorted by version here.
    #[must_use]
    pub fn with_migrations(self, mut migrations: Vec<Migration>) -> Self {
        migrations.sort_by_key(|migration| migration.version);
        Self { migrations: migrations.into(), ..self }
    }

    /// The service's own migrations, in the order in which they are applied: see [`also`](Self::also).
    #[must_use]
    pub fn own(&self) -> &[Migration] {
        &self.own
    }

    /// Those of this crate, and then the service's own.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &Migration> + Clone {
        self.migrations.iter().chain(self.own.iter())
    }

    pub(crate) fn with_own(self, own: Vec<Migration>) -> Self {
        Self { own: own.into(), ..self }
    }

    /// What may differ from the catalog without being drift: nothing, unless something was given.
    #[must_use]
    pub fn allowed_drift(&self) -> &AllowedDrift {
        &self.allowed
    }

    /// The same connections, for databases that may differ from their catalog in this.
    #[must_use]
    pub fn with_allowed_drift(self, allowed: AllowedDrift) -> Self {
        Self { allowed: allowed.into(), ..self }
    }
}

/// How to connect, and how long statements may wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectOptions {
    /// How long to wait for a server that is not up yet. Zero: not at all.
    pub wait: Duration,
    /// How long to wait for another runner that works on the database.
    pub lock_wait: Duration,
    /// How long a statement waits for a lock before it gives up (`lock_timeout`). Zero: for ever.
    pub lock_timeout: Duration,
    /// How often a migration is tried again that did not get a lock in time.
    pub lock_retries: usize,
    /// How long a statement may run (`statement_timeout`). Zero or `None`: for ever, however the role is configured.
    pub statement_timeout: Option<Duration>,
}

impl Default for ConnectOptions {
    /// No waiting for the server, a minute for another runner, two seconds for a lock and five more attempts, which
    /// with the pauses between them take about a minute, no limit of its own on statements.
    fn default() -> Self {
        Self {
            wait: Duration::ZERO,
            lock_wait: Duration::from_mins(1),
            lock_timeout: Duration::from_secs(2),
            lock_retries: 5,
            statement_timeout: None,
        }
    }
}

/// What a connection is connected to. It holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// A host name, an address, or the folder of a Unix socket.
    pub host: String,
    /// The port, also where it names a Unix socket.
    pub port: String,
    /// The role.
    pub user: String,
    /// The database.
    pub database: String,
    /// The server's version as it states it, such as `15.18 (Debian 15.18-0+deb12u1)`. Empty: not known.
    pub server_version: String,
}

impl Target {
    /// What a connection is connected to.
    #[must_use]
    pub fn of(connection: &Connection) -> Self {
        Self {
            host: connection.host(),
            port: connection.port(),
            user: connection.user(),
            database: connection.database(),
            server_version: connection.server_parameter(c"server_version").unwrap_or_default(),
        }
    }
}

impl Target {
    /// The server's major version, such as 15.
    #[must_use]
    pub fn major(&self) -> Option<u32> {
        major(&self.server_version)
    }

    /// Where the server is: `host:port`, or the folder of its socket.
    #[must_use]
    pub fn address(&self) -> String {
        if self.host.starts_with('/') { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

/// The number that a version begins with.
pub(super) fn major(version: &str) -> Option<u32> {
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Opens connections for the pool.
#[derive(Debug)]
pub struct Manager {
    conninfo: Conninfo,
    options: ConnectOptions,
    // r2d2 reports a failure to connect only as text, after a timeout; so the first is opened before there is a pool.
    first: Mutex<Option<Connection>>,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Connection;
    type Error = ServerError;

    fn connect(&self) -> Result<Connection, ServerError> {
        let first = self.first.lock().ok().and_then(|mut first| first.take());
        let open = || {
            open(&self.conninfo, &self.options).map_err(|failed| match failed {
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
fn open(conninfo: &Conninfo, options: &ConnectOptions) -> Result<Connection, Unopened> {
    let mut connection = Connection::attempt(conninfo)?;
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

/// A session that was not to be had.
enum Unopened {
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

/// Connects to the database of a connection string.
///
/// # Errors
///
/// [`Error::Connect`] when there is no session in the time given, or when what stands in the way does not pass, such as a
/// wrong password ([`Obstacle::passes`]), which is never waited for; [`Error::TransactionPooling`] when a pooler in
/// transaction mode is in between; [`Error::Interrupted`] when the observer stopped the wait.
pub fn connect(conninfo: &Conninfo, options: &ConnectOptions, observer: &mut dyn Observer) -> Result<Pool, Error> {
    let migrations = source::all()?.into();
    let mut first = wait_for(conninfo, options.wait, observer, || open(conninfo, options))?;
    tell_remarks(&mut first, observer);
    observer.on(&Event::Connected { target: &Target::of(&first) });
    let manager = Manager { conninfo: conninfo.clone(), options: options.clone(), first: Mutex::new(Some(first)) };
    let connections = r2d2::Pool::builder()
        .connection_timeout(Duration::from_secs(10))
        .max_size(2)
        .min_idle(Some(0))
        .test_on_check_out(false)
        .build_unchecked(manager);
    Ok(Pool {
        connections,
        conninfo: conninfo.clone(),
        options: options.clone(),
        migrations,
        own: Arc::default(),
        allowed: Arc::default(),
    })
}

/// Waits until a database can be used, by whatever way: through a pooler of any mode, too. Gives what it is.
///
/// # Errors
///
/// As [`connect`], but for the pooler.
pub fn reach(conninfo: &Conninfo, wait: Duration, observer: &mut dyn Observer) -> Result<Reached, Error> {
    let ask = || {
        let mut connection = Connection::attempt(conninfo)?;
        // A pooler has let everybody in before it asks the server.
        connection.execute("SELECT 1")?;
        Ok(connection)
    };
    let mut connection = wait_for(conninfo, wait, observer, ask)?;
    tell_remarks(&mut connection, observer);
    let target = Target::of(&connection);
    observer.on(&Event::Connected { target: &target });
    // A role may be forbidden to know it.
    let identity = connection.execute(IDENTITY).ok().and_then(|rows| rows.into_iter().flatten().next().flatten());
    Ok(Reached { target, identity })
}

/// What was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// What the connection was connected to.
    pub target: Target,
    /// The same for each way to one database, its replicas and poolers included, and no other. `None`: not known.
    pub identity: Option<String>,
}

const IDENTITY: &str = "SELECT system_identifier || ' ' || oid FROM pg_control_system(), pg_database
    WHERE datname = current_database()";

fn tell_remarks(connection: &mut Connection, observer: &mut dyn Observer) {
    for notice in connection.take_notices() {
        observer.on(&Event::Remarked { notice: &notice });
    }
}

/// Tries again as long as what stands in the way may pass.
fn wait_for(
    conninfo: &Conninfo,
    wait: Duration,
    observer: &mut dyn Observer,
    open: impl Fn() -> Result<Connection, Unopened>,
) -> Result<Connection, Error> {
    let deadline = Instant::now() + wait;
    loop {
        let failed = match open() {
            Ok(connection) => return Ok(connection),
            Err(Unopened::Pooling) => return Err(Error::TransactionPooling),
            Err(Unopened::Failed(failed)) => failed,
        };
        let remaining = deadline.saturating_duration_since(Instant::now());
        if !failed.obstacle.passes() || remaining.is_zero() {
            let Unconnected { obstacle, error, .. } = *failed;
            return Err(Error::Connect { conninfo: conninfo.clone(), obstacle, waited: wait, source: error });
        }
        if observer.wants_to_stop() {
            return Err(Error::Interrupted { done: 0, left: 0 });
        }
        let reason = match (failed.obstacle, failed.said) {
            (_, Some(said)) => format!("the server says: {said}"),
            (Obstacle::Unfit, None) => "no server there is what target_session_attrs asks for".to_owned(),
            _ => "nothing answers there".to_owned(),
        };
        observer.on(&Event::Waiting { server: &conninfo.server(), reason: &reason, remaining });
        thread::sleep(remaining.min(Duration::from_millis(250)));
    }
}

/// A statement that makes the settings of a session, whatever the role or the database is configured with: what would
/// cut the runner off, and what the meaning of a statement depends on.
fn settings(options: &ConnectOptions, major: Option<u32>, looks_for_client: bool) -> String {
    let milliseconds = |timeout: Duration| timeout.as_millis().to_string();
    let (lock, statement) =
        (milliseconds(options.lock_timeout), milliseconds(options.statement_timeout.unwrap_or_default()));
    let mut settings = vec![
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
    if looks_for_client {
        // Ends a statement whose runner has died, so that its locks go with it.
        settings.push(("client_connection_check_interval", "1s"));
    }
    let set = settings.into_iter().map(|(name, value)| format!("set_config('{name}', '{value}', false)"));
    format!("SELECT {}", set.collect::<Vec<_>>().join(", "))
}

impl FromStr for Conninfo {
    type Err = ConninfoError;

    fn from_str(text: &str) -> Result<Self, ConninfoError> {
        Self::parse(text)
    }
}

//! Runs operations from async code: a pool of connections, and operations on tokio's threads for blocking work.
//!
//! The operations of this crate are synchronous and take a connection. [`Pool::run`] waits for one without holding a
//! thread, runs the operation on a thread that may block, and gives what the operation gives, its refusals included.
//!
//! ```
//! # let url = messenger_db::doctest::url();
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
//! use messenger_db::ids::UserId;
//! use messenger_db::models::NewUser;
//! use messenger_db::queries::accounts;
//! use messenger_db::secrets::PasswordHash;
//! use messenger_db::service::{Options, Pool};
//!
//! let pool = Pool::new(&url, Options::default());
//! let register = |username: &'static str| {
//!     pool.run(move |conn| {
//!         let hash = PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA");
//!         let id = UserId::new();
//!         accounts::register(conn, &NewUser { id, username, password_hash: &hash, display_name: None, avatar_url: None })
//!     })
//! };
//! assert_eq!(register("service_anna").await?.username.as_deref(), Some("service_anna"));
//! // A refusal is the operation's own.
//! assert_eq!(register("service_anna").await.unwrap_err().code(), "username_taken");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod carry_out;
mod collector;
mod outbox;
mod position;
mod receipts;
mod standbys;
mod url;

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use deadpool_diesel::postgres::{Manager, Object, Pool as Connections};
use deadpool_diesel::{Error as ConnectionError, ManagerConfig, PoolError, RecyclingMethod, Runtime};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{ConnectionError as NotConnected, PgConnection};
use tokio::runtime::{Builder, Handle};

use crate::end_of_connection;
pub use outbox::Outbox;
pub use position::{Position, PositionInvalid, Session};
pub use receipts::Receipts;
use standbys::Standbys;
use url::Url;

/// A pool of connections for async code. Its clones are the same pool.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
    standbys: Option<Arc<Standbys>>,
}

struct Inner {
    url: Url,
    connections: Connections,
    through_pooler: bool,
    relaxed_receipts: bool,
    /// Whether it is known how the server words a timeout.
    has_learned: AtomicBool,
    /// Whether Diesel tells what is open on a connection.
    sees_transactions: AtomicBool,
}

/// How a pool is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many connections it has at most; 10. Few are enough: PostgreSQL does as much at once as it has cores, and
    /// more connections wait for each other there instead of here.
    pub connections: usize,
    /// How long an operation waits until it may use a connection; 5 s. Where it has to make one then, that comes on top.
    pub wait: Duration,
    /// How long each server that the URL names may take to let a connection in; 5 s. It is the `connect_timeout` of a URL that has
    /// none, in whole seconds and at least 2, so that a server that hangs keeps no thread longer and is left for the next one that
    /// the URL names. A `connect_timeout` of the URL takes its place.
    ///
    /// A URL with several servers needs this time for each that hangs, and a name as often as it has addresses, of which the pool
    /// allows four. So an operation waits at most [`wait`](Self::wait), and this for each address, and a second: by default 11 s
    /// where the URL has one address, and 16 s where it has two.
    pub connect: Duration,
    /// Whether the URL leads through a pooler in transaction mode, such as PgBouncer; no. Then no statement is kept
    /// prepared, because the next transaction may be on another session.
    pub through_pooler: bool,
    /// Whether receipts and presence are acknowledged before they are on the disk; no. Then a crash of the server loses less
    /// than a second of [`mark_read`](crate::queries::receipts::mark_read),
    /// [`mark_delivered`](crate::queries::receipts::mark_delivered), [`mark_many`](crate::queries::receipts::mark_many),
    /// [`set_presence`](crate::queries::accounts::set_presence) and [`mark_seen`](crate::queries::accounts::mark_seen), where
    /// each is a transaction of its own, and of nothing else. Messages, and transactions of several operations, whether Diesel or
    /// a `BEGIN` of the operation's began them, always wait for the disk. It has no effect
    /// [through a pooler](Self::through_pooler), which would give the setting to others.
    pub relaxed_receipts: bool,
}

impl Default for Options {
    fn default() -> Self {
        let five_seconds = Duration::from_secs(5);
        Self {
            connections: 10,
            wait: five_seconds,
            connect: five_seconds,
            through_pooler: false,
            relaxed_receipts: false,
        }
    }
}

/// How busy a pool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// How many connections it has at most.
    pub connections: usize,
    /// How many it has now.
    pub open: usize,
    /// How many of these run nothing.
    pub idle: usize,
    /// How many operations wait for one.
    pub waiting: usize,
}

impl Pool {
    /// A pool for the database of this URL. It connects when the first operation runs, and then it
    /// [learns](crate::interruption::learn) how the server words a timeout.
    ///
    /// A connection that the server has ended is not taken from the pool, and looking for that costs no round trip. One
    /// that ends during an operation makes it fail with
    /// [`Failure::ConnectionLost`](crate::error::Failure::ConnectionLost), and the next operation has another connection.
    /// A connection on which an operation panicked or left a transaction open is closed at once, whether Diesel began that or
    /// `BEGIN` did: what was written in it is rolled back, and an operation that succeeded otherwise fails, with
    /// [`Failure::Other`](crate::error::Failure::Other). To look for that costs no round trip. An
    /// [`Instrumentation`](diesel::connection::Instrumentation) that an operation sets on its connection then hears of a statement
    /// that is not sent; Diesel's default one does not. What an operation sets for the session, as `SET` does, it has to set
    /// back: neither Diesel nor the pool knows of it.
    #[must_use]
    #[allow(clippy::expect_used, clippy::missing_panics_doc, reason = "it fails without a runtime, and there is one")]
    pub fn new(url: &str, options: Options) -> Self {
        let url = Url::new(url, options.connect);
        let recycling_method = RecyclingMethod::CustomFunction(Box::new(is_open));
        let manager = Manager::from_config(url.conninfo.as_str(), Runtime::Tokio1, ManagerConfig { recycling_method });
        let pool = Connections::builder(manager)
            .max_size(options.connections.max(1))
            .wait_timeout(Some(options.wait))
            .create_timeout(Some(url.longest))
            .runtime(Runtime::Tokio1)
            .build();
        let connections = pool.expect("a pool with a runtime");
        let Options { through_pooler, relaxed_receipts, .. } = options;
        let [has_learned, sees_transactions] = [false; 2].map(AtomicBool::new);
        let inner = Inner { url, connections, through_pooler, relaxed_receipts, has_learned, sees_transactions };
        Self { inner: Arc::new(inner), standbys: None }
    }

    /// The same pool, which reads from hot standbys of its server as well: [`read`](Self::read) and
    /// [`read_in`](Self::read_in) run there. Each standby has a pool of its own.
    ///
    /// No reader is shown what is more than `max_lag` old, as long as the primary says where it is: a standby that is
    /// further behind is passed over, as is one that does not answer within a second, for another one, and one that was promoted.
    /// When none is left, reads run on the primary. The first read after a while asks the primary first.
    ///
    /// After a failover, the URL of this pool must lead to the new primary: name all servers in it, with
    /// `target_session_attrs=read-write`. Operations that were under way fail then with
    /// [`Failure::ConnectionLost`](crate::error::Failure::ConnectionLost).
    ///
    /// ```no_run
    /// # use messenger_db::{actor::Actor, ids::ChatId, page::Limit, queries::{history, messages}};
    /// # async fn example(actor: Actor, chat: ChatId) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// use messenger_db::queries::messages::Draft;
    /// use messenger_db::service::{Options, Pool, Session};
    ///
    /// let standbys = ["postgresql://b/messenger", "postgresql://c/messenger"];
    /// let pool = Pool::new("postgresql://a,b,c/messenger?target_session_attrs=read-write", Options::default())
    ///     .with_standbys(standbys.map(|url| Pool::new(url, Options::default())), Duration::from_secs(10));
    /// // One for each signed-in device.
    /// let session = Session::new();
    /// pool.run_in(&session, move |conn| messages::send(conn, actor, chat, &Draft::text("Hello!"))).await?;
    /// pool.read_in(&session, move |conn| history::latest(conn, actor, chat, Limit::default())).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_standbys(self, standbys: impl IntoIterator<Item = Self>, max_lag: Duration) -> Self {
        Self { standbys: Some(Arc::new(Standbys::new(standbys, max_lag))), ..self }
    }

    /// Runs an operation, or several, on a connection of the pool.
    ///
    /// A future that is dropped while it waits for a connection does nothing. A future that is dropped after that does not
    /// end the operation: it goes on to its end, with everything that the closure does after the commit, such as ringing a
    /// [`Bell`](crate::realtime::Bell). Its connection goes back to the pool then, and not before.
    ///
    /// Besides the operation it costs two hops to threads of tokio's for blocking work: one that looks whether the
    /// connection is open, and one that runs the operation. There are as many such threads as operations run at once,
    /// which the size of the pool bounds.
    ///
    /// # Errors
    ///
    /// The operation's. When there is no connection in time, nothing was done, and the error is Diesel's `UnableToSendCommand`:
    /// of the failure [`ConnectionLost`](crate::error::Failure::ConnectionLost) and the class
    /// [`Busy`](crate::error::Class::Busy). Its message says whether all connections were in use or none could be made.
    ///
    /// # Panics
    ///
    /// If the operation panics, and outside of a runtime of tokio's with its time enabled.
    pub async fn run<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        let connection = self.inner.connection().await?;
        // From here on nothing waits before the thread owns the connection: it is not given back while it is in use.
        let inner = Arc::clone(&self.inner);
        let running = tokio::task::spawn_blocking(move || inner.carry_out(connection, operation));
        match running.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            // The runtime shuts down, and the operation has not begun.
            Err(error) => Err(unavailable(error.to_string()).into()),
        }
    }

    /// Runs an operation as [`run`](Self::run) does, and notes in the session where it stands in the log, so that the
    /// session's reads see it. One round trip more than `run`, where there are standbys.
    ///
    /// Where it is not known where it stands, as after a panic or with a connection that was lost, the session reads on the primary
    /// until its next operation.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub async fn run_in<T, E, F>(&self, session: &Session, operation: F) -> Result<T, E>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        self.run(self.noting(vec![session.clone()], operation)).await
    }

    /// An operation that notes in these sessions, if any, where it stands in the log.
    fn noting<T, E, F>(
        &self,
        sessions: Vec<Session>,
        operation: F,
    ) -> impl FnOnce(&mut PgConnection) -> Result<T, E> + use<T, E, F>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, E>,
    {
        let standbys = self.standbys.clone().filter(|_| !sessions.is_empty());
        move |conn| {
            let unwinding = Unwinding(&sessions);
            let result = operation(conn);
            drop(unwinding);
            let Some(standbys) = standbys else { return result };
            // It may have been committed although its answer was lost.
            let position = standbys::position(conn).unwrap_or(Position::UNKNOWN);
            for session in &sessions {
                session.note(position);
            }
            if position != Position::UNKNOWN {
                standbys.note(position);
            }
            result
        }
    }

    /// Runs an operation that only reads, on a standby where there is one that is near enough. On a pool without standbys it
    /// is [`run`](Self::run).
    ///
    /// An operation that writes fails there, with [`Failure::ReadOnly`](crate::error::Failure::ReadOnly). Those that only read
    /// are the functions named `get`, `find`, `list`, `all` and so on; [`sessions::authenticate`] writes now and then, to
    /// extend a session, and belongs into `run`.
    ///
    /// One round trip more than `run`, to ask how far the standby is.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run). A standby may cancel a read that is in the way of what it replays: of the failure
    /// [`Contention`](crate::error::Failure::Contention), to be repeated.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    ///
    /// [`sessions::authenticate`]: crate::queries::sessions::authenticate
    pub async fn read<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        self.read_from(Position::ZERO, operation).await
    }

    /// Runs an operation that only reads, as [`read`](Self::read) does, and sees everything that the session has written with
    /// [`run_in`](Self::run_in): on a standby that has it already, or else on the primary, without waiting.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub async fn read_in<T, E, F>(&self, session: &Session, operation: F) -> Result<T, E>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        self.read_from(session.position(), operation).await
    }

    async fn read_from<T, E, F>(&self, position: Position, operation: F) -> Result<T, E>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        let Some(standbys) = &self.standbys else { return self.run(operation).await };
        if standbys.is_outdated() {
            let (primary, standbys) = (self.clone(), Arc::clone(standbys));
            tokio::spawn(async move { standbys.ask(&primary).await });
        }
        match standbys.read(self, position, operation).await {
            Ok(result) => result,
            Err(operation) => self.run(operation).await,
        }
    }

    /// How busy the pool is at this moment: for metrics. Standbys have their own.
    #[must_use]
    pub fn status(&self) -> Status {
        let status = self.inner.connections.status();
        Status { connections: status.max_size, open: status.size, idle: status.available, waiting: status.waiting }
    }
}

/// What an operation that panics may have committed is noted as a write of which it is not known where it stands.
struct Unwinding<'a>(&'a [Session]);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for session in self.0 {
                session.note(Position::UNKNOWN);
            }
        }
    }
}

impl Inner {
    /// A connection, which only this one uses until it is dropped.
    async fn connection(&self) -> Result<Object, DieselError> {
        self.connections.get().await.map_err(|error| self.no_connection(&error))
    }

    /// Why there is no connection, without what libpq quotes of a URL that it cannot read.
    fn no_connection(&self, error: &PoolError) -> DieselError {
        let shown = match error {
            PoolError::Backend(ConnectionError::Connection(
                cause @ (NotConnected::BadConnection(_)
                | NotConnected::InvalidCString(_)
                | NotConnected::InvalidConnectionUrl(_)),
            )) => format!("Failed to establish connection: {}", self.url.shown(&cause.to_string())),
            _ => error.to_string(),
        };
        unavailable(format!("no connection to the database: {shown}"))
    }
}

impl Drop for Inner {
    /// Closes the connections that are idle, which a thread for blocking work does: one of the runtime's, or outside of
    /// one, of a runtime of its own.
    fn drop(&mut self) {
        let is_outside = Handle::try_current().is_err();
        let own = is_outside.then(|| Builder::new_current_thread().build().ok()).flatten();
        let _entered = own.as_ref().map(tokio::runtime::Runtime::enter);
        self.connections.close();
    }
}

impl fmt::Debug for Pool {
    /// Without the URL, which may have a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.status()).finish()
    }
}

/// Whether the connection is open, as far as it is known without asking the server.
fn is_open(connection: &mut PgConnection) -> Result<(), ConnectionError> {
    end_of_connection::noticed(connection).map_err(ConnectionError::Ping)
}

fn unavailable(message: String) -> DieselError {
    DieselError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(message))
}

//! A web page that shows a database: where it stands, what it is made of, what is in it, what each user sees, and how it
//! fares. It only reads.
//!
//! [`Studio::open`] listens, [`Studio::url`] is the address with the token that lets a browser in, and
//! [`Studio::run_until`] answers. The pages are made on the server and work without JavaScript; no request goes to another
//! host. Every statement runs in a READ ONLY transaction with a statement timeout, in at most three connections of the
//! studio's own and two of the runner's. Hashes of passwords and tokens are never selected: see [`is_secret`].
//!
//! ```no_run
//! use messenger_db::migrate::{self, ConnectOptions, Silent};
//! use messenger_db::studio::{Options, Studio};
//!
//! let url = "postgresql://localhost/chat";
//! let pool = migrate::connect(&url.parse()?, &ConnectOptions::default(), &mut Silent)?;
//! let studio = Studio::open(&pool, &Options::default())?;
//! println!("{}", studio.url());
//! studio.run_until(|| false)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use crate::migrate::{self, Pool};

mod address;
mod asset;
mod catalog;
mod data;
mod database;
mod diagram;
mod failure;
mod form;
mod growth;
mod guard;
mod health;
mod held;
mod hidden;
mod layout;
mod locks;
mod origin;
mod people;
mod replication;
mod routes;
mod secret;
mod serving;
mod standing;
mod tables;
mod words;

pub use secret::is_secret;

use database::Database;
use growth::Growth;
use guard::Token;

/// How to listen, and how long a page may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The address to listen at; 127.0.0.1. Whoever can reach it needs the token too, which goes over the network as it is.
    pub address: IpAddr,
    /// The port; 0 takes one that is free.
    pub port: u16,
    /// How long a statement of a page may run; 5 s.
    pub statement_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { address: Ipv4Addr::LOCALHOST.into(), port: 0, statement_timeout: Duration::from_secs(5) }
    }
}

/// A studio that listens.
#[derive(Debug)]
pub struct Studio {
    listener: TcpListener,
    address: SocketAddr,
    app: App,
}

/// What all requests share.
#[derive(Debug)]
struct State {
    database: Database,
    token: Token,
    growth: Growth,
    /// How many pages are made at once; the others wait.
    pages: Arc<tokio::sync::Semaphore>,
}

type App = Arc<State>;

/// Reads the sizes of the tables once a minute, as long as the studio runs.
async fn watch(app: App) {
    let mut minutes = tokio::time::interval(growth::INTERVAL);
    loop {
        minutes.tick().await;
        let app = Arc::clone(&app);
        // A reading that fails is missing from the plot.
        let _ = tokio::task::spawn_blocking(move || app.growth.read(&app.database, false)).await;
    }
}

/// Why a studio could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database gives no session that only reads.
    #[error(transparent)]
    Database(#[from] Box<migrate::Error>),
    /// The address or the port is not available.
    #[error("{address} cannot be listened on: {source}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no random numbers for the token.
    #[error("the system gave no random bytes for the token: {0}")]
    Random(#[from] getrandom::Error),
}

impl Studio {
    /// Listens, and connects once more to the database of the pool. Nothing is answered before
    /// [`run_until`](Self::run_until).
    ///
    /// # Errors
    ///
    /// [`OpenError::Listen`] when the port is taken or the address is none of this machine's; [`OpenError::Database`] when
    /// the server gives no second session; [`OpenError::Random`].
    pub fn open(pool: &Pool, options: &Options) -> Result<Self, OpenError> {
        let address = SocketAddr::new(options.address, options.port);
        let failed = |source| OpenError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let state = State {
            database: Database::open(pool, options.statement_timeout).map_err(Box::new)?,
            token: Token::generate(address.port())?,
            growth: Growth::default(),
            pages: Arc::new(tokio::sync::Semaphore::new(8)),
        };
        Ok(Self { listener, address, app: Arc::new(state) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for a browser, with the token. Whoever has it sees the database, so it belongs in no log.
    #[must_use]
    pub fn url(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        format!("http://{}/?token={}", SocketAddr::new(ip, self.address.port()), self.app.token.expose())
    }

    /// Answers until `wants_to_stop` says so, which is asked ten times a second. A page that is being made then is not
    /// waited for.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn run_until(self, wants_to_stop: impl Fn() -> bool) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.spawn(watch(Arc::clone(&self.app)));
        let serving = runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            serving::serve(listener, routes::routes(self.app)).await
        });
        while !wants_to_stop() && !serving.is_finished() {
            thread::sleep(Duration::from_millis(100));
        }
        let ended = serving.is_finished().then(|| runtime.block_on(serving));
        runtime.shutdown_background();
        ended.map_or(Ok(()), |ended| ended.unwrap_or(Ok(())))
    }
}

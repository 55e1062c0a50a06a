//! One PostgreSQL for all tests: a throwaway one, the one that `TEST_DATABASE_URL` names, or the coordinator of Citus that
//! `TEST_CITUS_URL` names.
//!
//! The throwaway goes away with this process, however that ends. On another's server, databases are dropped with
//! the tests that made them, and what a killed run left is dropped by the next.

use std::sync::OnceLock;

use messenger_db::local::{DATABASE, Local, StopMode};
use messenger_db::migrate::for_tests::Connection;
use messenger_db::migrate::{Conninfo, ServerError};

use super::citus::{self, Worker};
use super::{StateFolder, TestDatabase, standby};

/// A server that tests may make databases on.
pub struct Server {
    admin_url: String,
    // The server is destroyed when this process no longer holds it. Another's is not ours.
    own: Option<AnnouncedServer>,
    // With Citus, the workers: databases are made on each of them, too.
    workers: Vec<Worker>,
}

/// The server of this run.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| match (std::env::var("TEST_CITUS_URL"), std::env::var("TEST_DATABASE_URL")) {
        (Ok(url), _) => Server::with_workers(url),
        (_, Ok(url)) => Server::named(url),
        _ => Server::throwaway(&[]),
    })
}

/// A server that is not there yet, and where it will be.
pub struct AnnouncedServer {
    local: Local,
    // Held, not read.
    _folder: StateFolder,
}

impl AnnouncedServer {
    /// Settles where it will be. The lines come before the others in its `pg_hba.conf`.
    pub fn new(rules: &[&str]) -> Self {
        Self::wanted(|local| rules.iter().fold(local.throwaway(), |local, rule| local.rule(rule)))
    }

    fn wanted(wish: impl FnOnce(Local) -> Local) -> Self {
        let folder = StateFolder::new();
        let local = wish(Local::open(Some(folder.path())).unwrap());
        Self { local, _folder: folder }
    }

    /// The URL that it will have.
    pub fn url(&self) -> String {
        self.local.url(DATABASE)
    }

    /// Starts it.
    pub fn start(self) -> Server {
        self.local.start().unwrap_or_else(|error| panic!("{error}"));
        Server { admin_url: self.url(), own: Some(self), workers: Vec::new() }
    }
}

impl Server {
    /// A server that this process starts, and that goes away with it. The lines come before the others in its
    /// `pg_hba.conf`.
    pub fn throwaway(rules: &[&str]) -> Self {
        AnnouncedServer::new(rules).start()
    }

    /// A server of such settings that this process starts, and that goes away with it.
    pub fn wanted(wish: impl FnOnce(Local) -> Local) -> Self {
        AnnouncedServer::wanted(wish).start()
    }

    /// One that counts statements by `pg_stat_statements`, of such settings besides; `None` where PostgreSQL comes without it.
    pub fn counting_statements(settings: &[&str]) -> Option<&'static Self> {
        const THERE: &str = "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_stat_statements'";
        if TestDatabase::empty().value(THERE) == "0" {
            return None;
        }
        let server = Self::wanted(|builder| {
            let builder = builder.throwaway().setting("shared_preload_libraries = 'pg_stat_statements'");
            settings.iter().fold(builder, |builder, setting| builder.setting(setting))
        });
        Some(Box::leak(Box::new(server)))
    }

    /// Stops it at once, as a crash would.
    pub fn crash(&self) {
        assert!(self.own.as_ref().unwrap().local.stop(StopMode::Immediate).unwrap(), "it was not running");
    }

    /// Starts it again.
    pub fn restart(&self) {
        self.own.as_ref().unwrap().local.start().unwrap_or_else(|error| panic!("{error}"));
    }

    /// A hot standby of it, which this process starts, and that goes away with it. It calls itself `standby`.
    pub fn standby(&self) -> Self {
        let standby = AnnouncedServer::new(&[]);
        standby::make(&self.own.as_ref().unwrap().local, &standby.local);
        standby.start()
    }

    fn named(url: String) -> Self {
        let server = Self { admin_url: url, own: None, workers: Vec::new() };
        server.drop_abandoned_databases();
        server
    }

    /// The coordinator of Citus: each database has the extension, here and on the workers.
    fn with_workers(url: String) -> Self {
        let workers = citus::workers(&mut Connection::open(&url.parse().unwrap()).unwrap(), &url);
        let server = Self { workers, ..Self::named(url) };
        assert!(!server.workers.is_empty(), "TEST_CITUS_URL names a database whose pg_dist_node has no workers");
        server
    }

    /// The workers of Citus; none of a plain server.
    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// A connection to a database that is always there.
    pub fn connect(&self) -> Connection {
        self.try_connect().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same, of a server that may have stopped.
    pub fn try_connect(&self) -> Result<Connection, ServerError> {
        Connection::open(&self.admin_url.parse::<Conninfo>().unwrap())
    }

    /// The URL of a database on this server.
    pub fn url(&self, database: &str) -> String {
        let mut url = url::Url::parse(&self.admin_url).unwrap();
        url.set_path(database);
        url.into()
    }

    /// Drops what a killed run left: test databases that nobody is connected to, and whose process is gone.
    fn drop_abandoned_databases(&self) {
        let mut connection = self.connect();
        let databases = connection
            .execute("SELECT datname, split_part(datname, '_', 4) FROM pg_database WHERE datname LIKE 'messenger\\_db\\_test\\_%'")
            .unwrap();
        for row in databases {
            let [Some(name), Some(pid)] = row.as_slice() else { continue };
            if !std::path::Path::new("/proc").join(pid).exists() {
                // Another run may be faster.
                let _ = connection.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            }
        }
    }
}

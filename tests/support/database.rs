//! A database for one test: empty, or a clone of the migrated template; dropped when the test ends.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::{Connection as _, PgConnection};
use messenger_db::migrate::ServerError;
use messenger_db::migrate::for_tests::{Connection, Rows};
use messenger_db::migrate::{self, ConnectOptions, Pool, RunOptions, Silent, for_tests};

use super::{Server, citus, server};

/// A database of its own for a test.
pub struct TestDatabase {
    name: String,
    server: &'static Server,
    // Whether it is a copy of the template that is distributed with Citus, if there is one.
    is_distributed: bool,
}

impl TestDatabase {
    /// One without anything in it.
    pub fn empty() -> Self {
        Self::create(server(), "template0")
    }

    /// One without anything in it, on a server of the test's own.
    pub fn empty_on(server: &'static Server) -> Self {
        Self::create(server, "template0")
    }

    /// One without anything in it, in another encoding than UTF-8.
    pub fn encoded(encoding: &str) -> Self {
        Self::create(server(), &format!("template0 ENCODING '{encoding}' LOCALE 'C'"))
    }

    /// One at the head of the migrations, without rows.
    pub fn migrated() -> Self {
        static TEMPLATE: OnceLock<TestDatabase> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            let template = Self::empty();
            if !template.server.workers().is_empty() {
                citus::install(template.server, &template.name);
            }
            migrate::run(&template.pool(), &RunOptions::default(), &mut Silent).unwrap();
            if !template.server.workers().is_empty() {
                migrate::distribute(&template.pool(), &mut Silent).unwrap();
                citus::leave(template.server, &template.name);
            }
            template
        });
        let mut database = Self::create(server(), &template.name);
        database.is_distributed = !server().workers().is_empty();
        database
    }

    /// One at the head of the migrations, on a server that nobody else connects to: what others have open there keeps dead rows,
    /// and so changes plans and updates in place. Neither autovacuum nor the launcher of replication looks at anything.
    pub fn alone() -> Self {
        let server = Server::wanted(|builder| {
            builder.throwaway().setting("autovacuum = off").setting("max_logical_replication_workers = 0")
        });
        let database = Self::empty_on(Box::leak(Box::new(server)));
        migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
        database
    }

    fn create(server: &'static Server, template: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("messenger_db_test_{}_{number}", std::process::id());
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        // The metadata of Citus names no database, so a copy of each server's part is a copy of the whole.
        for worker in server.workers() {
            worker.connect().execute(&sql).unwrap();
        }
        server.connect().execute(&sql).unwrap();
        if !server.workers().is_empty() {
            citus::set_up(server, &name);
        }
        Self { name, server, is_distributed: false }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A connection as the runner has it.
    pub fn connect(&self) -> Connection {
        Connection::open(&self.url().parse().unwrap()).unwrap()
    }

    /// A connection of Diesel's. With Citus, a projector catches up before each inbox that is read there.
    pub fn diesel(&self) -> PgConnection {
        let mut conn = self.diesel_without_projector();
        if !self.server.workers().is_empty() {
            citus::let_projector_catch_up(&mut conn, self.url());
        }
        conn
    }

    /// A connection of Diesel's that reads inboxes as they are.
    pub fn diesel_without_projector(&self) -> PgConnection {
        PgConnection::establish(&self.url()).unwrap()
    }

    /// The runner's pool.
    pub fn pool(&self) -> Pool {
        migrate::connect(&self.url().parse().unwrap(), &ConnectOptions::default(), &mut Silent).unwrap()
    }

    /// Carries out SQL, one statement or several.
    pub fn execute(&self, sql: &str) -> Result<Rows, ServerError> {
        self.connect().execute(sql)
    }

    /// The first column of what a query gives.
    pub fn column(&self, sql: &str) -> Vec<String> {
        let rows = self.execute(sql).unwrap_or_else(|error| panic!("{error} in {sql}"));
        rows.into_iter().map(|row| row.into_iter().next().flatten().unwrap_or_default()).collect()
    }

    /// The one value that a query gives.
    pub fn value(&self, sql: &str) -> String {
        self.column(sql).into_iter().next().unwrap_or_else(|| panic!("no row: {sql}"))
    }

    /// The catalog, as the runner compares it.
    pub fn catalog(&self) -> String {
        for_tests::read_catalog(&mut self.connect()).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.is_distributed && !std::thread::panicking() {
            citus::assert_same_on_all(&mut self.connect());
        }
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The server itself may be gone by now, as in a test of a crash that fails.
        let _ = self.server.try_connect().map(|mut admin| admin.execute(&sql));
        for worker in self.server.workers() {
            let _ = worker.connect().execute(&sql);
        }
    }
}

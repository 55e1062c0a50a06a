//! Databases on a coordinator of Citus and its workers, which `TEST_CITUS_URL` names: `make test-citus` runs the operations there.

use diesel::connection::{Connection as _, InstrumentationEvent};
use diesel::prelude::*;
use messenger_db::migrate::for_tests::Connection;
use messenger_db::projector::{self, Options, Tick};

use super::{Server, until};

/// A worker, by the URL of a database that is always there.
pub struct Worker {
    url: String,
    place: String,
}

impl Worker {
    /// A connection to that database.
    pub fn connect(&self) -> Connection {
        Connection::open(&self.url.parse().unwrap()).unwrap()
    }
}

/// The workers that a coordinator knows. They are reached as it reaches them, with the user and password of its URL.
pub fn workers(coordinator: &mut Connection, url: &str) -> Vec<Worker> {
    let nodes = coordinator
        .execute(
            "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0 AND noderole = 'primary' ORDER BY 1, 2",
        )
        .unwrap();
    let of_node = |row: &[Option<String>]| {
        let [Some(host), Some(port)] = row else { panic!("{row:?}") };
        let mut url = url::Url::parse(url).unwrap();
        url.set_host(Some(host)).unwrap();
        url.set_port(port.parse().ok()).unwrap();
        Worker { url: url.into(), place: format!("'{host}', {port}") }
    };
    nodes.iter().map(|row| of_node(row)).collect()
}

/// Makes a database, which is empty and on each server, one that is distributed over them.
pub fn install(server: &Server, name: &str) {
    // Few shards, because each is a table of its own, and all of them are copied for each test.
    let settings = format!("ALTER DATABASE {name} SET citus.shard_count = 4");
    let on = |admin: &mut Connection, url: &str| {
        admin.execute(&settings).unwrap();
        let mut url = url::Url::parse(url).unwrap();
        url.set_path(name);
        let mut session = Connection::open(&url.as_str().parse().unwrap()).unwrap();
        session.execute("CREATE EXTENSION citus").unwrap();
        session
    };
    for worker in server.workers() {
        on(&mut worker.connect(), &worker.url);
    }
    let mut coordinator = on(&mut server.connect(), &server.url(name));
    let itself = server.connect().execute("SELECT nodename, nodeport FROM pg_dist_node WHERE groupid = 0").unwrap();
    let [Some(host), Some(port)] = itself.first().map(Vec::as_slice).unwrap_or_default() else {
        panic!("the coordinator has no name yet: citus_set_coordinator_host")
    };
    coordinator.execute(&format!("SELECT citus_set_coordinator_host('{host}', {port})")).unwrap();
    for worker in server.workers() {
        coordinator.execute(&format!("SELECT citus_add_node({})", worker.place)).unwrap();
    }
}

/// What `distribute` sets for a database, which a copy of it does not have.
pub fn set_up(server: &Server, name: &str) {
    let setting = format!("ALTER DATABASE {name} SET citus.multi_shard_modify_mode = 'sequential'");
    server.connect().execute(&setting).unwrap();
}

/// Lets nobody into a database any more, not even what Citus itself has running there: then it can be copied.
pub fn leave(server: &Server, name: &str) {
    let leave = |admin: &mut Connection| {
        admin.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).unwrap();
        let others = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        until("everybody has left the template", || admin.execute(&others).unwrap().is_empty());
    };
    leave(&mut server.connect());
    for worker in server.workers() {
        leave(&mut worker.connect());
    }
}

/// Before each statement that reads lists of chats or makes badges from them, takes what is marked, on a connection of its own.
pub fn let_projector_catch_up(conn: &mut PgConnection, url: String) {
    let mut projector = None;
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && ["inbox_entries", "badge", "search_query"].iter().any(|reader| query.to_string().contains(reader))
        {
            let conn = projector.get_or_insert_with(|| PgConnection::establish(&url).unwrap());
            while projector::tick(conn, &Options::at_once()).unwrap() != Tick::default() {}
        }
    });
}

/// The reference tables of which two servers have other rows.
const DIVERGED: &str =
    "SELECT whole.table_name FROM citus_tables AS whole CROSS JOIN LATERAL run_command_on_placements(
        whole.table_name, 'SELECT md5(string_agg(row::text, '','' ORDER BY row::text)) FROM %s AS row'
    ) AS copy
    WHERE whole.citus_table_type = 'reference' GROUP BY whole.table_name HAVING count(DISTINCT copy.result) > 1";

/// Panics when the copies of a table that is whole on each server are not the same.
pub fn assert_same_on_all(database: &mut Connection) {
    let diverged = database.execute(DIVERGED).unwrap();
    assert!(diverged.is_empty(), "these are not the same on all servers: {diverged:?}");
}

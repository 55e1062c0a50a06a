//! What a start of the service costs when the database is up to date.

use std::path::Path;

use super::own_server;
use crate::support::{Proxy, Run, TestDatabase, messenger_db};

/// The binary runs a command on a database through a proxy; gives connections and round trips.
fn counted(database: &TestDatabase, command: &str) -> (usize, usize) {
    let connection = database.connect();
    let proxy = Proxy::to(Path::new(&connection.host()));
    let url = format!(
        "host={} port=5432 user={} dbname={}",
        proxy.folder().display(),
        connection.user(),
        connection.database()
    );
    Run::of(messenger_db(&[command]).env("DATABASE_URL", url)).exits(0);
    (proxy.connections(), proxy.round_trips())
}

#[test]
fn run_on_an_up_to_date_database_opens_one_connection_and_asks_at_most_six_times() {
    let database = TestDatabase::empty_on(own_server());
    let (connections, to_migrate) = counted(&database, "run");
    assert_eq!(connections, 2, "one to work on, and one that holds the lock");
    let (connections, round_trips) = counted(&database, "run");
    assert_eq!(connections, 1);
    assert!((2..=6).contains(&round_trips), "{round_trips}");
    // The proxy counts at all: each migration is at least BEGIN, itself, its row and COMMIT.
    assert!(to_migrate >= 4 * super::names().len(), "{to_migrate}");
}

#[test]
fn looking_costs_no_more() {
    let database = TestDatabase::empty_on(own_server());
    counted(&database, "run");
    // status compares the catalog, which is two: what there is, and what there is to say of that.
    for (command, at_most) in [("status", 7), ("list", 6), ("pending", 6)] {
        let (connections, round_trips) = counted(&database, command);
        assert_eq!(connections, 1, "{command}");
        assert!(round_trips <= at_most, "{command}: {round_trips}");
    }
}

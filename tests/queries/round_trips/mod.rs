//! What each operation asks the server for: statements, round trips, and how many of the statements are parsed again at
//! each call. Counted on the wire, at the second call on a connection, and held in docs/round-trips.md.

mod calls;
mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use diesel::{Connection as _, PgConnection};
use messenger_db::enums::DeviceType;
use messenger_db::migrate::{self, RunOptions, Silent};
use messenger_db::queries::sessions::{self, Device};
use pretty_assertions::assert_eq;
use world::World;

use super::cast;
use crate::support::{Proxy, Server, TestDatabase};
use crate::tree::operations::operations;

/// Work in batches, on nobody's behalf: what it asks for follows how much there is to do.
const IN_BATCHES: [&str; 15] = [
    "accounts::release_username",
    "accounts::release_usernames",
    "changes::prune",
    "erasure::left",
    "erasure::of_user",
    "export::of_user",
    "import::messages",
    "retention::purge_chat",
    "retention::remove_messages",
    "sessions::purge_expired",
    "unused_files::forget",
    "unused_files::list",
    "uploads::abandon",
    "uploads::discard",
    "uploads::remove",
];

/// Of messages from a client, how many there were.
#[derive(Debug, Default)]
struct Counters {
    statements: AtomicUsize,
    round_trips: AtomicUsize,
    parses: AtomicUsize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    statements: usize,
    round_trips: usize,
    parses: usize,
}

impl Counters {
    /// Counts a message (<https://www.postgresql.org/docs/current/protocol-message-formats.html>): Query and Bind begin a
    /// statement, Query and Sync wait for the answer, Parse and Query are parsed. The statements that begin and end a
    /// transaction are nothing to parse.
    fn count(&self, message: &[u8]) {
        let add = |counter: &AtomicUsize| counter.fetch_add(1, Ordering::SeqCst);
        match message[0] {
            b'Q' => {
                add(&self.statements);
                add(&self.round_trips);
                let text = String::from_utf8_lossy(&message[5..]);
                let ends = ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"];
                if !ends.iter().any(|begin| text.starts_with(begin)) {
                    add(&self.parses);
                }
            }
            b'B' => {
                add(&self.statements);
            }
            b'S' => {
                add(&self.round_trips);
            }
            b'P' => {
                add(&self.parses);
            }
            _ => {}
        }
    }

    fn now(&self) -> Cost {
        let of = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
        Cost { statements: of(&self.statements), round_trips: of(&self.round_trips), parses: of(&self.parses) }
    }
}

/// Calls each operation, and gives what it noted.
fn called(database: &TestDatabase, counts_plans: bool) -> World {
    let mut beside = database.diesel();
    let (group, [alice, bob, _]) = cast::group(&mut beside);
    let direct = cast::direct(&mut beside, alice, bob);
    let session =
        sessions::open(&mut beside, alice, &Device::new(DeviceType::Web), TimeDelta::days(30)).unwrap().session.id;
    let counters = Arc::<Counters>::default();
    let connection = database.connect();
    let counting = Arc::clone(&counters);
    let proxy = Proxy::watching(Path::new(&connection.host()), move |message| counting.count(message));
    let url = format!(
        "host={} port=5432 user={} dbname={}",
        proxy.folder().display(),
        connection.user(),
        connection.database()
    );
    let conn = PgConnection::establish(&url).unwrap();
    let costs = BTreeMap::new();
    let planned = counts_plans.then(BTreeMap::new);
    let mut world = World { beside, conn, counters, costs, planned, alice, bob, group, direct, session, made: 0 };
    calls::all(&mut world);
    if counts_plans {
        calls::otherwise(&mut world);
    }
    world
}

#[test]
fn what_each_operation_asks_for_is_documented() {
    let costs = called(&TestDatabase::migrated(), false).costs;
    let missing = operations().into_keys().filter(|name| !costs.contains_key(name.as_str()));
    assert_eq!(missing.collect::<Vec<_>>(), IN_BATCHES);
    let mut text = String::from(
        "# Round trips\n\nWhat each operation asks the server for, counted on the wire at its second call on a connection, \
         where it does what it is asked:\n\n\
         * **Statements**, those among them that begin and end a transaction.\n\
         * **Round trips**: how often the caller waits for the server. Within a transaction of the caller's, BEGIN and COMMIT \
         are savepoints, and are as many.\n\
         * **Parsed again**: statements that are not prepared, and that each call has parsed and planned. What is called \
         often has none. Nothing else is planned again, in functions either.\n\n\
         Tasks in batches are not listed: what they ask for follows how much there is to do. This file is written by \
         `make snapshots`; a test compares.\n\n\
         | operation | statements | round trips | parsed again |\n| --- | --- | --- | --- |\n",
    );
    for (name, Cost { statements, round_trips, parses }) in costs {
        let _ = writeln!(text, "| `{name}` | {statements} | {round_trips} | {parses} |");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/round-trips.md");
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        fs::write(&file, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(file).unwrap_or_default(), text);
}

/// Where the server has `pg_stat_statements`, which counts how often each statement was planned. It reads by indexes, from slow
/// disks, as is assumed without settings, so that a plan made anew for the values given promises to pay where it ever does.
#[test]
fn no_operation_has_a_statement_planned_at_each_call() {
    let settings = [
        "pg_stat_statements.track = all",
        "pg_stat_statements.track_planning = on",
        "autovacuum = off",
        "enable_seqscan = off",
        "random_page_cost = 4",
    ];
    let Some(server) = Server::counting_statements(&settings) else { return };
    let database = TestDatabase::empty_on(server);
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    database.execute("CREATE EXTENSION pg_stat_statements").unwrap();
    let world = called(&database, true);
    assert_eq!(world.planned.unwrap(), BTreeMap::new());
}

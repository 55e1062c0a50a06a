//! Builds and drops an index of messages while clients write and read: no client waits for a lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use messenger_db::migrate::{self, Migration, RunOptions, Silent, migrations};

use crate::support::{TestDatabase, fixtures, migration};

/// The embedded migrations, and two that build an index of messages and drop another, both concurrently.
fn with_indexes() -> Vec<Migration> {
    [migrations().unwrap(), fixtures("index_messages")].concat()
}

/// Runs beside six who write and one who reads, none of whom waits: how many of them were refused a lock.
fn refused_beside(database: &TestDatabase, folder: Vec<Migration>) -> usize {
    let pool = database.pool().with_migrations(folder);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = ["ROW EXCLUSIVE"; 6]
            .into_iter()
            .chain(["ACCESS SHARE"])
            .map(|mode| {
                let done = &done;
                let mut client = database.connect();
                // NOWAIT: not a moment, whoever has it or is before us in the queue.
                let work = format!("BEGIN; LOCK TABLE messages IN {mode} MODE NOWAIT; COMMIT");
                scope.spawn(move || {
                    while !done.load(Ordering::SeqCst) {
                        if let Err(error) = client.execute(&work) {
                            assert_eq!(error.sqlstate, "55P03");
                            return 1;
                        }
                    }
                    0
                })
            })
            .collect();
        let outcome = migrate::run(&pool, &RunOptions { allow_drift: true, ..RunOptions::default() }, &mut Silent);
        done.store(true, Ordering::SeqCst);
        let refused = clients.into_iter().map(|client| client.join().unwrap()).sum();
        outcome.unwrap();
        refused
    })
}

#[test]
fn nobody_waits_while_an_index_is_built_and_another_dropped() {
    let database = TestDatabase::migrated();
    assert_eq!(refused_beside(&database, with_indexes()), 0);

    // An index that is built in a transaction would have been noticed.
    let up = "CREATE INDEX ON messages (sender_id); SELECT pg_sleep(0.5)";
    let folder = [with_indexes(), vec![migration("2099-01-03-000000_index_senders", up, "SELECT 1")]].concat();
    assert!(refused_beside(&database, folder) > 0);
}

#[test]
fn an_index_can_be_built_by_hand_while_people_write_and_then_be_migrated() {
    let (by_hand, migrated) = (TestDatabase::migrated(), TestDatabase::migrated());
    by_hand.execute(fixtures("index_messages")[0].up).unwrap();
    for database in [&by_hand, &migrated] {
        let options = RunOptions { allow_drift: true, ..RunOptions::default() };
        let pool = database.pool().with_migrations(with_indexes());
        assert_eq!(migrate::run(&pool, &options, &mut Silent).unwrap().steps.len(), 2);
    }
    pretty_assertions::assert_eq!(by_hand.catalog(), migrated.catalog());
}

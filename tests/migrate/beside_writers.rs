//! The indexes of search change while everybody writes and reads: nobody waits for a lock on the messages.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use messenger_db::migrate::{self, Migration, RunOptions, Silent, migrations};

use crate::support::{TestDatabase, migration};

/// The last migration before the index.
const BEFORE: &str = "2026-11-25-100300_add_chat_words";

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
fn nobody_waits_while_the_index_of_search_is_built_and_the_old_one_dropped() {
    let database = TestDatabase::empty();
    let options = RunOptions { to: Some(BEFORE.to_owned()), ..RunOptions::default() };
    migrate::run(&database.pool(), &options, &mut Silent).unwrap();
    assert_eq!(refused_beside(&database, migrations().unwrap()), 0);

    // An index that is built in a transaction would have been noticed.
    let up = "CREATE INDEX ON messages (sender_id); SELECT pg_sleep(0.5)";
    let folder = [migrations().unwrap(), vec![migration("2099-01-01-000000_index_senders", up, "SELECT 1")]].concat();
    assert!(refused_beside(&database, folder) > 0);
}

//! A lock that another session holds: the runner rolls back before others queue for long, retries, and names the session.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use messenger_db::migrate::{
    self, Blocker, ConnectOptions, Error, Event, Migration, Observer, Pool, RunOptions, Silent,
};

use crate::support::{LockHolder, TestDatabase, migration};

/// How long a migration waits for a lock here.
const LOCK_TIMEOUT: Duration = Duration::from_millis(400);

/// How much longer another client may wait than that. What is promised is 100 ms, which holds on a machine that has
/// nothing else to do; `STRICT_TIMING=1` asks for it. Where the runner did not step back it would be for ever.
fn slack() -> Duration {
    if std::env::var_os("STRICT_TIMING").is_some() { Duration::from_millis(100) } else { Duration::from_secs(30) }
}

fn pool(database: &TestDatabase, lock_retries: usize, migrations: Vec<Migration>) -> Pool {
    // So that a mistake fails instead of hanging.
    let statement_timeout = Some(Duration::from_mins(1));
    let options =
        ConnectOptions { lock_timeout: LOCK_TIMEOUT, lock_retries, statement_timeout, ..ConnectOptions::default() };
    let pool = migrate::connect(&database.url().parse().unwrap(), &options, &mut Silent).unwrap();
    pool.with_migrations(migrations)
}

/// A table that clients work on, and a migration that needs it for itself.
fn cats() -> (TestDatabase, Migration) {
    let database = TestDatabase::empty();
    database
        .execute("CREATE TABLE cats (id int PRIMARY KEY, lives int NOT NULL); INSERT INTO cats VALUES (1, 9)")
        .unwrap();
    let up = "ALTER TABLE cats ADD COLUMN colour text";
    (database, migration("2026-01-01-000000_add_colour", up, "ALTER TABLE cats DROP COLUMN colour"))
}

/// Passes on each step back, with which session held the lock.
struct SteppedBack(Sender<Option<Blocker>>);

impl Observer for SteppedBack {
    fn on(&mut self, event: &Event<'_>) {
        if let Event::SteppedBack { blocker, .. } = event {
            self.0.send(blocker.cloned()).unwrap();
        }
    }
}

/// Others work on the table, while something that never ends stands in the migration's way.
fn others_go_on(database: &TestDatabase, change: &Migration, in_the_way: &str, work: &str) {
    let holder = LockHolder::of(database, &format!("SET application_name = 'the slow one'; {in_the_way}"));
    let pool = pool(database, 100, vec![*change]);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = database.connect();
                    // The server measures, and refuses who had to wait for longer.
                    let limit = (LOCK_TIMEOUT + slack()).as_millis();
                    client.execute(&format!("SET lock_timeout = {limit}")).unwrap();
                    let mut count = 0;
                    while !done.load(Ordering::SeqCst) {
                        client.execute(work).unwrap();
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let (sender, stepped_back) = channel();
        let runner = scope.spawn(move || migrate::run(&pool, &RunOptions::default(), &mut SteppedBack(sender)));
        let blockers: Vec<_> = stepped_back.iter().take(3).collect();
        drop(holder);
        let outcome = runner.join();
        // First of all, for the clients not to go on for ever.
        done.store(true, Ordering::SeqCst);
        assert_eq!(outcome.unwrap().unwrap().steps.len(), 1);
        for client in clients {
            assert!(client.join().unwrap() > 0);
        }
        let named = blockers.iter().flatten().any(|blocker| blocker.application == "the slow one");
        assert!(named, "{blockers:?}");
    });
}

#[test]
fn behind_a_reader_that_does_not_end_readers_and_writers_go_on() {
    let (database, change) = cats();
    let reads = "SELECT count(*) FROM cats";
    others_go_on(&database, &change, reads, "UPDATE cats SET lives = lives WHERE id = 1; SELECT * FROM cats");
}

#[test]
fn behind_a_writer_that_does_not_end_readers_and_writers_go_on() {
    let (database, change) = cats();
    let writes = "INSERT INTO cats VALUES (2, 9)";
    others_go_on(&database, &change, writes, "UPDATE cats SET lives = lives WHERE id = 1; SELECT * FROM cats");
}

#[test]
fn who_gives_up_names_who_it_was_and_since_when() {
    let (database, change) = cats();
    let mut holder = database.connect();
    holder.execute("SET application_name = 'a report'; BEGIN; SELECT count(*) FROM cats").unwrap();
    let before = database.catalog();
    let failed = migrate::run(&pool(&database, 2, vec![change]), &RunOptions::default(), &mut Silent);
    let Err(Error::Blocked { blocker: Some(blocker), attempts, source, held: None }) = failed else {
        panic!("{failed:?}")
    };
    assert_eq!((blocker.pid, blocker.application.as_str()), (holder.backend_pid().to_string(), "a report"));
    assert_eq!((blocker.state.as_deref(), attempts), (Some("idle in transaction"), 3));
    assert!(blocker.transaction_age.is_some() && blocker.query_age.is_some());
    assert!(matches!(*source, Error::Statement { in_transaction: true, .. }), "{source:?}");
    assert_eq!(database.column("SELECT version FROM __diesel_schema_migrations"), [""; 0]);
    database.execute("DROP TABLE __diesel_schema_migrations").unwrap();
    pretty_assertions::assert_eq!(database.catalog(), before);
}

#[test]
fn waits_for_several_locks_count_together() {
    let (database, _) = cats();
    // The server itself would wait for ever for each.
    let up = "SET LOCAL lock_timeout = 0; CREATE TABLE dogs (); ALTER TABLE cats ADD COLUMN colour text";
    let change = migration("2026-01-01-000000_add_colour", up, "ALTER TABLE cats DROP COLUMN colour");
    let _holder = LockHolder::of(&database, "SELECT count(*) FROM cats");
    let failed = migrate::run(&pool(&database, 0, vec![change]), &RunOptions::default(), &mut Silent);
    let Err(Error::Blocked { source, .. }) = failed else { panic!("{failed:?}") };
    assert_eq!(source.sqlstate(), Some("55P03"));
    assert!(source.to_string().contains("over several locks"), "{source}");
    assert_eq!(database.value("SELECT to_regclass('dogs') IS NULL"), "t");
}

#[test]
fn what_made_writers_wait_for_longer_than_the_lock_timeout_is_not_tried_again() {
    let (database, _) = cats();
    database.execute("CREATE TABLE dogs ()").unwrap();
    let slow = "CREATE INDEX ON cats (lives); SELECT pg_sleep(1.2); DROP TABLE dogs";
    let quick = "CREATE TABLE birds (); CREATE INDEX ON birds ((1)); SELECT pg_sleep(1.2); DROP TABLE dogs";
    let _holder = LockHolder::of(&database, "SET application_name = 'a report'; SELECT count(*) FROM dogs");
    for (up, holds) in [(slow, true), (quick, false)] {
        let change = migration("2026-01-01-000000_drop_dogs", up, "SELECT 1");
        let failed = migrate::run(&pool(&database, 1, vec![change]), &RunOptions::default(), &mut Silent);
        let Err(Error::Blocked { blocker: Some(blocker), attempts, held, .. }) = failed else { panic!("{failed:?}") };
        assert_eq!(blocker.application, "a report");
        // A table that nobody else sees may be locked for as long as it takes.
        assert_eq!((attempts, held.is_some()), if holds { (1, true) } else { (2, false) });
        assert!(held.is_none_or(|held| held >= Duration::from_secs(1)), "{held:?}");
    }
}

#[test]
fn a_lock_on_the_history_is_stepped_back_from_too() {
    let (database, change) = cats();
    database.execute(diesel::migration::CREATE_MIGRATIONS_TABLE).unwrap();
    let _holder = LockHolder::of(&database, "LOCK TABLE __diesel_schema_migrations IN SHARE MODE");
    let failed = migrate::run(&pool(&database, 1, vec![change]), &RunOptions::default(), &mut Silent);
    let Err(Error::Blocked { attempts: 2, source, .. }) = failed else { panic!("{failed:?}") };
    assert!(matches!(*source, Error::Bookkeeping { .. }), "{source:?}");
}

#[test]
fn every_migration_begins_with_all_its_attempts_and_redo_is_tried_again_whole() {
    let (database, change) = cats();
    let pool = pool(&database, 100, vec![change]);
    migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
    let before = database.catalog();
    let holder = LockHolder::of(&database, "SELECT count(*) FROM cats");
    thread::scope(|scope| {
        let (sender, stepped_back) = channel();
        let redo = scope.spawn(move || migrate::redo(&pool, &migrate::Revert::All, &mut SteppedBack(sender)));
        stepped_back.recv().unwrap();
        drop(holder);
        assert_eq!(redo.join().unwrap().unwrap().steps.len(), 2);
    });
    pretty_assertions::assert_eq!(database.catalog(), before);
}

/// Stops when it has stepped back once.
#[derive(Default)]
struct StopsAfterwards(bool);

impl Observer for StopsAfterwards {
    fn on(&mut self, event: &Event<'_>) {
        self.0 |= matches!(event, Event::SteppedBack { .. });
    }

    fn wants_to_stop(&self) -> bool {
        self.0
    }
}

#[test]
fn a_pause_can_be_interrupted() {
    let (database, change) = cats();
    let _holder = LockHolder::of(&database, "SELECT count(*) FROM cats");
    let failed =
        migrate::run(&pool(&database, 100, vec![change]), &RunOptions::default(), &mut StopsAfterwards::default());
    assert!(matches!(failed, Err(Error::Interrupted { done: 0, left: 1 })), "{failed:?}");
}

/// Where the lock is in the way of reading the catalog already, before the first migration, and of a redo in one transaction.
#[test]
fn every_pause_can_be_interrupted() {
    let database = TestDatabase::empty();
    let all = migrate::migrations().unwrap();
    let (_, before) = all.split_last().unwrap();
    let options =
        RunOptions { to: before.last().map(|migration| migration.version.to_string()), ..RunOptions::default() };
    migrate::run(&pool(&database, 100, all.clone()), &options, &mut Silent).unwrap();
    let holder = LockHolder::of(&database, "LOCK TABLE users");
    let pool = pool(&database, 100, all.clone());
    let failed = migrate::run(&pool, &RunOptions::default(), &mut StopsAfterwards::default());
    assert!(matches!(failed, Err(Error::Interrupted { done: 0, left: 1 })), "{failed:?}");
    drop(holder);
    migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
    let _holder = LockHolder::of(&database, "LOCK TABLE users");
    // In one transaction, and where a migration is among them that runs in none.
    for count in [1, all.len()] {
        let failed = migrate::redo(&pool, &migrate::Revert::Newest(count), &mut StopsAfterwards::default());
        let left = 2 * count;
        assert!(matches!(failed, Err(Error::Interrupted { done: 0, left: planned }) if planned == left), "{failed:?}");
    }
}

//! What a migration outside a transaction leaves when it is cut short, and what the next attempt makes of it.

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use messenger_db::migrate::{
    self, ConnectOptions, Error, Event, Interrupted, Migration, Observer, Pool, Report, Revert, RunOptions, Silent,
};
use rustix::process::Signal;

use crate::support::{Goal, LockHolder, Runner, Running, TestDatabase, fixtures, migration};

const INDEX: &str = "2026-01-02-000000";
const BELOW: &str = "2026-01-01-000000";

/// An index that is built concurrently, and dropped so.
fn index(up: &str) -> Migration {
    let down = "DROP INDEX CONCURRENTLY cats_name_idx";
    Migration { run_in_transaction: false, ..migration("2026-01-02-000000_index_cats", up, down) }
}

fn usual() -> Migration {
    index("CREATE INDEX CONCURRENTLY cats_name_idx ON cats (lower(name), id) INCLUDE (lives) WHERE lives > 0")
}

fn cats() -> TestDatabase {
    let database = TestDatabase::empty();
    let rows = "INSERT INTO cats SELECT number, 'cat', 9 FROM generate_series(1, 100) AS number";
    database.execute(&format!("CREATE TABLE cats (id int, name text, lives int); {rows}")).unwrap();
    database
}

fn pool(database: &TestDatabase, lock_retries: usize, migration: Migration) -> Pool {
    let lock_timeout = Duration::from_millis(200);
    let options = ConnectOptions { lock_timeout, lock_retries, ..ConnectOptions::default() };
    let pool = migrate::connect(&database.url().parse().unwrap(), &options, &mut Silent).unwrap();
    pool.with_migrations(vec![migration])
}

fn run(database: &TestDatabase, migration: Migration, observer: &mut dyn Observer) -> Result<Report, Error> {
    migrate::run(&pool(database, 0, migration), &RunOptions::default(), observer)
}

/// Notes what was found of earlier attempts.
#[derive(Default)]
struct Found(Vec<Interrupted>);

impl Observer for Found {
    fn on(&mut self, event: &Event<'_>) {
        if let Event::Resumed { interrupted, .. } = event {
            self.0.push((*interrupted).clone());
        }
    }
}

/// Whether the index is valid; nothing when there is none.
fn validity(database: &TestDatabase) -> Vec<String> {
    database.column(
        "SELECT indisvalid FROM pg_index INNER JOIN pg_class ON pg_class.oid = indexrelid WHERE relname = 'cats_name_idx'",
    )
}

/// An index of that name that is not valid, made as the server makes one: by an attempt that fails.
fn leave_invalid(database: &TestDatabase, up: &str) {
    let _writer = LockHolder::of(database, "INSERT INTO cats VALUES (0, 'new', 9)");
    let mut session = database.connect();
    session.execute("SET lock_timeout = '50ms'").unwrap();
    assert_eq!(session.execute(up).unwrap_err().sqlstate, "55P03");
    assert_eq!(validity(database), ["f"]);
}

#[test]
fn an_index_whose_runner_was_killed_is_built_anew() {
    let runner = Runner::Fixtures("hard_cases");
    let database = TestDatabase::empty();
    for migration in fixtures("hard_cases").iter().take(1) {
        database.execute(migration.up).unwrap();
        let row = format!("INSERT INTO __diesel_schema_migrations VALUES ('{}')", migration.version);
        database.execute(&format!("{}; {row}", diesel::migration::CREATE_MIGRATIONS_TABLE)).unwrap();
    }
    let mut writer = LockHolder::of(&database, "INSERT INTO cats VALUES (0, 'new')");
    let running = Running::start(&mut runner.command(&database.url(), Goal::UpTo(INDEX), false));
    let session = writer.blocks();
    running.signal(Signal::KILL);
    running.ends();
    writer.sees_gone(&session);
    assert_eq!(validity(&database), ["f"]);
    drop(writer);

    let pool = database.pool().with_migrations(fixtures("hard_cases"));
    let mut found = Found::default();
    let options = RunOptions { to: Some(INDEX.to_owned()), ..RunOptions::default() };
    migrate::run(&pool, &options, &mut found).unwrap();
    assert_eq!(
        (validity(&database), found.0),
        (vec!["t".to_owned()], vec![Interrupted::Invalid("cats_name_idx".to_owned())])
    );

    // And on the way down, where a reader is waited for.
    let mut reader = LockHolder::of(&database, "SELECT count(*) FROM cats");
    let running = Running::start(&mut runner.command(&database.url(), Goal::DownTo(BELOW), false));
    let session = reader.blocks();
    running.signal(Signal::KILL);
    running.ends();
    reader.sees_gone(&session);
    assert_eq!(validity(&database), ["f"]);
    drop(reader);
    migrate::revert(&pool, &Revert::Newest(1), &mut Silent).unwrap();
    assert_eq!(validity(&database), [""; 0]);
}

#[test]
fn an_index_that_is_there_already_is_recorded_and_not_built_again() {
    let database = cats();
    database.execute(usual().up).unwrap();
    let node = "SELECT 'cats_name_idx'::regclass::oid";
    let before = database.value(node);
    let mut found = Found::default();
    assert_eq!(run(&database, usual(), &mut found).unwrap().steps.len(), 1);
    assert_eq!((database.value(node), found.0), (before, vec![Interrupted::Done]));

    database.execute("DROP INDEX cats_name_idx").unwrap();
    let mut found = Found::default();
    migrate::revert(&pool(&database, 0, usual()), &Revert::All, &mut found).unwrap();
    assert_eq!(found.0, [Interrupted::Done]);
    assert_eq!(database.column("SELECT version FROM __diesel_schema_migrations"), [""; 0]);
}

#[test]
fn if_not_exists_does_not_pass_for_built_what_is_invalid() {
    let database = cats();
    let migration = index("CREATE INDEX CONCURRENTLY IF NOT EXISTS cats_name_idx ON cats (name)");
    leave_invalid(&database, migration.up);
    run(&database, migration, &mut Silent).unwrap();
    assert_eq!(validity(&database), ["t"]);
}

#[test]
fn an_index_that_is_something_else_is_left_alone_invalid_or_not() {
    for other in [
        "CREATE INDEX CONCURRENTLY cats_name_idx ON cats (name)",
        "CREATE INDEX CONCURRENTLY cats_name_idx ON cats (lower(name), id) INCLUDE (lives) WHERE lives > 1",
        "CREATE INDEX CONCURRENTLY cats_name_idx ON cats (lower(name), id DESC) INCLUDE (lives) WHERE lives > 0",
        "CREATE UNIQUE INDEX CONCURRENTLY cats_name_idx ON cats (lower(name), id) INCLUDE (lives) WHERE lives > 0",
    ] {
        let database = cats();
        leave_invalid(&database, other);
        for valid in ["f", "t"] {
            let failed = run(&database, usual(), &mut Silent);
            assert!(
                matches!(&failed, Err(Error::Statement { source, .. }) if source.sqlstate == "42P07"),
                "{failed:?}"
            );
            assert_eq!(validity(&database), [valid], "{other}");
            database.execute("REINDEX INDEX cats_name_idx").unwrap();
        }
    }
}

#[test]
fn an_index_of_another_table_is_left_alone() {
    let database = cats();
    database.execute("CREATE TABLE dogs (LIKE cats); CREATE INDEX cats_name_idx ON dogs (lower(name), id) INCLUDE (lives) WHERE lives > 0").unwrap();
    let failed = run(&database, usual(), &mut Silent);
    assert!(matches!(&failed, Err(Error::Statement { source, .. }) if source.sqlstate == "42P07"), "{failed:?}");
}

#[test]
fn names_that_have_to_be_quoted_are_found() {
    let database = TestDatabase::empty();
    database.execute(r#"CREATE SCHEMA "S s"; CREATE TABLE "S s"."The cats" (name text)"#).unwrap();
    let up = r#"CREATE UNIQUE INDEX CONCURRENTLY "Cats' ""name""" ON "S s"."The cats" USING btree ((name || '''')) "#;
    let writer = LockHolder::of(&database, r#"INSERT INTO "S s"."The cats" VALUES ('a')"#);
    let mut session = database.connect();
    session.execute("SET lock_timeout = '50ms'").unwrap();
    session.execute(up).unwrap_err();
    drop(writer);
    let mut found = Found::default();
    run(&database, index(up), &mut found).unwrap();
    assert_eq!(found.0, [Interrupted::Invalid(r#""S s"."Cats' ""name""""#.to_owned())]);
}

/// Passes on for whom a statement waits, and refuses a second attempt.
struct WaitsFor(Sender<String>);

impl Observer for WaitsFor {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Blocked { blocker } => self.0.send(blocker.pid.clone()).unwrap(),
            Event::SteppedBack { .. } | Event::Resumed { .. } => panic!("{event:?}"),
            _ => {}
        }
    }
}

#[test]
fn an_index_waits_for_writers_and_for_readers_that_began_before_and_is_built_once() {
    // The first is waited for before the table is read, the second when the index is built and may be incomplete to it.
    for in_the_way in
        ["INSERT INTO cats VALUES (0, 'new', 9)", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1"]
    {
        let database = cats();
        let holder = LockHolder::of(&database, in_the_way);
        let pool = pool(&database, 100, usual());
        thread::scope(|scope| {
            let (sender, waits_for) = channel();
            let runner = scope.spawn(move || migrate::run(&pool, &RunOptions::default(), &mut WaitsFor(sender)));
            assert_eq!(waits_for.recv().unwrap(), holder.pid().to_string());
            let index = "SELECT 'cats_name_idx'::regclass::oid";
            let being_built = database.value(index);
            assert_eq!(validity(&database), ["f"]);
            drop(holder);
            assert_eq!(runner.join().unwrap().unwrap().steps.len(), 1);
            assert_eq!(database.value(index), being_built);
        });
        assert_eq!(validity(&database), ["t"]);
    }
}

#[test]
fn an_index_that_gives_up_is_built_by_the_next_run() {
    let database = cats();
    let writer = LockHolder::of(&database, "INSERT INTO cats VALUES (0, 'new', 9)");
    let failed = run(&database, usual(), &mut Silent);
    assert!(matches!(failed, Err(Error::Blocked { .. })), "{failed:?}");
    assert_eq!(validity(&database), ["f"]);
    drop(writer);
    run(&database, usual(), &mut Silent).unwrap();
    assert_eq!(validity(&database), ["t"]);
}

#[test]
fn a_unique_index_that_found_duplicates_is_built_once_they_are_gone() {
    let database = cats();
    let unique = index("CREATE UNIQUE INDEX CONCURRENTLY cats_name_idx ON cats (name)");
    let failed = run(&database, unique, &mut Silent);
    assert!(matches!(&failed, Err(Error::Statement { source, .. }) if source.sqlstate == "23505"), "{failed:?}");
    assert_eq!(validity(&database), ["f"]);
    database.execute("DELETE FROM cats WHERE id > 1").unwrap();
    run(&database, unique, &mut Silent).unwrap();
    assert_eq!(validity(&database), ["t"]);
}

#[test]
fn a_label_that_is_there_already_is_recorded() {
    let database = TestDatabase::empty();
    database.execute("CREATE TYPE mood AS ENUM ('awake', 'slee''py')").unwrap();
    let add = migration("2026-01-01-000000_add_mood", "ALTER TYPE mood ADD VALUE 'slee''py'", "SELECT 1");
    let mut found = Found::default();
    run(&database, Migration { run_in_transaction: false, ..add }, &mut found).unwrap();
    assert_eq!(found.0, [Interrupted::Done]);
}

#[test]
fn a_failure_in_the_middle_of_ten_statements_leaves_none_of_them() {
    let database = cats();
    let before = database.catalog();
    let statements: Vec<_> =
        (1..=10)
            .map(|number| {
                if number == 5 {
                    "INSERT INTO later VALUES (1)".to_owned()
                } else {
                    format!("CREATE TABLE t{number} ()")
                }
            })
            .collect();
    // Outside a transaction the server makes the file one.
    for run_in_transaction in [true, false] {
        let ten = Migration {
            run_in_transaction,
            ..migration("2026-01-01-000000_make_ten", &statements.join(";\n"), "SELECT 1")
        };
        let Err(Error::Statement { place, .. }) = run(&database, ten, &mut Silent) else { panic!("it has not failed") };
        assert_eq!((place.line, place.column), (5, 13), "the table that is not there");
        database.execute("DROP TABLE __diesel_schema_migrations").unwrap();
        pretty_assertions::assert_eq!(database.catalog(), before);
    }
    database.execute("CREATE TABLE later (id int)").unwrap();
    run(&database, migration("2026-01-01-000000_make_ten", &statements.join(";\n"), "SELECT 1"), &mut Silent).unwrap();
}

#[test]
fn a_statement_that_outlives_its_timeout_leaves_nothing() {
    let database = cats();
    let before = database.catalog();
    let slow = migration("2026-01-01-000000_be_slow", "CREATE TABLE a (); SELECT pg_sleep(600)", "SELECT 1");
    let options = ConnectOptions { statement_timeout: Some(Duration::from_secs(1)), ..ConnectOptions::default() };
    let connected = |options| migrate::connect(&database.url().parse().unwrap(), &options, &mut Silent).unwrap();
    let failed = migrate::run(&connected(options).with_migrations(vec![slow]), &RunOptions::default(), &mut Silent);
    assert!(matches!(&failed, Err(Error::Statement { source, .. }) if source.sqlstate == "57014"), "{failed:?}");
    database.execute("DROP TABLE IF EXISTS __diesel_schema_migrations").unwrap();
    pretty_assertions::assert_eq!(database.catalog(), before);
}

/// Counts what the server remarks.
#[derive(Default)]
struct Remarks(usize);

impl Observer for Remarks {
    fn on(&mut self, event: &Event<'_>) {
        self.0 += usize::from(matches!(event, Event::Noticed { .. }));
    }
}

#[test]
fn a_storm_of_notices_is_heard_to_the_last() {
    let database = TestDatabase::empty();
    let mut remarks = Remarks::default();
    let options = RunOptions { to: Some(BELOW.to_owned()), ..RunOptions::default() };
    migrate::run(&database.pool().with_migrations(fixtures("hard_cases")), &options, &mut remarks).unwrap();
    assert_eq!(remarks.0, 3000);
}

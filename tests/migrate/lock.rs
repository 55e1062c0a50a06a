//! Runners take turns, and leave no lock behind.

use std::process::Stdio;
use std::time::Duration;

use messenger_db::migrate::{self, ConnectOptions, Error, Revert, RunOptions, Silent};

use crate::support::{Run, TestDatabase, messenger_db};

/// What a runner holds while it works.
const LOCK: &str = "SELECT pg_advisory_lock(hashtextextended('messenger-db migrations', 0))";

const ADVISORY_LOCKS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[test]
fn twenty_at_once_on_an_empty_database_apply_every_migration_once() {
    let head = TestDatabase::migrated().catalog();
    let count = migrate::migrations().unwrap().len();
    // `TEST_ROUNDS=100` for a night.
    let rounds = std::env::var("TEST_ROUNDS").map_or(4, |rounds| rounds.parse().unwrap());
    for _ in 0..rounds {
        let database = TestDatabase::empty();
        let runners: Vec<_> = (0..20)
            .map(|_| {
                messenger_db(&["--json", "--database-url", &database.url()])
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let applied: usize = runners
            .into_iter()
            .map(|runner| {
                let run = Run::from(runner.wait_with_output().unwrap()).exits(0);
                let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
                report["steps"].as_array().unwrap().len()
            })
            .sum();
        assert_eq!(applied, count);
        pretty_assertions::assert_eq!(database.catalog(), head);
        assert_eq!(database.value(ADVISORY_LOCKS), "0");
    }
}

#[test]
fn who_does_not_get_the_lock_in_time_names_who_has_it() {
    let database = TestDatabase::empty();
    let mut holder = database.connect();
    holder.execute(&format!("SET application_name = 'a holder'; {LOCK}")).unwrap();

    let run = messenger_db(&["--database-url", &database.url(), "--lock-wait", "0.2"]).output().unwrap();
    let run = Run::from(run).exits(5);
    assert!(run.stderr.contains(&format!("process {} (\"a holder\", role ", holder.backend_pid())), "{}", run.stderr);

    drop(holder);
    Run::from(messenger_db(&["--database-url", &database.url()]).output().unwrap()).exits(0);
}

#[test]
fn a_runner_that_failed_leaves_no_lock_in_its_pool_or_on_the_server() {
    let database = TestDatabase::empty();
    database.execute("CREATE TABLE chats ()").unwrap();
    let pool = database.pool();
    let options = RunOptions { allow_drift: true, ..RunOptions::default() };
    let failed = migrate::run(&pool, &options, &mut Silent);
    assert!(matches!(failed, Err(Error::Statement { .. })), "{failed:?}");
    assert_eq!(database.value(ADVISORY_LOCKS), "0");

    database.execute("DROP TABLE chats").unwrap();
    migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
    migrate::redo(&pool, &Revert::All, &mut Silent).unwrap();
    assert_eq!(database.value(ADVISORY_LOCKS), "0");
}

#[test]
fn nothing_pending_needs_no_lock() {
    let database = TestDatabase::migrated();
    let mut holder = database.connect();
    holder.execute(LOCK).unwrap();
    let options = ConnectOptions { lock_wait: Duration::ZERO, ..ConnectOptions::default() };
    let pool = migrate::connect(&database.url().parse().unwrap(), &options, &mut Silent).unwrap();
    assert!(migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap().steps.is_empty());
    let refused = migrate::revert(&pool, &Revert::Newest(1), &mut Silent);
    assert!(matches!(refused, Err(Error::Locked { .. })), "{refused:?}");
}

#[test]
fn one_command_never_meets_the_lock_of_the_one_before() {
    let database = TestDatabase::migrated();
    let options = ConnectOptions { lock_wait: Duration::ZERO, ..ConnectOptions::default() };
    let pool = migrate::connect(&database.url().parse().unwrap(), &options, &mut Silent).unwrap();
    for _ in 0..20 {
        migrate::redo(&pool, &Revert::Newest(1), &mut Silent).unwrap();
    }
}

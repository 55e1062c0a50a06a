//! SIGINT, SIGTERM and SIGKILL in the middle of a migration, which a lock of another session holds up there.

use rustix::process::Signal;

use super::{applied, at, command, names, on, state, versions};
use crate::support::{LockHolder, Running, TestDatabase, until};

/// The migration in which each test stops the runner, and the type whose lock stops it there.
const HELD_UP: &str = "2026-11-22-100300-messenger_create_contacts";
const TYPE: &str = "contact_status";
const BEFORE: &str = "2026-11-22-100200-messenger_create_user_sessions";

const ADVISORY_LOCKS: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// The binary, waiting for a lock in the middle of a migration.
struct HeldUp {
    running: Running,
    lock: LockHolder,
    session: String,
}

fn held_up(database: &TestDatabase, arguments: &[&str], mut lock: LockHolder) -> HeldUp {
    let running = Running::start(command(database, arguments).args(["--lock-timeout", "0"]));
    let session = lock.blocks();
    HeldUp { running, lock, session }
}

fn finishes_this_one_and_stops(signal: Signal) {
    let database = TestDatabase::empty();
    let HeldUp { mut running, lock, .. } = held_up(&database, &["run"], LockHolder::of_type(&database, TYPE));
    running.signal(signal);
    running.says("stopping after what runs now; a second signal stops at once");
    drop(lock);
    let done = names().iter().position(|name| *name == HELD_UP).unwrap() + 1;
    let run = running
        .ends()
        .exits(1)
        .complains(&format!("interrupted between two migrations: {done} done, {} left", names().len() - done));
    assert!(run.stdout.contains(HELD_UP), "{}", run.stdout);
    assert_eq!(applied(&database), versions()[..done]);
    pretty_assertions::assert_eq!(database.catalog(), at(HELD_UP).catalog());

    on(&database, &["run"]).exits(0);
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
}

#[test]
fn after_sigint_the_migration_is_finished_and_the_next_not_begun() {
    finishes_this_one_and_stops(Signal::INT);
}

#[test]
fn after_sigterm_the_migration_is_finished_and_the_next_not_begun() {
    finishes_this_one_and_stops(Signal::TERM);
}

#[test]
fn an_interrupted_revert_goes_on_where_it_stopped() {
    let database = TestDatabase::migrated();
    let lock = LockHolder::of(&database, "LOCK TABLE contacts IN ACCESS SHARE MODE");
    let HeldUp { running, lock, .. } = held_up(&database, &["revert", "--all"], lock);
    running.signal(Signal::INT);
    drop(lock);
    running.ends().exits(1).complains("left").complains("Run the same command again");
    pretty_assertions::assert_eq!(database.catalog(), at(BEFORE).catalog());
    on(&database, &["revert", "--all"]).exits(0);
    assert_eq!(applied(&database), [""; 0]);
}

#[test]
fn an_interrupted_redo_changes_nothing() {
    let database = TestDatabase::migrated();
    let before = state(&database);
    let lock = LockHolder::of(&database, "LOCK TABLE contacts IN ACCESS SHARE MODE");
    let HeldUp { running, lock, .. } = held_up(&database, &["redo", "--all"], lock);
    running.signal(Signal::TERM);
    drop(lock);
    running.ends().exits(1).complains("interrupted").complains("Nothing was changed");
    assert_eq!(state(&database), before);
}

#[test]
fn with_json_an_interruption_is_one_object() {
    let database = TestDatabase::empty();
    let HeldUp { running, lock, .. } = held_up(&database, &["run", "--json"], LockHolder::of_type(&database, TYPE));
    running.signal(Signal::INT);
    drop(lock);
    let error = running.ends().exits(1).json_error();
    assert!(error["message"].as_str().unwrap().starts_with("interrupted between two migrations: "), "{error}");
}

#[test]
fn the_second_signal_ends_it_at_once_and_the_migration_is_as_if_never_begun() {
    let database = TestDatabase::empty();
    let HeldUp { running, mut lock, session } = held_up(&database, &["run"], LockHolder::of_type(&database, TYPE));
    // Two of one kind could arrive as one.
    running.signal(Signal::INT);
    running.signal(Signal::TERM);
    let run = running.ends();
    assert_eq!(run.code, None, "{run:?}");
    assert!([Signal::INT, Signal::TERM].map(|signal| Some(signal.as_raw())).contains(&run.signal), "{run:?}");
    gone_without_a_trace(&database, &mut lock, &session);
}

#[test]
fn sigkill_in_the_middle_leaves_nothing_of_the_migration() {
    let database = TestDatabase::empty();
    let HeldUp { running, mut lock, session } = held_up(&database, &["run"], LockHolder::of_type(&database, TYPE));
    running.signal(Signal::KILL);
    assert_eq!(running.ends().signal, Some(Signal::KILL.as_raw()));
    gone_without_a_trace(&database, &mut lock, &session);
    on(&database, &["run", "--lock-timeout", "50", "--lock-retries", "0"]).exits(5);
    drop(lock);
    on(&database, &["run"]).exits(0);
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
}

/// The lock is still held: the server has to notice by itself that nobody waits for it any more.
fn gone_without_a_trace(database: &TestDatabase, lock: &mut LockHolder, session: &str) {
    lock.sees_gone(session);
    until("the lock between runners is free", || database.column(ADVISORY_LOCKS).is_empty());
    pretty_assertions::assert_eq!(database.catalog(), at(BEFORE).catalog());
    assert_eq!(applied(database).last().map(String::as_str), Some("20261122100200messenger"));
}

#[test]
fn sigkill_in_the_middle_of_a_redo_changes_nothing() {
    let database = TestDatabase::migrated();
    let before = state(&database);
    let lock = LockHolder::of(&database, "LOCK TABLE contacts IN ACCESS SHARE MODE");
    let HeldUp { running, mut lock, session } = held_up(&database, &["redo", "--all"], lock);
    running.signal(Signal::KILL);
    running.ends();
    lock.sees_gone(&session);
    drop(lock);
    assert_eq!(state(&database), before);
}

#[test]
fn a_session_that_an_administrator_ends_is_a_failure_that_says_so() {
    let database = at(BEFORE);
    let before = state(&database);
    let HeldUp { running, lock, session } = held_up(&database, &["run"], LockHolder::of_type(&database, TYPE));
    database.execute(&format!("SELECT pg_terminate_backend({session})")).unwrap();
    running.ends().exits(1).complains("terminating connection due to administrator command");
    drop(lock);
    assert_eq!(state(&database), before);
    on(&database, &["run"]).exits(0);
}

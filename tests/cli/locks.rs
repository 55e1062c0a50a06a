//! A lock that is not to be had in time: the runner steps back with 5 and has changed nothing.

use rustix::process::Signal;

use super::{at, command, names, on, state};
use crate::support::{LockHolder, Run, Running, TestDatabase};

#[test]
fn run_gives_way_to_a_lock_in_the_time_it_is_given() {
    let database = at("2026-11-22-100200");
    let before = state(&database);
    let lock = LockHolder::of_type(&database, "contact_status");
    let run = on(&database, &["run", "--lock-timeout", "50"])
        .exits(5)
        .complains("canceling statement due to lock timeout")
        .complains("migrations/2026-11-22-100300_create_contacts/up.sql:6:1")
        .complains("nothing of this migration is left half done")
        .complains("--lock-timeout");
    assert_eq!(run.stdout, "");
    assert_eq!(state(&database), before);

    drop(lock);
    on(&database, &["run"]).exits(0);
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
}

#[test]
fn what_was_applied_before_the_lock_stays() {
    let database = at(names()[0]);
    let _lock = LockHolder::of_type(&database, "contact_status");
    on(&database, &["run", "--lock-timeout", "50"]).exits(5);
    pretty_assertions::assert_eq!(state(&database).0, at("2026-11-22-100200").catalog());
}

#[test]
fn redo_gives_way_to_a_reader_and_changes_nothing() {
    let database = TestDatabase::migrated();
    let before = state(&database);
    let _lock = LockHolder::of(&database, "LOCK TABLE users IN ACCESS SHARE MODE");
    on(&database, &["redo", "--all", "--lock-timeout", "50"]).exits(5).complains("down.sql:").complains("rolled back");
    assert_eq!(state(&database), before);
}

#[test]
fn who_waits_for_another_runner_is_told_for_whom_and_can_be_interrupted() {
    let database = TestDatabase::empty();
    let mut other = database.connect();
    other.execute("SELECT pg_advisory_lock(hashtextextended('messenger-db migrations', 0))").unwrap();
    for signal in [Signal::INT, Signal::TERM] {
        let mut running = Running::start(&mut command(&database, &["run", "--lock-wait", "60"]));
        let line = running.says("waiting up to ");
        assert!(line.contains(&format!("for another runner: process {} ", other.backend_pid())), "{line}");
        running.signal(signal);
        running.ends().exits(1).complains("interrupted while waiting").complains("Nothing was changed");
    }
    // Looking needs no turn.
    on(&database, &["pending"]).exits(3);
}

#[test]
fn a_statement_that_takes_too_long_is_a_failure_and_not_a_lock() {
    let database = at("2026-11-22-100200");
    let before = state(&database);
    let _lock = LockHolder::of_type(&database, "contact_status");
    on(&database, &["run", "--lock-timeout", "0", "--statement-timeout", "50"])
        .exits(1)
        .complains("canceling statement due to statement timeout")
        .complains("`--statement-timeout`");
    assert_eq!(state(&database), before);
}

#[test]
fn without_an_option_it_gives_way_by_itself() {
    let database = at("2026-11-22-100200");
    let mut lock = LockHolder::of_type(&database, "contact_status");
    let mut command = command(&database, &["run"]);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| Run::of(&mut command));
        lock.blocks();
        run.join().unwrap().exits(5);
    });
}

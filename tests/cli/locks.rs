//! A lock that cannot be acquired in time: the runner exits with 5 and has changed nothing.

use rustix::process::Signal;

use super::{as_role, at, command, names, on, own_server, state};
use crate::support::{LockHolder, Running, TestDatabase};

#[test]
fn run_gives_way_to_a_lock_in_the_time_it_is_given() {
    let database = at("2026-11-22-100200");
    let before = state(&database);
    let lock = LockHolder::of_type(&database, "contact_status");
    let run = on(&database, &["run", "--lock-timeout", "1000", "--lock-retries", "0"])
        .exits(5)
        .complains(&format!("A lock could not be acquired, tried once: it is held by process {} (", lock.pid()))
        .complains("idle in transaction, its transaction began ")
        .complains(&format!("SELECT pg_terminate_backend({})", lock.pid()))
        .complains("canceling statement due to lock timeout")
        .complains("migrations/2026-11-22-100300-messenger_create_contacts/up.sql:6:1")
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
    let run =
        on(&database, &["run", "--lock-timeout", "50", "--lock-retries", "2"]).exits(5).complains("tried 3 times");
    assert_eq!(run.stderr.matches("stepped back from a lock").count(), 2, "{}", run.stderr);
    pretty_assertions::assert_eq!(state(&database).0, at("2026-11-22-100200").catalog());
}

#[test]
fn redo_gives_way_to_a_reader_and_changes_nothing() {
    let database = TestDatabase::migrated();
    let before = state(&database);
    let _lock = LockHolder::of(&database, "LOCK TABLE users IN ACCESS SHARE MODE");
    on(&database, &["redo", "--all", "--lock-timeout", "50", "--lock-retries", "1"])
        .exits(5)
        .complains("down.sql:")
        .complains("rolled back");
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
fn without_an_option_it_gives_way_by_itself_and_tries_again() {
    let database = at("2026-11-22-100200");
    let lock = LockHolder::of_type(&database, "contact_status");
    let mut running = Running::start(&mut command(&database, &["run"]));
    let line = running.says("stepped back from a lock, held by ");
    assert!(line.contains(&format!("process {} (", lock.pid())), "{line}");
    assert!(line.contains("trying again in ") && line.contains(", 5 more times"), "{line}");
    drop(lock);
    running.ends().exits(0);
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
}

#[test]
fn without_a_limit_it_says_whom_it_waits_for() {
    let database = at("2026-11-22-100200");
    let lock = LockHolder::of_type(&database, "contact_status");
    let mut running = Running::start(&mut command(&database, &["run", "--lock-timeout", "0"]));
    let line = running.says("waiting for a lock, held by ");
    assert!(line.contains(&format!("process {} (", lock.pid())), "{line}");
    drop(lock);
    running.ends().exits(0);
}

#[test]
fn a_login_that_becomes_another_role_sees_who_is_in_the_way_and_ends_its_own_wait() {
    let database = TestDatabase::empty_on(own_server());
    let name = database.name();
    database
        .execute(&format!(
            "CREATE ROLE {name}_owner; CREATE ROLE {name}_deploy LOGIN IN ROLE {name}_owner;
             ALTER ROLE {name}_deploy SET role = {name}_owner; ALTER DATABASE {name} OWNER TO {name}_owner;
             ALTER SCHEMA public OWNER TO {name}_owner"
        ))
        .unwrap();
    let deploy = format!("{name}_deploy");
    as_role(&database, &deploy, &["run"]).exits(0);
    // The server itself would wait for ever: it is the runner that cancels, as the login, which the owner may not.
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("2099-01-01-000000_note")).unwrap();
    let up = "SET LOCAL lock_timeout = 0; CREATE TABLE notes (); ALTER TABLE users ADD COLUMN note text";
    std::fs::write(folder.path().join("2099-01-01-000000_note/up.sql"), up).unwrap();
    let lock = LockHolder::of(&database, "SELECT FROM users");
    let also = folder.path().to_str().unwrap();
    as_role(&database, &deploy, &["run", "--also", also, "--lock-timeout", "300ms", "--lock-retries", "0"])
        .exits(5)
        .complains("over several locks")
        .complains(&format!("held by process {} (", lock.pid()));
    assert_eq!(database.value("SELECT to_regclass('notes') IS NULL"), "t");
}

#[test]
fn who_has_the_history_for_himself_is_named() {
    let database = TestDatabase::migrated();
    for table in ["__diesel_schema_migrations", "messenger_db_ledger"] {
        let lock = LockHolder::of(&database, &format!("LOCK TABLE {table}"));
        for command in ["run", "status", "verify", "revert", "plan"] {
            on(&database, &[command, "--lock-timeout", "50", "--lock-retries", "0"])
                .exits(5)
                .complains(&format!("it is held by process {} (", lock.pid()))
                .complains(&format!("SELECT pg_terminate_backend({})", lock.pid()));
        }
    }
}

#[test]
fn a_database_whose_drift_is_not_known_is_not_ready() {
    let database = TestDatabase::migrated();
    on(&database, &["status", "--exit-code"]).exits(0);
    let _lock = LockHolder::of(&database, "LOCK TABLE users");
    let status = on(&database, &["status", "--exit-code", "--lock-timeout", "50"]).exits(5);
    assert!(status.stdout.contains("drift     not known: a table is held by process "), "{}", status.stdout);
    let json = on(&database, &["status", "--json", "--lock-timeout", "50"]).json();
    assert!(json["drift"].is_null() && json["drift_counts"].is_null(), "{json}");
}

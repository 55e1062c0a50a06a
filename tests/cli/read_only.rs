//! A database that takes no writes, such as a replica: looking works, changing is refused with the reason.

use super::{at, names, on, state, versions};
use crate::support::TestDatabase;

fn read_only(database: TestDatabase) -> TestDatabase {
    let name = database.name();
    database.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).unwrap();
    database
}

#[test]
fn run_fails_and_says_that_the_database_is_read_only() {
    let database = read_only(TestDatabase::empty());
    let before = database.catalog();
    on(&database, &["run"])
        .exits(1)
        .complains("in a read-only transaction")
        .complains("SQLSTATE 25006")
        .complains("The database is read only")
        .complains("primary");
    pretty_assertions::assert_eq!(database.catalog(), before);
}

#[test]
fn revert_and_redo_fail_in_the_same_way() {
    let database = read_only(TestDatabase::migrated());
    let before = state(&database);
    for command in ["revert", "redo", "seed"] {
        on(&database, &[command]).exits(1).complains("The database is read only");
    }
    assert_eq!(state(&database), before);
}

#[test]
fn status_list_and_pending_work() {
    let database = read_only(at(names()[3]));
    let status = on(&database, &["status"]).exits(0);
    assert!(status.stdout.contains(&format!("version   {}", versions()[3])), "{}", status.stdout);
    on(&database, &["list"]).exits(0);
    on(&database, &["pending"]).exits(3);
    on(&read_only(TestDatabase::empty()), &["pending"]).exits(3);
}

#[test]
fn run_is_content_when_nothing_is_pending() {
    on(&read_only(TestDatabase::migrated()), &["run"]).exits(0);
}

#[test]
fn run_takes_no_backup_for_nothing() {
    let database = read_only(TestDatabase::empty());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("before.dump");
    let run = on(&database, &["run", "--backup", file.to_str().unwrap()]).exits(1).complains("SQLSTATE 25006");
    assert!(!run.stderr.contains("backing up"), "{}", run.stderr);
    assert!(!file.exists());
}

//! A database that a newer release has migrated: what is unknown here is neither passed over nor undone.

use super::{applied, at, names, on, state, versions};
use crate::support::TestDatabase;

const UNKNOWN: &str = "20991231235959messenger";

fn ahead(name: &str) -> TestDatabase {
    let database = at(name);
    database.execute(&format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{UNKNOWN}')")).unwrap();
    database
}

#[test]
fn run_refuses_a_database_that_is_ahead() {
    let database = ahead(names()[3]);
    let before = state(&database);
    let run = on(&database, &["run"])
        .exits(6)
        .complains(&format!("the database is ahead of this binary: {UNKNOWN} applied, not known here"))
        .complains("--allow-ahead");
    assert_eq!(run.stdout, "");
    assert_eq!(state(&database), before);
}

#[test]
fn a_version_that_is_old_but_unknown_is_refused_as_well() {
    let database = at(names()[3]);
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20200101000000messenger')").unwrap();
    on(&database, &["run"]).exits(6).complains("20200101000000messenger");
    on(&database, &["revert"]).exits(0);
    assert_eq!(applied(&database), ["00000000000000", "20200101000000messenger", versions()[1], versions()[2]]);
}

#[test]
fn with_allow_ahead_run_goes_on() {
    let database = ahead(names()[3]);
    on(&database, &["run", "--allow-ahead"]).exits(0);
    let mut expected = versions();
    expected.push(UNKNOWN);
    assert_eq!(applied(&database), expected);
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
}

#[test]
fn what_is_unknown_is_not_undone_and_nothing_before_it_either() {
    let database = ahead(names()[3]);
    let before = state(&database);
    for arguments in [
        &["revert"][..],
        &["revert", "-n", "2"],
        &["revert", "--all"],
        &["revert", "--to", names()[0]],
        &["redo"],
        &["redo", "--all"],
    ] {
        let run = on(&database, arguments)
            .exits(6)
            .complains(&format!("cannot undo {UNKNOWN}: applied, but not known to this binary"))
            .complains("Nothing was changed.");
        assert_eq!(run.stdout, "", "{arguments:?}");
        assert_eq!(state(&database), before, "{arguments:?}");
    }
}

#[test]
fn status_shows_what_is_ahead() {
    let run = on(&ahead(names()[3]), &["status"]).exits(0);
    assert!(run.stdout.contains(&format!("ahead     1\n          {UNKNOWN}\n")), "{}", run.stdout);
}

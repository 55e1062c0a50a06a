//! `run`: applies what is pending, up to where it is told.

use messenger_db::migrate::migrations;

use super::{applied, at, names, on, state, versions};
use crate::support::{Run, TestDatabase, messenger_db};

#[test]
fn run_takes_an_empty_database_to_the_head() {
    let database = TestDatabase::empty();
    let run = on(&database, &["run"]).exits(0);
    for name in names() {
        assert!(run.stdout.contains(&format!("applied   {name} ")), "{name} is not in:\n{}", run.stdout);
    }
    let summary = run.stdout.lines().last().unwrap();
    let (count, newest) = (names().len(), versions().pop().unwrap());
    assert!(summary.starts_with(&format!("The database is at {newest}: {count} applied in ")), "{summary}");
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
    assert_eq!(applied(&database), versions());
}

#[test]
fn no_command_at_all_means_run() {
    let database = TestDatabase::empty();
    on(&database, &[]).exits(0);
    assert_eq!(applied(&database), versions());
}

#[test]
fn a_second_run_does_nothing_and_says_so() {
    let database = TestDatabase::migrated();
    let before = state(&database);
    let run = on(&database, &["run"]).exits(0);
    assert_eq!(run.stdout, format!("The database is at {}: nothing to do.\n", versions().pop().unwrap()));
    assert_eq!(run.stderr, "");
    assert_eq!(state(&database), before);
}

#[test]
fn the_option_wins_over_the_environment() {
    let (named, in_environment) = (TestDatabase::empty(), TestDatabase::empty());
    on(&in_environment, &["run", "--database-url", &named.url()]).exits(0);
    assert_eq!(applied(&named), versions());
    assert!(!in_environment.catalog().contains("users"));
}

#[test]
fn to_stops_after_a_version_however_it_is_written() {
    let name = "2026-11-22-100200-messenger_create_user_sessions";
    let version = "20261122100200messenger";
    let expected: Vec<_> = versions().into_iter().take_while(|applied| *applied <= version).collect();
    for written in [name, "2026-11-22-100200", "20261122100200", version] {
        let database = TestDatabase::empty();
        let run = on(&database, &["run", "--to", written]).exits(0);
        assert!(run.stdout.contains(&format!("The database is at {version}: {} applied", expected.len())));
        assert_eq!(applied(&database), expected, "--to {written}");
    }
}

#[test]
fn to_a_version_that_is_applied_does_nothing() {
    let database = TestDatabase::migrated();
    let before = state(&database);
    on(&database, &["run", "--to", names()[2]]).exits(0);
    assert_eq!(state(&database), before);
}

#[test]
fn to_a_version_that_does_not_exist_is_refused_before_anything_is_done() {
    let database = TestDatabase::empty();
    let before = database.catalog();
    for unknown in ["20200101000000", "2026-11-22-100100_drop_users", "100100", "newest", ""] {
        on(&database, &["run", "--to", unknown])
            .exits(2)
            .complains(&format!("no migration has the version {unknown}; the newest is {}", versions().pop().unwrap()))
            .complains("messenger-db list");
    }
    pretty_assertions::assert_eq!(database.catalog(), before);
}

#[test]
fn what_is_missing_in_the_middle_is_applied_too() {
    let database = TestDatabase::migrated();
    let head = database.catalog();
    let missing = migrations().unwrap().into_iter().find(|one| one.name.ends_with("_create_push_tokens")).unwrap();
    database.execute(missing.down).unwrap();
    database.execute(&format!("DELETE FROM __diesel_schema_migrations WHERE version = '{}'", missing.version)).unwrap();
    let run = on(&database, &["run"]).exits(0);
    assert_eq!(run.stdout.lines().filter(|line| line.starts_with("applied ")).count(), 1);
    pretty_assertions::assert_eq!(database.catalog(), head);
}

#[test]
fn a_commit_that_fails_is_not_reported_as_applied() {
    let database = at(names()[1]);
    database
        .execute(
            "CREATE SCHEMA elsewhere;
             CREATE FUNCTION elsewhere.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not at commit'; END $$;
             CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON __diesel_schema_migrations
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION elsewhere.refuse()",
        )
        .unwrap();
    let before = state(&database);
    let failed = format!("{}/up.sql: COMMIT failed", names()[2]);
    let run = on(&database, &["run"])
        .exits(1)
        .complains(&failed)
        .complains("not at commit")
        .complains("nothing of this migration is left half done");
    assert_eq!(run.stdout, "");
    assert_eq!(state(&database), before);

    // Nor when the commit is one for several.
    let run = on(&database, &["redo", "--all"]).exits(1).complains("COMMIT failed").complains("not at commit");
    assert_eq!(run.stdout, "");
    assert_eq!(state(&database), before);
}

#[test]
fn a_row_in_the_history_that_cannot_be_written_is_told_with_the_name_of_its_migration() {
    let database = at(names()[1]);
    database.execute("ALTER TABLE __diesel_schema_migrations ADD CHECK (version < '20261122100100')").unwrap();
    let before = state(&database);
    on(&database, &["run"])
        .exits(1)
        .complains(&format!("{}/up.sql: writing the history failed", names()[3]))
        .complains("violates check constraint");
    assert_ne!(state(&database), before, "the one before is applied");
}

#[test]
fn the_database_may_be_named_in_libpqs_own_form() {
    let database = TestDatabase::empty();
    let connection = database.connect();
    let text = format!(
        "host={} port={} user={} dbname={}",
        connection.host(),
        connection.port(),
        connection.user(),
        database.name()
    );
    Run::of(messenger_db(&["run"]).env("DATABASE_URL", text)).exits(0);
    assert_eq!(applied(&database), versions());
}

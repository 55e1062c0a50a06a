//! A database that already has something of the name of what a migration makes.

use messenger_db::migrate::migrations;

use super::{at, names, on, state, versions};
use crate::support::TestDatabase;

#[test]
fn a_table_that_is_already_there_stops_the_migration_that_makes_it() {
    let database = TestDatabase::empty();
    database.execute("CREATE TABLE users (id integer)").unwrap();
    on(&database, &["run"])
        .exits(4)
        .complains("unexpected table users")
        .complains("messenger-db baseline")
        .complains("createdb");
    assert_eq!(database.catalog(), "table users:\ntable users: column id integer\n");

    let run = on(&database, &["run", "--allow-drift"])
        .exits(1)
        .complains("relation \"users\" already exists")
        .complains("SQLSTATE 42P07")
        .complains("use a database of its own")
        .complains("createdb");
    assert!(run.stdout.contains("2026-11-22-100050-messenger_create_text_functions"), "{}", run.stdout);

    // The history table and the table itself apart, it is the database of the migration before.
    let reference = at("2026-11-22-100050");
    reference.execute("CREATE TABLE users (id integer)").unwrap();
    pretty_assertions::assert_eq!(state(&database).0, reference.catalog());
    assert_eq!(super::applied(&database), versions()[..3]);
}

#[test]
fn the_error_names_file_line_and_column_of_the_statement() {
    let database = TestDatabase::empty();
    database.execute("CREATE TABLE users (id integer)").unwrap();
    let create_users = migrations().unwrap().into_iter().find(|one| one.name.ends_with("_create_users")).unwrap();
    let line = create_users.up.lines().position(|line| line.starts_with("CREATE TABLE users")).unwrap() + 1;

    on(&database, &["run", "--allow-drift"])
        .exits(1)
        .complains(&format!("migrations/{}/up.sql:{line}:1", create_users.name));
    let place = on(&database, &["run", "--allow-drift", "--json"]).exits(1).json_error()["place"].take();
    assert_eq!(place["file"], format!("migrations/{}/up.sql", create_users.name));
    assert_eq!((&place["line"], &place["column"]), (&line.into(), &1.into()));
}

#[test]
fn the_advice_for_migrations_that_were_run_by_hand_leads_to_the_head() {
    let database = TestDatabase::empty();
    let by_hand = 5;
    for migration in &migrations().unwrap()[..by_hand] {
        database.execute(migration.up).unwrap();
    }
    on(&database, &["run"]).exits(4).complains("`messenger-db baseline` finds");
    let met = names()[2];
    on(&database, &["run", "--allow-drift"]).exits(1).complains(met).complains("`messenger-db baseline` records that");
    let run = on(&database, &["baseline"]).exits(0);
    assert!(
        run.stdout.ends_with(&format!("The database is at {}: 3 recorded as applied.\n", versions()[by_hand - 1])),
        "{run:?}"
    );
    on(&database, &["run"]).exits(0);
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
    assert_eq!(super::applied(&database), versions());
}

#[test]
fn a_statement_that_fails_for_another_reason_is_shown_with_what_the_server_says() {
    let database = at("2026-11-22-100200");
    database.execute("ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE").unwrap();
    let before = state(&database);
    on(&database, &["run"]).exits(4).complains("missing    table users: constraint users_pkey");
    on(&database, &["run", "--allow-drift"])
        .exits(1)
        .complains("there is no unique constraint matching given keys for referenced table \"users\"")
        .complains("migrations/2026-11-22-100300-messenger_create_contacts/up.sql:")
        .complains("run the same command again");
    assert_eq!(state(&database), before);
}

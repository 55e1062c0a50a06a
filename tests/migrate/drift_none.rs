//! Nothing is found where nothing was done, and what is foreign or tuned is told apart from what is broken.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use messenger_db::migrate::{self, Comparison, Revert, RunOptions, Scope, Silent};

use super::drift::{differences, is_clean};
use crate::support::TestDatabase;

#[test]
fn a_fresh_database_is_clean() {
    is_clean(&TestDatabase::migrated());
}

#[test]
fn a_database_is_clean_at_every_version_up_and_down() {
    let database = TestDatabase::empty();
    let pool = database.pool();
    for migration in migrate::migrations().unwrap() {
        let options = RunOptions { to: Some(migration.name.to_owned()), ..RunOptions::default() };
        assert_eq!(migrate::run(&pool, &options, &mut Silent).unwrap().catalog, Comparison::Equal);
    }
    for _ in migrate::migrations().unwrap() {
        assert_eq!(migrate::revert(&pool, &Revert::Newest(1), &mut Silent).unwrap().catalog, Comparison::Equal);
        is_clean(&database);
    }
}

#[test]
fn a_database_is_clean_after_all_of_it_was_redone() {
    let database = TestDatabase::migrated();
    assert_eq!(migrate::redo(&database.pool(), &Revert::All, &mut Silent).unwrap().catalog, Comparison::Equal);
    is_clean(&database);
}

#[test]
fn what_is_foreign_or_tuned_is_clean_unless_all_of_it_is_asked_for() {
    let database = TestDatabase::migrated();
    database
        .execute(
            "CREATE TABLE pets (id integer); CREATE FUNCTION stroke() RETURNS void LANGUAGE sql AS 'SELECT';
             CREATE TYPE mood AS ENUM ('good'); ALTER TYPE mood OWNER TO pg_monitor;
             CREATE SCHEMA zoo; CREATE TABLE zoo.users (id integer);
             ALTER TABLE messages SET (fillfactor = 50)",
        )
        .unwrap();
    assert!(migrate::verify(&database.pool(), Scope::CurrentSchema).unwrap().is_clean());
    assert_eq!(
        differences(&database, Scope::EverySchema),
        [
            "foreign    enum mood",
            "foreign    function stroke()",
            "tuned      table messages: setting fillfactor",
            "foreign    table pets",
            "foreign    table zoo.users",
        ]
    );
    assert!(!migrate::verify(&database.pool(), Scope::EverySchema).unwrap().is_clean());
}

#[test]
fn what_a_later_migration_makes_is_in_its_way_and_not_foreign() {
    let database = TestDatabase::migrated();
    migrate::revert(&database.pool(), &Revert::All, &mut Silent).unwrap();
    database.execute("CREATE TABLE users (name text)").unwrap();
    assert_eq!(differences(&database, Scope::CurrentSchema), ["unexpected table users"]);
}

#[test]
fn what_has_the_name_of_what_a_later_migration_makes_is_in_its_way_whatever_it_is() {
    let database = TestDatabase::migrated();
    migrate::revert(&database.pool(), &Revert::All, &mut Silent).unwrap();
    database
        .execute(
            "CREATE VIEW users AS SELECT 1; CREATE SEQUENCE messages; CREATE DOMAIN chats AS integer;
             CREATE TYPE user_status AS (one integer); CREATE TABLE pets (one integer, two integer);
             CREATE INDEX messages_replies_idx ON pets (one); CREATE INDEX users_pkey ON pets (two);
             CREATE INDEX pets_idx ON pets (one); CREATE SEQUENCE contact_status;
             CREATE TYPE spans AS RANGE (subtype = integer, multirange_type_name = page_reply); CREATE TYPE message_kind",
        )
        .unwrap();
    assert_eq!(
        differences(&database, Scope::CurrentSchema),
        [
            "unexpected base type message_kind",
            "unexpected domain chats",
            // What makes values of the range and the multirange.
            "foreign    function page_reply()",
            "foreign    function page_reply(spans)",
            "foreign    function page_reply(spans[])",
            "foreign    function spans(integer, integer)",
            "foreign    function spans(integer, integer, text)",
            "unexpected index messages_replies_idx",
            "unexpected index users_pkey",
            "unexpected multirange page_reply",
            "foreign    range spans",
            // No type has the name of a sequence.
            "foreign    sequence contact_status",
            "unexpected sequence messages",
            "foreign    table pets",
            "unexpected type user_status",
            "unexpected view users",
        ]
    );
}

#[test]
fn a_database_that_another_runner_migrates_meanwhile_is_never_taken_for_one_that_differs() {
    let database = TestDatabase::migrated();
    let pool = database.pool();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let pool = database.pool();
            for _ in 0..4 {
                migrate::revert(&pool, &Revert::Newest(12), &mut Silent).unwrap();
                migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
            }
            is_over.store(true, Ordering::Relaxed);
        });
        while !is_over.load(Ordering::Relaxed) {
            let verification = migrate::verify(&pool, Scope::CurrentSchema).unwrap();
            assert!(!verification.differs(), "at {:?}", verification.status.version());
            migrate::plan(&pool, &RunOptions::default()).unwrap();
        }
    });
    is_clean(&database);
}

#[test]
fn a_column_that_is_filled_in_new_rows_alone_is_not_what_it_should_be() {
    let database = TestDatabase::migrated();
    if database.value("SELECT current_setting('server_version_num')::integer >= 180000") == "t" {
        let not_valid = "ALTER TABLE messages ALTER created_at DROP NOT NULL;
             ALTER TABLE messages ADD CONSTRAINT later NOT NULL created_at NOT VALID";
        database.execute(not_valid).unwrap();
        assert_eq!(differences(&database, Scope::CurrentSchema), ["different  table messages: column created_at"]);
    }
}

#[test]
fn two_thousand_foreign_types_are_counted() {
    let database = TestDatabase::migrated();
    database
        .execute(
            "DO $$ BEGIN FOR n IN 1..2000 LOOP EXECUTE format('CREATE TYPE t%s AS (a integer)', n); END LOOP; END $$",
        )
        .unwrap();
    let found = migrate::verify(&database.pool(), Scope::CurrentSchema).unwrap();
    assert!(found.is_clean());
    let foreign = found.catalog.drift().unwrap().of_kind(messenger_db::migrate::Kind::Foreign).count();
    assert_eq!(foreign, 2000);
}

#[test]
fn an_extension_that_an_administrator_made_is_no_drift() {
    let database = TestDatabase::empty();
    database.execute("CREATE EXTENSION pg_trgm").unwrap();
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    is_clean(&database);
    migrate::revert(&database.pool(), &Revert::All, &mut Silent).unwrap();
    assert_eq!(differences(&database, Scope::CurrentSchema), ["foreign    extension pg_trgm"]);
    assert!(migrate::verify(&database.pool(), Scope::CurrentSchema).unwrap().is_clean());
}

#[test]
fn rows_and_what_is_known_of_them_are_no_drift() {
    let database = crate::schema::populated();
    database.execute("ANALYZE").unwrap();
    is_clean(&database);
}

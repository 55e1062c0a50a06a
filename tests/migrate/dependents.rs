//! What others have built on this crate's tables keeps those from being dropped under it.

use messenger_db::migrate::{self, Error, Migration, Revert, RunOptions, Silent, migrations};

use crate::cli::on;
use crate::support::{TestDatabase, migration};

const BUILT: &str = "
    CREATE SCHEMA billing;
    CREATE TABLE billing.invoices (user_id user_id REFERENCES users, paid_in chat_id[]);
    CREATE TABLE profiles (user_id uuid CONSTRAINT profiles_user_fkey REFERENCES users, seen user_status);
    CREATE VIEW names AS SELECT username FROM users;
    CREATE FUNCTION greet(whom user_id) RETURNS text LANGUAGE sql AS $$ SELECT 'hello' $$;
";

fn referenced(database: &TestDatabase, extent: &Revert) -> Vec<String> {
    match migrate::revert(&database.pool(), extent, &mut Silent) {
        Err(Error::Referenced { objects }) => objects,
        other => panic!("{other:?}"),
    }
}

#[test]
fn revert_all_is_refused_with_the_names_of_what_stands_on_it_before_anything_is_undone() {
    let database = TestDatabase::migrated();
    database.execute(BUILT).unwrap();
    let objects = referenced(&database, &Revert::All);
    for name in [
        "table constraint invoices_user_id_fkey on billing.invoices",
        "table constraint profiles_user_fkey on public.profiles",
        "table column billing.invoices.paid_in",
        "table column billing.invoices.user_id",
        "table column public.profiles.seen",
        "view public.names",
        "function public.greet(public.user_id)",
    ] {
        assert!(objects.iter().any(|object| object == name), "{name:?} is not in {objects:#?}");
    }
    assert_eq!(objects.len(), 7, "{objects:#?}");
    assert_eq!(migrate::status(&database.pool()).unwrap().pending, [], "nothing was undone");
    let run = on(&database, &["revert", "--all"]).exits(1).complains("view public.names").complains("was undone");
    assert_eq!(run.stdout, "");
    on(&database, &["redo", "--all"]).exits(1).complains("view public.names");

    database.execute("DROP VIEW names; DROP FUNCTION greet; DROP TABLE profiles; DROP SCHEMA billing CASCADE").unwrap();
    on(&database, &["revert", "--all"]).exits(0);
}

#[test]
fn what_stays_may_be_built_on() {
    let database = TestDatabase::migrated();
    database.execute("CREATE VIEW names AS SELECT username FROM users").unwrap();
    let created_users = migrations()
        .unwrap()
        .into_iter()
        .map(|migration| migration.name)
        .find(|name| name.ends_with("create_users"))
        .unwrap();
    migrate::revert(&database.pool(), &Revert::DownTo(created_users.to_owned()), &mut Silent).unwrap();
    assert_eq!(referenced(&database, &Revert::Newest(1)), ["view public.names"]);
}

#[test]
fn a_column_that_would_be_dropped_may_not_be_built_on_and_others_of_its_table_may() {
    let database = TestDatabase::migrated();
    let up = "ALTER TABLE chat_participants ADD COLUMN nickname text";
    let added = migration("2099-01-01-000000_add_nickname", up, "ALTER TABLE chat_participants DROP COLUMN nickname");
    let with = |newest| database.pool().with_migrations([migrations().unwrap(), vec![newest]].concat());
    migrate::run(&with(added), &RunOptions::default(), &mut Silent).unwrap();
    // What a migration drops is known by the catalogs of its version and of the one before.
    let pool = with(Migration { catalog: Some(database.catalog().leak()), ..added });
    database.execute("CREATE VIEW members AS SELECT user_id, joined_seq FROM chat_participants").unwrap();
    migrate::revert(&pool, &Revert::Newest(1), &mut Silent).unwrap();
    migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
    database.execute("CREATE VIEW gone AS SELECT nickname FROM chat_participants").unwrap();
    match migrate::revert(&pool, &Revert::Newest(1), &mut Silent) {
        Err(Error::Referenced { objects }) => assert_eq!(objects, ["view public.gone"]),
        other => panic!("{other:?}"),
    }
}

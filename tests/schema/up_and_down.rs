//! Each migration, in order: up, down, up again, with the catalog and the rows compared at each stop.

use messenger_db::migrate::{self, Migration, Revert, RunOptions, Silent};

use super::rows;
use crate::support::TestDatabase;

fn up_to(database: &TestDatabase, migration: &Migration) {
    let options = RunOptions { to: Some(migration.version.to_string()), ..RunOptions::default() };
    let report = migrate::run(&database.pool(), &options, &mut Silent).unwrap();
    assert_eq!(report.steps.len(), 1, "{}", migration.name);
}

/// A digest of every row of every table.
fn contents(database: &TestDatabase) -> Vec<String> {
    let tables = database.column(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
         AND relname NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger') ORDER BY relname",
    );
    let digest = |table: &String| {
        database.value(&format!(
            "SELECT '{table} ' || md5(string_agg(row::text, ',' ORDER BY row::text)) FROM {table} AS row"
        ))
    };
    tables.iter().map(digest).collect()
}

#[test]
fn each_migration_goes_up_down_and_up_again_without_a_trace() {
    let database = TestDatabase::empty();
    let mut below = database.catalog();
    for migration in migrate::migrations().unwrap() {
        let rows_below = contents(&database);
        up_to(&database, &migration);
        let above = database.catalog();
        assert_ne!(above, below, "{} changes nothing that the catalog shows", migration.name);

        if let Some(rows) = rows::of_migration(migration.name) {
            database.execute(&rows).unwrap_or_else(|error| panic!("rows of {}: {error}", migration.name));
        }
        migrate::revert(&database.pool(), &Revert::Newest(1), &mut Silent).unwrap();
        pretty_assertions::assert_eq!(database.catalog(), below, "after down of {}", migration.name);
        assert_eq!(contents(&database), rows_below, "after down of {}", migration.name);

        up_to(&database, &migration);
        pretty_assertions::assert_eq!(database.catalog(), above, "after the second up of {}", migration.name);
        if let Some(rows) = rows::of_migration(migration.name) {
            database.execute(&rows).unwrap();
        }
        below = above;
    }
}

#[test]
fn the_switch_of_the_list_of_chats_goes_down_with_what_it_switches() {
    let database = TestDatabase::migrated();
    let at_the_end = database.catalog();
    database.execute("SELECT keep_inbox(true)").unwrap();
    let after: Vec<_> = migrate::migrations().unwrap();
    let switch = after.iter().position(|migration| migration.name.ends_with("create_inbox_projection")).unwrap();
    migrate::revert(&database.pool(), &Revert::Newest(after.len() - switch), &mut Silent).unwrap();
    assert_eq!(database.value("SELECT keeps_inbox()"), "f");
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    pretty_assertions::assert_eq!(database.catalog(), at_the_end);
}

#[test]
fn all_of_it_goes_down_to_nothing_with_rows_in_every_table() {
    let empty = TestDatabase::empty().catalog();
    let database = rows::populated();
    migrate::revert(&database.pool(), &Revert::All, &mut Silent).unwrap();
    pretty_assertions::assert_eq!(database.catalog(), empty);
}

#[test]
fn an_extension_that_was_there_before_stays() {
    let database = TestDatabase::empty();
    database.execute("CREATE EXTENSION pg_trgm").unwrap();
    let before = database.catalog();
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    migrate::revert(&database.pool(), &Revert::All, &mut Silent).unwrap();
    pretty_assertions::assert_eq!(database.catalog(), before);
}

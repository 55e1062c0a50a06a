//! The Diesel CLI and the binary work on the same folder and the same database, in whatever order.

use messenger_db::migrate::{self, Revert, RunOptions, Silent};

use crate::support::{TestDatabase, diesel};

fn run(database: &TestDatabase) -> usize {
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap().steps.len()
}

fn count() -> usize {
    migrate::migrations().unwrap().len()
}

#[test]
fn both_end_at_the_same_catalog() {
    let ours = TestDatabase::migrated();
    let theirs = TestDatabase::empty();
    diesel(&theirs.url(), &["migration", "run"]).exits(0);
    pretty_assertions::assert_eq!(theirs.catalog(), ours.catalog());
    assert_eq!(run(&theirs), 0, "nothing is left for the binary");
}

#[test]
fn the_cli_reverts_and_redoes_what_the_binary_applied() {
    let database = TestDatabase::empty();
    let empty = database.catalog();
    assert_eq!(run(&database), count());
    let head = database.catalog();

    diesel(&database.url(), &["migration", "redo", "--all"]).exits(0);
    pretty_assertions::assert_eq!(database.catalog(), head);
    diesel(&database.url(), &["migration", "redo"]).exits(0);
    pretty_assertions::assert_eq!(database.catalog(), head);
    diesel(&database.url(), &["migration", "revert", "--all"]).exits(0);
    pretty_assertions::assert_eq!(database.catalog(), empty);
}

#[test]
fn the_binary_reverts_and_redoes_what_the_cli_applied() {
    let database = TestDatabase::empty();
    let empty = database.catalog();
    diesel(&database.url(), &["migration", "run"]).exits(0);
    let head = database.catalog();

    migrate::redo(&database.pool(), &Revert::All, &mut Silent).unwrap();
    pretty_assertions::assert_eq!(database.catalog(), head);
    migrate::revert(&database.pool(), &Revert::All, &mut Silent).unwrap();
    pretty_assertions::assert_eq!(database.catalog(), empty);
}

#[test]
fn the_two_alternate_migration_by_migration() {
    let database = TestDatabase::empty();
    for (index, migration) in migrate::migrations().unwrap().iter().enumerate() {
        if index % 2 == 0 {
            let options = RunOptions { to: Some(migration.name.to_owned()), ..RunOptions::default() };
            assert_eq!(migrate::run(&database.pool(), &options, &mut Silent).unwrap().steps.len(), 1);
        } else {
            // Applies the rest; all but one of it is taken back.
            diesel(&database.url(), &["migration", "run"]).exits(0);
            let newer = (count() - index - 1).to_string();
            if newer != "0" {
                diesel(&database.url(), &["migration", "revert", "-n", &newer]).exits(0);
            }
        }
    }
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
}

#[test]
fn each_lists_what_the_other_applied() {
    let database = TestDatabase::empty();
    let migrations = migrate::migrations().unwrap();
    let options = RunOptions { to: Some(migrations[3].name.to_owned()), ..RunOptions::default() };
    migrate::run(&database.pool(), &options, &mut Silent).unwrap();

    let list = diesel(&database.url(), &["migration", "list"]).exits(0).stdout;
    for (index, migration) in migrations.iter().enumerate() {
        let mark = if index <= 3 { "[X]" } else { "[ ]" };
        assert!(list.contains(&format!("{mark} {}", migration.name)), "{list}");
    }
    diesel(&database.url(), &["migration", "run"]).exits(0);
    assert!(migrate::status(&database.pool()).unwrap().pending.is_empty());
}

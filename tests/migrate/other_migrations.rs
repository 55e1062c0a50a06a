//! The runner on other migrations than the embedded ones.

use messenger_db::migrate::{self, Revert, RunOptions, Silent};

use crate::support::{TestDatabase, migration};

#[test]
fn a_pool_carries_out_the_migrations_that_it_was_given_sorted_by_version() {
    let database = TestDatabase::empty();
    let pool = database.pool().with_migrations(vec![
        migration("2026-01-02-000000_add_colour", "ALTER TABLE cats ADD colour text", "ALTER TABLE cats DROP colour"),
        migration("2026-01-01-000000_create_cats", "CREATE TABLE cats ()", "DROP TABLE cats"),
    ]);
    let report = migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
    let names: Vec<_> = report.steps.iter().map(|step| step.migration.name).collect();
    assert_eq!(names, ["2026-01-01-000000_create_cats", "2026-01-02-000000_add_colour"]);
    assert_eq!(migrate::status(&pool).unwrap().pending, []);

    migrate::redo(&pool, &Revert::All, &mut Silent).unwrap();
    migrate::revert(&pool, &Revert::DownTo("2026-01-01-000000".to_owned()), &mut Silent).unwrap();
    assert_eq!(database.column("SELECT version FROM __diesel_schema_migrations"), ["20260101000000"]);
    assert_eq!(migrate::status(&database.pool()).unwrap().ahead.len(), 1, "the embedded ones are others");
}

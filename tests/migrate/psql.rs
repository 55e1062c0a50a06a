//! The SQL is plain: a DBA runs each file by hand with psql, in order, and ends where the runner ends.

use std::process::Command;

use messenger_db::migrate::{self, RunOptions, Silent};

use crate::support::{Run, TestDatabase};

fn psql(database: &TestDatabase, command: &str) {
    let run = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--command", command, &database.url()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap_or_else(|error| panic!("psql cannot be run ({error}); Debian has it in postgresql-client"));
    Run::from(run).exits(0);
}

#[test]
fn files_run_by_hand_end_at_the_same_catalog_and_the_runner_goes_on_from_there() {
    let database = TestDatabase::empty();
    let empty = database.catalog();
    let migrations = migrate::migrations().unwrap();
    for migration in &migrations {
        psql(&database, &format!("\\i migrations/{}/up.sql", migration.name));
    }
    let head = TestDatabase::migrated().catalog();
    pretty_assertions::assert_eq!(database.catalog(), head);

    for migration in migrations.iter().rev() {
        psql(&database, &format!("\\i migrations/{}/down.sql", migration.name));
    }
    pretty_assertions::assert_eq!(database.catalog(), empty);

    // Half by hand and recorded, the rest by the runner.
    psql(&database, diesel::migration::CREATE_MIGRATIONS_TABLE);
    for migration in migrations.iter().take(5) {
        psql(&database, &format!("\\i migrations/{}/up.sql", migration.name));
        psql(&database, &format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{}')", migration.version));
    }
    let report = migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    assert_eq!(report.steps.len(), migrations.len() - 5);
    pretty_assertions::assert_eq!(database.catalog(), head);
}

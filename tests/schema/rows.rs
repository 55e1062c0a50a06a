//! A few rows in every table, made by the files in `rows/`: one for each migration that makes tables or columns, with the
//! name of the migration without its time.

use std::fs;

use messenger_db::migrate;

use crate::support::TestDatabase;

/// The rows that go into the tables of a migration.
pub fn of_migration(name: &str) -> Option<String> {
    let subject = name.split_once("messenger_").map_or(name, |(_, subject)| subject);
    fs::read_to_string(format!("{}/tests/schema/rows/{subject}.sql", env!("CARGO_MANIFEST_DIR"))).ok()
}

/// A migrated database with rows in every table.
pub fn populated() -> TestDatabase {
    let database = TestDatabase::migrated();
    for migration in migrate::migrations().unwrap() {
        if let Some(sql) = of_migration(migration.name) {
            database.execute(&sql).unwrap_or_else(|error| panic!("rows of {}: {error}", migration.name));
        }
    }
    database
}

#[test]
fn every_table_has_rows() {
    let database = populated();
    let tables = database.column(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
         AND relname NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger')",
    );
    assert!(tables.len() >= 13, "only {tables:?}");
    for table in tables {
        assert_ne!(database.value(&format!("SELECT count(*) FROM {table}")), "0", "{table} has no row to test with");
    }
}

#[test]
fn every_file_of_rows_belongs_to_a_migration() {
    let migrations = migrate::migrations().unwrap();
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schema/rows")).unwrap() {
        let file = entry.unwrap().path();
        let subject = file.file_stem().unwrap().to_str().unwrap();
        let is_read = |name: &str| name.split_once("messenger_").is_some_and(|(_, of)| of == subject);
        assert!(migrations.iter().any(|migration| is_read(migration.name)), "no migration has the rows of {subject}");
    }
}

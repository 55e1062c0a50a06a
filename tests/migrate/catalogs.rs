//! The catalogs that the diffs beside the migrations add up to are those of a database at each version, on whatever server
//! the tests run; `src/schema.rs` says the same as the newest.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use messenger_db::migrate::{self, RunOptions, Silent};

use crate::support::TestDatabase;

#[test]
fn every_catalog_is_that_of_a_database_at_its_version() {
    let database = TestDatabase::empty();
    let pool = database.pool();
    for migration in migrate::migrations().unwrap() {
        let options = RunOptions { to: Some(migration.name.to_owned()), allow_drift: true, ..RunOptions::default() };
        migrate::run(&pool, &options, &mut Silent).unwrap();
        let stored =
            migration.catalog.unwrap_or_else(|| panic!("{} has no catalog.diff: make catalogs", migration.name));
        pretty_assertions::assert_eq!(stored, database.catalog(), "{}: `make catalogs` writes it", migration.name);
    }
}

#[test]
fn the_whole_catalog_of_the_newest_version_stands_beside_the_migrations() {
    let whole = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/catalog.txt")).unwrap();
    pretty_assertions::assert_eq!(TestDatabase::migrated().catalog(), whole);
}

#[test]
fn a_catalog_has_every_kind_of_thing_that_the_schema_is_made_of() {
    let head = migrate::migrations().unwrap().last().unwrap().catalog.unwrap();
    for kind in ["domain ", "enum ", "extension ", "function ", "table ", "text search configuration ", "view "] {
        assert!(head.lines().any(|line| line.starts_with(kind)), "no {kind}");
    }
    for part in [": column ", ": constraint ", ": definition ", ": index ", ": mapping ", ": | "] {
        assert!(head.contains(part), "no {part}");
    }
}

/// What the generated `src/schema.rs` calls a type of the catalog.
fn diesel_name(of: &str) -> String {
    match of {
        "bigint" => "Int8".to_owned(),
        "integer" => "Int4".to_owned(),
        "smallint" => "Int2".to_owned(),
        "text" => "Text".to_owned(),
        "boolean" => "Bool".to_owned(),
        "bytea" => "Bytea".to_owned(),
        "jsonb" => "Jsonb".to_owned(),
        "inet" => "Inet".to_owned(),
        "tsvector" => "Tsvector".to_owned(),
        "timestamp with time zone" => "Timestamptz".to_owned(),
        // A type of ours: user_id is UserId.
        ours => ours.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect(),
    }
}

/// Each column of each table of the catalog with the type that Diesel should have for it, and each primary key.
fn tables_of_catalog(catalog: &str) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    for line in catalog.lines() {
        let Some((table, fact)) = line.strip_prefix("table ").and_then(|line| line.split_once(": ")) else { continue };
        let fact = fact.replace('"', "");
        if let Some(column) = fact.strip_prefix("column ") {
            let (name, rest) = column.split_once(' ').unwrap();
            let marks = [" COLLATE ", " NOT NULL", " DEFAULT ", " GENERATED "];
            let end = marks.iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
            let of = match rest[..end].strip_suffix("[]") {
                Some(element) => format!("Array<Nullable<{}>>", diesel_name(element)),
                None => diesel_name(&rest[..end]),
            };
            let of = if rest.contains(" NOT NULL") { of } else { format!("Nullable<{of}>") };
            facts.insert(format!("{table}.{name}"), of);
        } else if let Some((_, key)) = fact.split_once(" PRIMARY KEY ") {
            facts.insert(table.to_owned(), key.to_owned());
        }
    }
    facts
}

/// The same of `src/schema.rs`, as it is written there.
fn tables_of_schema(source: &str) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let mut table = "";
    for line in source.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        if let Some((name, key)) = line.strip_suffix(" {").and_then(|line| line.split_once(' '))
            && key.starts_with('(')
        {
            table = name;
            facts.insert(name.to_owned(), key.to_owned());
        } else if let Some((name, of)) = line.split_once(" -> ").filter(|_| line.ends_with(',')) {
            facts.insert(format!("{table}.{name}"), of.trim_end_matches(',').to_owned());
        }
    }
    facts
}

#[test]
fn every_table_of_the_generated_schema_is_that_of_the_catalog() {
    let head = migrate::migrations().unwrap().last().unwrap().catalog.unwrap();
    let generated = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/schema.rs")).unwrap();
    let (catalog, schema) = (tables_of_catalog(head), tables_of_schema(&generated));
    assert!(catalog.len() > 90, "{catalog:#?}");
    pretty_assertions::assert_eq!(schema, catalog);
}

/// A role that reads the catalog may read none of the tables in it, nor see into the schemas of others.
#[test]
fn whoever_reads_a_catalog_need_not_see_into_what_others_publish() {
    let database = TestDatabase::migrated();
    let catalog = database.catalog();
    database
        .execute(
            "CREATE SCHEMA others; REVOKE ALL ON SCHEMA others FROM PUBLIC; CREATE TABLE others.notes (id bigint);
             CREATE PUBLICATION all_of_it FOR ALL TABLES",
        )
        .unwrap();
    let mut reader = database.connect();
    reader.execute("SET SESSION AUTHORIZATION pg_monitor").unwrap();
    pretty_assertions::assert_eq!(migrate::for_tests::read_catalog(&mut reader).unwrap(), catalog);
}

#[test]
fn a_catalog_is_read_while_tables_come_and_go() {
    let database = TestDatabase::migrated();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let tables = "CREATE TABLE notes (id bigint PRIMARY KEY CHECK (id > 0), of bigint REFERENCES notes)";
                database.execute(tables).unwrap();
                database.execute("DROP TABLE notes").unwrap();
            }
        });
        let mut reader = database.connect();
        let failed = (0..200).find_map(|_| migrate::for_tests::read_catalog(&mut reader).err());
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(failed, None);
    });
}

//! The catalog is the same under every setting that a role or a database can carry, wherever extensions are installed,
//! and whatever options a server marks things with.

use messenger_db::migrate::{self, ConnectOptions, Pool, Revert, RunOptions, Scope, Silent, for_tests};

use crate::support::{TestDatabase, server, set, settings};

/// Something of each kind whose text depends on a setting.
const ODD: &str = r#"
    CREATE TABLE odd (
        "Name" text DEFAULT E'a\\b''c', made date DEFAULT '2026-02-01', at timestamptz DEFAULT '2026-02-01 12:00+00',
        lasted interval DEFAULT '1 day 2 hours', bytes bytea DEFAULT '\x00ff', ratio double precision DEFAULT 0.1,
        price money DEFAULT 12.5, "order" integer, CHECK (ratio < 1e10 AND made > '2020-01-01')
    );
    CREATE VIEW odd_view AS SELECT * FROM odd WHERE at > '2026-01-01 00:00+00' AND "Name" ~ '\s';
"#;

#[test]
fn the_catalog_is_the_same_under_every_setting() {
    let database = TestDatabase::migrated();
    database.execute(ODD).unwrap();
    let connection = &mut database.connect();
    let usual = for_tests::read_catalog(connection).unwrap();
    let (mut tried, mut refused) = (0, Vec::new());
    for (name, value) in settings(connection) {
        if connection.execute(&set(&name, &value)).is_err() {
            refused.push((name, value));
            continue;
        }
        tried += 1;
        let found = for_tests::read_catalog(connection).unwrap_or_else(|error| panic!("{name} = {value}: {error}"));
        pretty_assertions::assert_eq!(found, usual, "{name} = {value}");
        connection.execute(&format!("RESET {name}")).unwrap();
    }
    assert!(tried > 150, "{tried} tried, refused: {refused:?}");
}

#[test]
fn run_makes_the_same_schema_under_every_setting_of_the_database() {
    let usual = TestDatabase::migrated().catalog();
    let mut admin = server().connect();
    let mut left = settings(&mut admin);
    // A dozen settings at a time, and of each one value.
    while !left.is_empty() {
        let mut group: Vec<(String, String)> = Vec::new();
        left.retain(|(name, value)| {
            // Some of the genetic optimiser's at once let no server plan anything: out of memory.
            let is_geqo = |name: &str| name.starts_with("geqo_");
            let goes_with = |other: &str| other != name && !(is_geqo(other) && is_geqo(name));
            let is_taken = group.len() < 12 && group.iter().all(|(taken, _)| goes_with(taken));
            group.extend(is_taken.then(|| (name.clone(), value.clone())));
            !is_taken
        });
        let database = TestDatabase::empty();
        for (name, value) in &group {
            let value = value.replace('\'', "''");
            // Some are refused, such as a value that this system does not have.
            let _ = admin.execute(&format!("ALTER DATABASE {} SET {name} = '{value}'", database.name()));
        }
        let pool = migrate::connect(&database.url().parse().unwrap(), &ConnectOptions::default(), &mut Silent);
        let pool = pool.unwrap_or_else(|error| panic!("{group:?}: {error}"));
        let report = migrate::run(&pool, &RunOptions::default(), &mut Silent);
        let report = report.unwrap_or_else(|error| panic!("{group:?}: {error}"));
        assert!(report.catalog.is_clean(), "{group:?}: {:?}", report.catalog);
        let found = migrate::catalog(&pool).unwrap();
        pretty_assertions::assert_eq!(found, usual, "{group:?}");
    }
}

#[test]
fn reading_the_catalog_leaves_the_settings_of_a_transaction_as_they_are() {
    let database = TestDatabase::migrated();
    let connection = &mut database.connect();
    connection.execute("BEGIN; SET LOCAL search_path = public, pg_temp; SET LOCAL jit = on").unwrap();
    for_tests::read_catalog(connection).unwrap();
    let settings = connection.execute("SELECT current_setting('search_path'), current_setting('jit')").unwrap();
    assert_eq!(settings, [[Some("public, pg_temp".to_owned()), Some("on".to_owned())]]);
}

#[test]
fn a_catalog_names_nothing_by_the_schema_it_is_in() {
    let database = TestDatabase::empty();
    database
        .execute(&format!(
            "CREATE SCHEMA \"odd Name\"; CREATE SCHEMA extensions;
             CREATE EXTENSION pg_trgm SCHEMA extensions;
             ALTER DATABASE {} SET search_path = \"odd Name\", extensions",
            database.name()
        ))
        .unwrap();
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    assert!(migrate::verify(&database.pool(), Scope::CurrentSchema).unwrap().is_clean());
    assert_eq!(database.catalog(), migrate::migrations().unwrap().last().unwrap().catalog.unwrap());

    // Another role has the extensions not on its path.
    database.execute(&format!("ALTER DATABASE {} SET search_path = \"odd Name\"", database.name())).unwrap();
    assert!(migrate::verify(&database.pool(), Scope::CurrentSchema).unwrap().is_clean());
    database.execute(&format!("ALTER DATABASE {} SET quote_all_identifiers = on", database.name())).unwrap();
    assert!(migrate::verify(&database.pool(), Scope::CurrentSchema).unwrap().is_clean());
}

/// Marks everything that is there with options that nobody knows, as new minor releases of some servers do.
const MARKS: &str = "
    UPDATE pg_attribute SET attoptions = coalesce(attoptions, '{}') || '{pg_attver=7}'
    WHERE attnum > 0 AND attrelid IN (
        SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S', 'c')
    );
    UPDATE pg_class SET reloptions = coalesce(reloptions, '{}') || '{pg_relver=7}'
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'i', 'S', 'c');
    UPDATE pg_proc SET proconfig = coalesce(proconfig, '{}') || '{pg_fnver=1}'
    WHERE pronamespace = 'public'::regnamespace
        AND oid NOT IN (SELECT objid FROM pg_depend WHERE classid = 'pg_proc'::regclass AND deptype = 'e');";

fn is_clean(pool: &Pool) {
    let found = migrate::verify(pool, Scope::EverySchema).unwrap();
    assert!(found.is_clean(), "{:#?}", found.catalog.drift().map(|drift| &drift.differences));
}

#[test]
fn what_a_server_marks_with_options_of_its_own_is_no_difference_even_to_strict() {
    let database = TestDatabase::empty();
    let pool = database.pool();
    let names: Vec<_> = pool.migrations().iter().map(|migration| migration.name.to_owned()).collect();
    for last in [5, names.len() - 1] {
        let options = RunOptions { to: Some(names[last].clone()), ..RunOptions::default() };
        assert!(migrate::run(&pool, &options, &mut Silent).unwrap().catalog.is_clean());
        database.execute(MARKS).unwrap();
        is_clean(&pool);
        migrate::plan(&pool, &RunOptions::default()).unwrap();
    }
    database.execute("DROP TABLE messenger_db_ledger, __diesel_schema_migrations").unwrap();
    assert_eq!(migrate::baseline(&pool, &mut Silent).unwrap().recorded.len(), names.len());
    for extent in [Revert::Newest(1), Revert::All] {
        assert!(migrate::redo(&pool, &extent, &mut Silent).unwrap().catalog.is_clean());
        is_clean(&pool);
    }
    database.execute(MARKS).unwrap();
    assert!(migrate::revert(&pool, &Revert::Newest(5), &mut Silent).unwrap().catalog.is_clean());
    is_clean(&pool);
}

#[test]
fn options_that_nobody_knows_say_nothing_of_sequences_and_types() {
    let database = TestDatabase::migrated();
    database
        .execute("CREATE SEQUENCE numbers; CREATE TYPE pair AS (one int, two text); CREATE TABLE odd (id bigserial)")
        .unwrap();
    let before = database.catalog();
    let all_marked = "SELECT count(*) >= 3 AND bool_and(coalesce(reloptions::text LIKE '%pg_relver%', false))
        FROM pg_class WHERE relkind IN ('S', 'c') AND relnamespace = 'public'::regnamespace";
    database.execute(MARKS).unwrap();
    assert_eq!(database.value(all_marked), "t");
    pretty_assertions::assert_eq!(database.catalog(), before);
}

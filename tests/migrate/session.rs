//! A migration finds the session that the first one found, whatever the ones before did to theirs.

use messenger_db::migrate::{self, Migration, Revert, RunOptions, Silent};

use crate::support::{TestDatabase, migration};

/// Makes what the tests look at: `fingerprint()` is all that a migration can find of its session.
const BASE: &str = "
    CREATE SCHEMA app;
    CREATE FUNCTION public.fingerprint() RETURNS text LANGUAGE sql AS $$
        SELECT concat_ws(' ',
            (
                SELECT string_agg(name || '=' || setting, ' ' ORDER BY name)
                FROM pg_settings WHERE name NOT LIKE 'transaction\\_%' AND name NOT LIKE 'plpgsql.%'
            ),
            'user', current_user, session_user, current_setting('role'),
            'prepared', (SELECT count(*) FROM pg_prepared_statements),
            'cursors', (SELECT count(*) FROM pg_cursors WHERE is_holdable),
            'channels', (SELECT count(*) FROM pg_listening_channels()),
            'locks', (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
            'temporary', (SELECT count(*) FROM pg_class WHERE relpersistence = 't')
        )
    $$;
    CREATE TABLE public.first_session AS SELECT public.fingerprint()";

/// Fails where the session is another than the first.
const PROBE: &str = "DO $$
    DECLARE
        first text := (SELECT fingerprint FROM public.first_session);
        found text := public.fingerprint();
    BEGIN
        IF found <> first THEN
            RAISE 'the session has %', (
                SELECT string_agg(word, ' ') FROM unnest(string_to_array(found, ' ')) AS word
                WHERE word <> ALL (string_to_array(first, ' '))
            );
        END IF;
    END $$";

/// What one migration might leave to the next.
const LEAKS: [&str; 29] = [
    "SET search_path TO app, public",
    "SELECT pg_catalog.set_config('search_path', '', false)",
    "DO $$ BEGIN PERFORM set_config('search_path', 'app', false); END $$",
    "SET statement_timeout = '50s'",
    "SET lock_timeout = 0",
    "SET ROLE pg_read_all_data",
    "SET SESSION AUTHORIZATION pg_read_all_data",
    "SET default_transaction_read_only = on",
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE",
    "SET session_replication_role = replica",
    "SET client_encoding = 'LATIN1'",
    "SET client_min_messages = error",
    "SET TIME ZONE 'Asia/Kathmandu'",
    "SET DateStyle = 'German, DMY'",
    "SET standard_conforming_strings = off",
    "SET quote_all_identifiers = on",
    "SET check_function_bodies = off",
    "SET default_toast_compression = pglz",
    "SET application_name = 'a ''migration'' \\'",
    "SET LOCAL work_mem = '1MB'",
    "RESET ALL",
    "CREATE TEMPORARY TABLE pets (id serial)",
    "CREATE TEMPORARY TABLE pets ON COMMIT DELETE ROWS AS SELECT 1 AS id",
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT pg_temp.f()",
    "PREPARE plan AS SELECT 1",
    "LISTEN bell",
    "DECLARE held CURSOR WITH HOLD FOR SELECT 1",
    "SELECT pg_advisory_lock(7), pg_advisory_lock(7), pg_advisory_lock_shared(-1)",
    "SELECT pg_advisory_lock(-1, -2), pg_advisory_lock_shared(2147483647, 1), pg_try_advisory_lock(-9e18::bigint)",
];

/// Each leak, up and down, and a look at the session after it.
fn leaks(run_in_transaction: bool) -> Vec<Migration> {
    let mut migrations = vec![migration("2026-01-01-000000_create_base", BASE, "SELECT 1")];
    for (number, leak) in LEAKS.iter().enumerate() {
        for (part, sql) in [(0, *leak), (1, PROBE)] {
            let whole = migration(&format!("2026-01-02-{:06}_leak_or_look", 2 * number + part), sql, sql);
            migrations.push(Migration { run_in_transaction, ..whole });
        }
    }
    migrations
}

fn run(database: &TestDatabase, migrations: &[Migration]) {
    let pool = database.pool().with_migrations(migrations.to_vec());
    let report = migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.steps.len(), migrations.len());
}

#[test]
fn one_migration_cannot_change_the_next_up_or_down_in_a_transaction_or_outside() {
    for run_in_transaction in [true, false] {
        let database = TestDatabase::empty();
        let migrations = leaks(run_in_transaction);
        run(&database, &migrations);
        let pool = database.pool().with_migrations(migrations);
        migrate::revert(&pool, &Revert::Newest(2 * LEAKS.len()), &mut Silent).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn one_migration_cannot_change_the_next_in_the_one_transaction_of_a_redo_or_a_rehearsal() {
    let database = TestDatabase::empty();
    let migrations = leaks(true);
    run(&database, &migrations[..1]);
    let pool = database.pool().with_migrations(migrations.clone());
    let rehearsal = migrate::rehearse(&pool, &RunOptions::default(), &mut Silent).unwrap();
    assert!(rehearsal.failure.is_none(), "{}", rehearsal.failure.unwrap());
    migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
    let redo = migrate::redo(&pool, &Revert::Newest(2 * LEAKS.len()), &mut Silent);
    redo.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn an_attempt_that_failed_leaves_nothing_to_the_next_attempt() {
    let database = TestDatabase::empty();
    let _holder = {
        database.execute("CREATE TABLE cats ()").unwrap();
        crate::support::LockHolder::of(&database, "SELECT FROM cats")
    };
    // Neither a prepared statement nor a lock of the session goes with a rollback.
    let up = "PREPARE plan AS SELECT 1; SELECT pg_advisory_lock(7); DROP TABLE cats";
    let lock_timeout = std::time::Duration::from_millis(50);
    let options = migrate::ConnectOptions { lock_timeout, lock_retries: 1, ..Default::default() };
    let pool = migrate::connect(&database.url().parse().unwrap(), &options, &mut Silent).unwrap();
    let pool = pool.with_migrations(vec![migration("2026-01-01-000000_drop_cats", up, "SELECT 1")]);
    let failed = migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap_err();
    assert_eq!(failed.sqlstate(), Some("55P03"), "and not that the statement is there already: {failed}");
}

/// The catalog, and where each table is.
fn ending(database: &TestDatabase) -> Vec<String> {
    database.column(
        "SELECT relnamespace::regnamespace || '.' || relname FROM pg_class
         WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'app'::regnamespace) ORDER BY 1",
    )
}

#[test]
fn the_same_folder_ends_in_the_same_catalog_in_one_run_or_in_two() {
    let what_pg_dump_begins_with = "SET statement_timeout = 0;
        SET lock_timeout = 0;
        SET idle_in_transaction_session_timeout = 0;
        SET client_encoding = 'UTF8';
        SET standard_conforming_strings = on;
        SELECT pg_catalog.set_config('search_path', '', false);
        SET check_function_bodies = false;
        SET xmloption = content;
        SET client_min_messages = warning;
        SET row_security = off;
        SET default_tablespace = '';
        SET default_table_access_method = heap;
        CREATE TABLE app.dumped (id int)";
    let folder = [
        migration("2026-01-01-000000_create_app", "CREATE SCHEMA app", "DROP SCHEMA app"),
        migration(
            "2026-01-02-000000_create_a",
            "SET search_path TO app, public; CREATE TABLE a ()",
            "DROP TABLE app.a",
        ),
        migration("2026-01-03-000000_create_b", "CREATE TABLE b ()", "DROP TABLE b"),
        migration("2026-01-04-000000_load_dump", what_pg_dump_begins_with, "DROP TABLE app.dumped"),
        migration("2026-01-05-000000_create_c", "CREATE TABLE c ()", "DROP TABLE c"),
    ];
    let (at_once, one_by_one) = (TestDatabase::empty(), TestDatabase::empty());
    run(&at_once, &folder);
    for count in 1..=folder.len() {
        let pool = one_by_one.pool().with_migrations(folder[..count].to_vec());
        assert_eq!(migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap().steps.len(), 1);
    }
    assert_eq!(ending(&at_once), ending(&one_by_one));
    let expected = [
        "app.a",
        "app.dumped",
        "public.__diesel_schema_migrations",
        "public.b",
        "public.c",
        "public.messenger_db_ledger",
    ];
    assert_eq!(ending(&at_once), expected);
}

#[test]
fn what_the_url_and_the_database_set_is_what_the_session_is_put_back_to() {
    let database = TestDatabase::empty();
    database.execute("CREATE SCHEMA app AUTHORIZATION pg_database_owner").unwrap();
    database.execute(&format!("ALTER DATABASE {} SET work_mem = '3MB'", database.name())).unwrap();
    let url = format!("{}?options=-csearch_path%3Dapp%20-crole%3Dpg_database_owner", database.url());
    let url = if database.url().contains('?') { url.replacen("?options", "&options", 1) } else { url };
    let look = "CREATE TABLE look AS SELECT current_setting('work_mem') AS memory, current_user::text AS who";
    let folder = vec![
        migration(
            "2026-01-01-000000_set_all",
            "SET work_mem = '1MB'; SET search_path = public; RESET ROLE",
            "SELECT 1",
        ),
        migration("2026-01-02-000000_look", look, "DROP TABLE look"),
    ];
    let pool = migrate::connect(&url.parse().unwrap(), &migrate::ConnectOptions::default(), &mut Silent).unwrap();
    migrate::run(&pool.with_migrations(folder), &RunOptions::default(), &mut Silent).unwrap();
    assert_eq!(database.value("SELECT memory || who FROM app.look"), "3MBpg_database_owner");
}

#[test]
fn a_custom_setting_is_put_back_to_what_the_role_or_the_database_carries() {
    let database = TestDatabase::empty();
    for set in ["my.tenant = 'seven'", "my.flag = ''"] {
        database.execute(&format!("ALTER DATABASE {} SET {set}", database.name())).unwrap();
    }
    let change = "SET my.tenant = 'eight'; SET my.flag = 'on'; SET my.other = 'on'";
    let look = "CREATE TABLE look AS SELECT current_setting('my.tenant') AS tenant, current_setting('my.flag') AS flag,
        coalesce(current_setting('my.other', true), '') AS other";
    for run_in_transaction in [true, false] {
        let folder =
            [("2026-01-01-000000_change", change, "SELECT 1"), ("2026-01-02-000000_look", look, "DROP TABLE look")];
        let folder = folder.map(|(name, up, down)| Migration { run_in_transaction, ..migration(name, up, down) });
        let pool = database.pool().with_migrations(folder.to_vec());
        migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
        assert_eq!(database.value("SELECT concat_ws('/', tenant, flag, other) FROM look"), "seven//");
        migrate::revert(&pool, &Revert::All, &mut Silent).unwrap();
    }
}

//! psql makes of a plan what `run` makes of the migrations, whatever is legal in their files.

use std::process::Command;

use messenger_db::migrate::{self, Error, Migration, Pool, RunOptions, Silent};

use crate::support::{Run, TestDatabase, migration};

/// psql as somebody may have set it up, with variables of names that SQL may have behind a colon.
fn psql(database: &TestDatabase, script: &str) -> Run {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let mut command = Command::new("psql");
    let variables =
        ["AUTOCOMMIT=off", "ON_ERROR_ROLLBACK=on", "SINGLELINE=on", "FETCH_COUNT=1", "foo='", "bar=;", "n=("];
    command.args(["--no-psqlrc", "--quiet"]).args(variables.iter().flat_map(|variable| ["--set", variable]));
    command.arg("--file").arg(file.path()).arg(database.url());
    Run::of(command.env("PGCLIENTENCODING", "LATIN1").env("PGTZ", "Asia/Kathmandu"))
}

/// Statements that are hard to tell apart; `{n}` is another number each time.
const STATEMENTS: [&str; 15] = [
    "CREATE TABLE a{n} (a int[] DEFAULT '{1,2}', b text DEFAULT ':foo')",
    "CREATE FUNCTION b{n}() RETURNS text LANGUAGE sql AS $$ SELECT ';--' || $plan$ :foo \\ $plan$ $$",
    "DO $plan$ BEGIN EXECUTE $$CREATE TABLE c{n} ()$$; END $plan$",
    "CREATE TABLE d{n} AS SELECT (ARRAY[1, 2, 3])[1:foo] AS a, (ARRAY[4, 5])[foo:'2'] AS b FROM (SELECT 2 AS foo) AS x",
    "CREATE TABLE e{n} AS SELECT E'a\\';\\\\' AS a, 'c\\' AS b, U&'d\\0061t' AS c, E'a'\n  '\\'b;' AS d",
    "CREATE TABLE \"f;{n}\" (\"a:foo\" int, \"b\"\"c\" int)",
    "CREATE FUNCTION g{n}() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
    "CREATE TABLE h{n} AS SELECT 1::bigint AS a, '2' :: text AS b, (ARRAY[1])[1::int:1] AS c",
    "CREATE TABLE i{n} (a int); CREATE RULE r AS ON INSERT TO i{n} DO ALSO (SELECT 1; SELECT 2)",
    "SET LOCAL standard_conforming_strings = off; CREATE TABLE j{n} AS SELECT 'a\\b' AS a; SELECT 'a\\', 'b'",
    "SET search_path = app; CREATE TABLE k{n} ()",
    "SET client_encoding = 'LATIN1'; CREATE TABLE l{n} AS SELECT 'é:foo' AS a",
    "/* a ; /* nested :foo */ ' $$ */ SELECT 1 -- it's :bar;",
    "COPY (SELECT 'a;b', 1) TO STDOUT",
    ";; CREATE TABLE m{n} AS SELECT $_1$;$_1$ AS a WHERE 1 <@ ANY ('{}'::int4range[]);",
];

/// What the last statement of a file may leave in the session.
const LEAKS: [&str; 5] = [
    "SELECT 1",
    "SELECT pg_catalog.set_config('search_path', '', false)",
    "SET ROLE pg_read_all_data",
    "SET default_transaction_read_only = on",
    "PREPARE p AS SELECT $1::int; CREATE TEMPORARY TABLE t (a int)",
];

/// How a file may end.
const ENDS: [&str; 9] = [";", "", "; -- the end", " -- no;", ";\n", "; /* ; */", " /* ' */\n", ";;", "\n-- ;\n"];

/// A folder of so many migrations, each of some statements, the same for the same seed.
fn folder(seed: u32, count: usize) -> Vec<Migration> {
    let mut state = seed;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % limit
    };
    let mut folder = vec![migration("2026-01-01-000000_create_app", "CREATE SCHEMA app", "DROP SCHEMA app")];
    for number in 0..count {
        let mut statements: Vec<_> = (0..=below(3))
            .map(|part| STATEMENTS[below(STATEMENTS.len())].replace("{n}", &format!("{number}_{part}")))
            .collect();
        statements.push(LEAKS[below(LEAKS.len())].to_owned());
        let mut sql = format!("-- What's in {number}\n{}{}", statements.join("\n;\n"), ENDS[below(ENDS.len())]);
        if below(3) == 0 {
            sql = sql.replace('\n', "\r\n");
        }
        let name = format!("2026-01-02-{number:06}_it's\nDROP SCHEMA app CASCADE; --\r\\q");
        let run_in_transaction = below(4) > 0;
        folder.push(Migration { run_in_transaction, ..migration(&name, &sql, "SELECT 1") });
    }
    folder
}

/// The catalog, every row, the history and the ledger.
fn ending(database: &TestDatabase) -> Vec<String> {
    let mut ending = vec![database.catalog()];
    let tables = database.column(
        "SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relname NOT LIKE '%\\_schema\\_migrations'
             AND relname <> 'messenger_db_ledger' AND relnamespace::regnamespace::text IN ('public', 'app') ORDER BY 1",
    );
    for table in tables {
        ending.extend(database.column(&format!("SELECT '{table} ' || row::text FROM {table} AS row ORDER BY 1")));
    }
    ending.extend(database.column("SELECT version FROM __diesel_schema_migrations ORDER BY 1"));
    ending.extend(database.column(
        "SELECT concat_ws(' ', version, name, checksum, up_sql, run_in_transaction, applied_by) FROM messenger_db_ledger
         ORDER BY 1",
    ));
    ending
}

fn script(pool: &Pool) -> Result<String, Error> {
    migrate::plan(pool, &RunOptions::default()).map(|plan| plan.sql)
}

#[test]
fn psql_ends_where_run_ends_for_any_legal_file() {
    for seed in [1, 2, 3] {
        let folder = folder(seed, 40);
        let (by_run, by_hand) = (TestDatabase::empty(), TestDatabase::empty());
        let pool = by_run.pool().with_migrations(folder.clone());
        migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap_or_else(|error| panic!("{seed}: {error}"));
        let sql = script(&by_hand.pool().with_migrations(folder)).unwrap();
        psql(&by_hand, &sql).exits(0);
        pretty_assertions::assert_eq!(ending(&by_hand), ending(&by_run), "{seed}");
    }
}

/// Settings that change what a statement means, or cut it off.
const ODD: [(&str, &str); 13] = [
    ("DateStyle", "'SQL, DMY'"),
    ("IntervalStyle", "sql_standard"),
    ("TimeZone", "'Asia/Kathmandu'"),
    ("standard_conforming_strings", "off"),
    ("array_nulls", "off"),
    ("transform_null_equals", "on"),
    ("extra_float_digits", "-15"),
    ("bytea_output", "escape"),
    ("xmloption", "document"),
    ("search_path", "pg_catalog, public"),
    ("statement_timeout", "'50ms'"),
    ("idle_in_transaction_session_timeout", "'1ms'"),
    ("default_transaction_isolation", "serializable"),
];

#[test]
fn psql_ends_where_run_ends_whatever_the_database_is_configured_with() {
    let up = r"CREATE TABLE meant AS SELECT
            'C:\new\table' AS a, '01/02/2026'::date AS b, date '2026-01-02'::text AS c, interval '1 day'::text AS d,
            '{NULL}'::text[] AS e, NULL = NULL::int AS f, 0.1::float8::text AS g, '\x4142'::bytea::text AS h,
            'a<b/>'::xml::text AS i, timestamptz '2026-01-01 12:00+00'::text AS j, 'x'::text || '\n' AS k;
        CREATE SCHEMA app;
        SELECT pg_sleep(0.1)";
    let folder = vec![
        migration("2026-01-01-000000_create_meant", up, "DROP TABLE meant"),
        migration(
            "2026-01-02-000000_create_again",
            &up.replace("meant", "again").replace("SCHEMA app", "TABLE t ()"),
            "SELECT 1",
        ),
    ];
    let [by_run, by_hand] = [(); 2].map(|()| {
        let database = TestDatabase::empty();
        for (name, value) in ODD {
            database.execute(&format!("ALTER DATABASE {} SET {name} = {value}", database.name())).unwrap();
        }
        database
    });
    migrate::run(&by_run.pool().with_migrations(folder.clone()), &RunOptions::default(), &mut Silent).unwrap();
    psql(&by_hand, &script(&by_hand.pool().with_migrations(folder)).unwrap()).exits(0);
    for table in ["meant", "again"] {
        let row = format!("SELECT row::text FROM public.{table} AS row");
        assert_eq!(by_hand.value(&row), by_run.value(&row));
        assert!(by_run.value(&row).contains(",02/01/2026,2026-01-02,"), "{}", by_run.value(&row));
    }
}

#[test]
fn what_psql_would_take_for_something_else_has_no_plan() {
    let database = TestDatabase::empty();
    for (sql, line, says) in [
        ("SELECT 1;\n\\! touch /tmp/owned", 2, "a command of psql"),
        ("CREATE TABLE t (a int);\nCOPY t FROM STDIN;\n1\n", 2, "COPY FROM STDIN"),
        ("SELECT 1;\n/* never", 2, "never ends"),
    ] {
        let refused =
            script(&database.pool().with_migrations(vec![migration("2026-01-01-000000_a_b", sql, "SELECT 1")]));
        let Err(Error::NotForPsql { place, what }) = refused else { panic!("{refused:?}") };
        assert_eq!(place.line, line);
        assert!(what.contains(says), "{what}");
    }
}

#[test]
fn a_plan_names_a_database_whatever_it_is_called() {
    let database = TestDatabase::empty();
    let name = "a $plan$; '\"\n\\! b";
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    database.execute(&format!("CREATE DATABASE {quoted} TEMPLATE template0")).unwrap();
    let url = database.url().replace(database.name(), "a%20%24plan%24%3B%20%27%22%0A%5C%21%20b");
    let pool = migrate::connect(&url.parse().unwrap(), &migrate::ConnectOptions::default(), &mut Silent).unwrap();
    let folder = vec![migration("2026-01-01-000000_create_cats", "CREATE TABLE cats ()", "DROP TABLE cats")];
    let sql = script(&pool.with_migrations(folder)).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &sql).unwrap();
    let run = Run::of(Command::new("psql").args(["--no-psqlrc", "--file"]).arg(file.path()).arg(&url));
    database.execute(&format!("DROP DATABASE {quoted} WITH (FORCE)")).unwrap();
    run.exits(0);
    psql(&database, &sql).exits(3).complains("this plan is for another database");
}

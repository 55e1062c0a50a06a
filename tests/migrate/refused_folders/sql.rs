//! The build refuses SQL that cannot work in a migration, and accepts what only looks like it.

use super::{Folder, NAME, OPTED_OUT};

#[test]
fn a_missing_or_empty_file_of_sql_is_refused() {
    for file in ["up.sql", "down.sql"] {
        let path = format!("{NAME}/{file}");
        Folder::good().without(&path).is_refused_in(file, "is missing");
        Folder::good().file(&path, "").is_refused_in(file, "is empty");
        Folder::good().file(&path, " \r\n\t").is_refused_in(file, "is empty");
        Folder::good().file(&path, "-- DROP TABLE users;\n").is_refused_in(file, "only comments");
        Folder::good().file(&path, "/* DROP TABLE users; */ ;").is_refused_in(file, "only comments");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_in_its_line() {
    let latin_1 = b"SELECT 'a';\n\nSELECT '\xe9';\n";
    Folder::good().up(latin_1).is_refused_in("up.sql:3", "is not UTF-8");
    Folder::good().metadata(latin_1).is_refused_in("metadata.toml:3", "is not UTF-8");
    Folder::good().file(&format!("{NAME}/down.sql"), latin_1).is_refused_in("down.sql:3", "is not UTF-8");
    Folder::good().file(&format!("{NAME}/catalog.diff"), latin_1).is_refused_in("catalog.diff:3", "is not UTF-8");
}

#[test]
fn characters_that_no_query_may_hold_are_refused() {
    Folder::good().up("\u{feff}SELECT 1;").is_refused_in("up.sql:1", "byte order mark");
    Folder::good().up("SELECT 1;\nSELECT '\0';").is_refused_in("up.sql:2", "NUL");
}

#[test]
fn quotes_and_comments_without_an_end_are_refused_where_they_begin() {
    for open in ["SELECT 'it''s\n", "DO $$\nBEGIN\nEND", "/* SELECT 1;\n", "SELECT \"a\n"] {
        Folder::good().up(format!("SELECT 1;\n{open}")).is_refused_in("up.sql:2", "never ends");
    }
}

#[test]
fn statements_that_need_to_be_outside_of_a_transaction_are_refused_without_the_opt_out() {
    let statements = [
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "create /* a */ unique index -- b\n concurrently if not exists i on t (a)",
        "DROP INDEX CONCURRENTLY IF EXISTS i",
        "REINDEX INDEX CONCURRENTLY i",
        "REINDEX (CONCURRENTLY, VERBOSE) TABLE t",
        "REINDEX (VERBOSE, CONCURRENTLY) SCHEMA public",
        "REINDEX DATABASE CONCURRENTLY d",
        "ALTER TABLE IF EXISTS a.\"t\" DETACH PARTITION a.\"p\" CONCURRENTLY",
        "VACUUM",
        "VACUUM (ANALYZE) t",
        "ALTER SYSTEM SET work_mem = 1",
        "CREATE DATABASE d",
        "DROP DATABASE d",
        "CREATE TABLESPACE s LOCATION '/s'",
        "DROP TABLESPACE s",
    ];
    for statement in statements {
        let sql = format!("-- Why.\n{statement};\n");
        Folder::good().up(&sql).is_refused_in("up.sql:2", "cannot run in a transaction");
        Folder::good().up(&sql).metadata("run_in_transaction = true").is_refused_in("up.sql:2", "in a transaction");
        Folder::good().up(&sql).metadata(OPTED_OUT).is_accepted();
        Folder::good().file(&format!("{NAME}/down.sql"), &sql).is_refused_in("down.sql:2", "in a transaction");

        Folder::good().up(&sql).metadata("run_in_transaction =").is_refused_in("metadata.toml:1", "is not TOML");

        let beside = format!("SELECT 1;\n{sql}");
        Folder::good().up(beside).metadata(OPTED_OUT).is_refused_in("up.sql:3", "cannot run beside other statements");
    }
}

#[test]
fn statements_that_only_look_so_are_accepted() {
    let statements = [
        "CREATE INDEX i ON t (a)",
        "CREATE INDEX \"concurrently\" ON t (a)",
        "CREATE INDEX i /* CONCURRENTLY */ ON t (a)",
        "COMMENT ON TABLE t IS 'CREATE INDEX CONCURRENTLY; BEGIN; VACUUM; COMMIT'",
        "REINDEX TABLE t",
        "REINDEX TABLE \"T\"",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
        "ALTER TABLE t ADD COLUMN a int CHECK (a > 0), ALTER b SET NOT NULL",
        "ALTER TYPE e ADD VALUE 'b'",
        "ALTER TABLE t DETACH PARTITION p",
        "ALTER TABLE t DETACH PARTITION p FINALIZE",
        "CLUSTER t",
        "DO $$ BEGIN PERFORM 1; EXCEPTION WHEN others THEN ROLLBACK; END $$",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END",
        "START SOMETHING",
        "SET LOCAL lock_timeout = '1s'",
        "COPY t TO '/t'",
        r"SELECT '\c' /* \i x */ -- \q",
    ];
    for statement in statements {
        Folder::good().up(format!("CREATE TABLE t (); CREATE TABLE \"T\" (); {statement};\nSELECT 2")).is_accepted();
    }
}

#[test]
fn statements_that_would_change_the_session_for_the_next_migration_are_refused() {
    let statements = [
        ("SET search_path = app", "SET without LOCAL"),
        ("set session work_mem = '1MB'", "SET without LOCAL"),
        ("SET /* LOCAL */ TIME ZONE 'UTC'", "SET without LOCAL"),
        ("SET ROLE other", "SET without LOCAL"),
        ("SET SESSION AUTHORIZATION other", "SET without LOCAL"),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET SESSION CHARACTERISTICS"),
        ("RESET ALL", "RESET"),
        ("RESET SESSION AUTHORIZATION", "RESET"),
        ("DISCARD ALL", "DISCARD"),
        ("LISTEN bell", "LISTEN"),
        ("LOAD 'auto_explain'", "LOAD"),
        ("PREPARE transactions AS SELECT 1", "PREPARE"),
        ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", "WITH HOLD"),
        ("CREATE TEMP TABLE t (a int)", "temporary"),
        ("CREATE OR REPLACE TEMPORARY VIEW v AS SELECT 1", "temporary"),
        ("SELECT pg_catalog.set_config('search_path', '', false)", "set_config"),
        ("SELECT set_config('a.b', concat('a', 'b'), 1 = 2)", "set_config"),
        ("INSERT INTO t SELECT \"set_config\"('a.b', 'true', FALSE)", "set_config"),
        ("SELECT pg_advisory_lock(1)", "pg_advisory_lock"),
        ("DO $$ BEGIN SET search_path = app; END $$", "SET without LOCAL"),
        ("DO LANGUAGE plpgsql 'BEGIN IF true THEN RESET ''work_mem''; END IF; END'", "RESET"),
        ("DO $a$ BEGIN PERFORM set_config('a.b', $$,true$$, false); END $a$", "set_config"),
    ];
    for (statement, says) in statements {
        for file in ["up.sql", "down.sql"] {
            let sql = format!("-- Why.\n{statement};\n");
            let path = format!("{NAME}/{file}");
            Folder::good().file(&path, &sql).is_refused_in(&format!("{file}:2"), says);
        }
    }
}

#[test]
fn statements_that_only_look_as_if_they_changed_the_session_are_accepted() {
    let statements = [
        "SET LOCAL search_path = app",
        "SET CONSTRAINTS ALL DEFERRED",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "UPDATE t SET a = 1, session = 2",
        "ALTER TABLE t SET (fillfactor = 70)",
        "ALTER ROLE r SET search_path = app",
        "ALTER FUNCTION f() RESET ALL",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql SET search_path = app AS $$ BEGIN SET work_mem = 1; END $$",
        "CREATE FUNCTION f() RETURNS text RETURN set_config('a.b', '', false)",
        "CREATE TEMPORARY TABLE u ON COMMIT DROP AS SELECT 1",
        "SELECT set_config('a.b', 'false', true), 'SET a = 1'",
        "DO $$ BEGIN UPDATE t SET a = 1; SET LOCAL work_mem = '1MB'; PERFORM set_config('a.b', '', true); END $$",
        "INSERT INTO t VALUES ('set_config(1, 2, false)') ON CONFLICT DO UPDATE SET a = 1",
        "SELECT pg_advisory_xact_lock(1)",
    ];
    for statement in statements {
        Folder::good().up(format!("CREATE TABLE t (); {statement};\n")).is_accepted();
    }
}

#[test]
fn statements_that_others_wait_for_while_a_table_is_read_are_refused() {
    let statements = [
        ("CREATE INDEX i ON t (a)", "CREATE INDEX"),
        ("CREATE UNIQUE INDEX IF NOT EXISTS i ON ONLY s.t (a)", "CREATE INDEX"),
        ("CREATE INDEX ON t (a)", "CREATE INDEX"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a IN (1, 2))", "CHECK or FOREIGN KEY"),
        ("ALTER TABLE IF EXISTS ONLY s.t ADD FOREIGN KEY (a) REFERENCES u (a)", "CHECK or FOREIGN KEY"),
        ("ALTER TABLE t ADD b int, ADD c int REFERENCES u", "CHECK or FOREIGN KEY"),
        ("ALTER TABLE t ADD COLUMN c int DEFAULT 1 CHECK (c > 0)", "CHECK or FOREIGN KEY"),
        ("ALTER TABLE t ADD CONSTRAINT c UNIQUE (a) USING INDEX TABLESPACE x", "UNIQUE"),
        ("ALTER TABLE t ADD PRIMARY KEY (a)", "UNIQUE"),
        ("ALTER TABLE t ADD EXCLUDE USING gist (a WITH =)", "UNIQUE"),
        ("ALTER TABLE t ADD c int UNIQUE", "UNIQUE"),
        ("ALTER TABLE t ALTER a SET NOT NULL", "SET NOT NULL"),
        ("ALTER TABLE t ALTER COLUMN a TYPE bigint USING a::bigint", "another type"),
        ("ALTER TABLE t ALTER a SET DATA TYPE bigint", "another type"),
        ("ALTER TABLE t ADD c uuid DEFAULT gen_random_uuid()", "computed"),
        ("ALTER TABLE t ADD c int GENERATED ALWAYS AS (a + 1) STORED", "computed"),
        ("ALTER TABLE t ADD c bigserial", "computed"),
        ("ALTER TABLE t SET TABLESPACE x", "written anew"),
        ("ALTER TABLE t SET LOGGED", "written anew"),
        ("ALTER DOMAIN d ADD CONSTRAINT c CHECK (value > 0)", "CHECK"),
        ("VACUUM FULL t", "written anew"),
        ("VACUUM (ANALYZE, FULL)", "written anew"),
        ("CLUSTER", "written anew"),
        ("CLUSTER t USING i", "written anew"),
        ("REINDEX TABLE t", "REINDEX"),
        ("REFRESH MATERIALIZED VIEW v", "REFRESH"),
    ];
    for (statement, says) in statements {
        let sql = format!("-- Why.\n{statement};\n");
        Folder::good().up(&sql).metadata(OPTED_OUT).is_refused_in("up.sql:2", says);
        Folder::good().file(&format!("{NAME}/down.sql"), &sql).metadata(OPTED_OUT).is_refused_in("down.sql:2", says);
    }
    Folder::good().up("DROP INDEX i, j").is_refused_in("up.sql:1", "DROP INDEX waits");
    Folder::good().file(&format!("{NAME}/down.sql"), "DROP INDEX i").is_accepted();
    let at_once = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT c";
    Folder::good().up(at_once).is_refused_in("up.sql:2", "VALIDATE CONSTRAINT");
}

#[test]
fn statements_that_nobody_waits_for_are_accepted() {
    let statements = [
        "CREATE TABLE IF NOT EXISTS s.\"t\" (a int); CREATE INDEX i ON t (a); DROP INDEX i; ALTER TABLE t ALTER a SET NOT NULL",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID, ADD b int DEFAULT 1, ADD at timestamptz DEFAULT now()",
        "ALTER TABLE t VALIDATE CONSTRAINT c",
        "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX t_idx",
        "ALTER TABLE t ALTER a SET DEFAULT gen_random_uuid(), ALTER a DROP NOT NULL, ALTER a SET STATISTICS 100",
        "ALTER TABLE t RENAME TO u; ALTER TABLE u SET (fillfactor = 70)",
        "CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CHECK (value > 0)",
        "CREATE MATERIALIZED VIEW v AS SELECT 1; REFRESH MATERIALIZED VIEW v; CREATE INDEX i ON v (a)",
        "-- squawk-ignore require-concurrent-index-creation -- the table is small\nCREATE INDEX i ON t (a)",
    ];
    for statement in statements {
        Folder::good().up(format!("SELECT 1;\n{statement};\n")).is_accepted();
    }
    let without_reason = "-- squawk-ignore require-concurrent-index-creation\nCREATE INDEX i ON t (a)";
    Folder::good().up(without_reason).is_refused_in("up.sql:2", "CREATE INDEX");
}

#[test]
fn statements_about_transactions_are_refused() {
    let statements = [
        ("BEGIN", "BEGIN"),
        ("begin isolation level serializable", "BEGIN"),
        ("START /* a */ TRANSACTION READ ONLY", "START TRANSACTION"),
        ("COMMIT", "COMMIT"),
        ("COMMIT PREPARED 'x'", "COMMIT"),
        ("END", "END"),
        ("ROLLBACK", "ROLLBACK"),
        ("ROLLBACK TO SAVEPOINT s", "ROLLBACK"),
        ("ABORT", "ABORT"),
        ("SAVEPOINT s", "SAVEPOINT"),
        ("RELEASE s", "RELEASE"),
        ("PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION"),
    ];
    for (statement, name) in statements {
        let sql = format!("SELECT 1;\n\n  {statement};\nSELECT 2;");
        Folder::good().up(&sql).is_refused_in("up.sql:3", &format!("{name} is not for a migration"));
        Folder::good().up(&sql).metadata(OPTED_OUT).is_refused_in("up.sql:3", "delete it");
        Folder::good().file(&format!("{NAME}/down.sql"), &sql).is_refused_in("down.sql:3", name);
    }
}

#[test]
fn commands_of_psql_are_refused() {
    for (sql, command) in [("\\i it's.sql\n", "`\\i`"), ("\\c", "`\\c`"), ("SELECT 3 \\gx\n", "`\\gx`")] {
        Folder::good().up(format!("SELECT 1;\n{sql}")).is_refused_in("up.sql:2", command);
    }
    let dump = format!("{NAME}/up.sql");
    let expected = [(format!("{dump}:1"), "COPY stops Diesel"), (format!("{dump}:3"), "`\\.`")];
    let expected: Vec<_> = expected.iter().map(|(place, says)| (place.as_str(), *says)).collect();
    Folder::good().up("COPY t (a) FROM stdin;\n1\n\\.\n").is_refused(&expected);
    Folder::good().up("COPY (SELECT 1) TO STDOUT").is_refused_in("up.sql:1", "COPY stops Diesel");
}

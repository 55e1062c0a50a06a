//! Decides that the build refuses SQL that cannot work in a migration, and accepts what only looks like it.

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
    Folder::good().file(&format!("{NAME}/catalog.txt"), latin_1).is_refused_in("catalog.txt:3", "is not UTF-8");
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
        "REINDEX (VERBOSE) SCHEMA public",
        "REINDEX DATABASE d",
        "REINDEX SYSTEM d",
        "ALTER TABLE IF EXISTS a.\"t\" DETACH PARTITION a.\"p\" CONCURRENTLY",
        "VACUUM",
        "VACUUM (ANALYZE) t",
        "CLUSTER",
        "DISCARD ALL",
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
        "REINDEX TABLE \"database\"",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
        "ALTER TYPE e ADD VALUE 'b'",
        "ALTER TABLE t DETACH PARTITION p",
        "ALTER TABLE t DETACH PARTITION p FINALIZE",
        "CLUSTER t",
        "DO $$ BEGIN PERFORM 1; EXCEPTION WHEN others THEN ROLLBACK; END $$",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END",
        "PREPARE transactions AS SELECT 1",
        "START SOMETHING",
        "SET LOCAL lock_timeout = '1s'",
        "COPY t TO '/t'",
        r"SELECT '\c' /* \i x */ -- \q",
    ];
    for statement in statements {
        Folder::good().up(format!("SELECT 1; {statement};\nSELECT 2")).is_accepted();
    }
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

//! `plan` says what `run` would do, and psql does it to the same end; a rehearsal really does it, and leaves no trace.

use std::process::Command;

use messenger_db::migrate::{
    self, Comparison, Error, Migration, Origin, Pool, Rehearsal, RunOptions, Scope, Silent, migrations,
};

use crate::support::{LockHolder, Run, TestDatabase, diesel, migration};

pub(super) fn psql(database: &TestDatabase, script: &str) -> Run {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--quiet", "--file"]).arg(file.path()).arg(database.url());
    // What the script needs it sets itself.
    Run::of(command.env("PGCLIENTENCODING", "LATIN1").env("PGTZ", "Asia/Kathmandu"))
}

fn plan(pool: &Pool) -> String {
    migrate::plan(pool, &RunOptions::default()).unwrap().sql
}

fn run(pool: &Pool) -> migrate::Report {
    migrate::run(pool, &RunOptions::default(), &mut Silent).unwrap()
}

fn rehearse(pool: &Pool) -> Rehearsal {
    migrate::rehearse(pool, &RunOptions::default(), &mut Silent).unwrap()
}

/// What psql makes of the plan is what `run` makes, the records included.
#[track_caller]
fn psql_ends_where_run_ends(database: &TestDatabase, expected: &[Origin]) {
    let pool = database.pool();
    psql(database, &plan(&pool)).exits(0);
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
    let found = migrate::verify(&pool, Scope::CurrentSchema).unwrap();
    assert!(found.is_clean(), "{found:?}");
    let origins: Vec<_> = found.status.applied.iter().map(|row| row.record.as_ref().unwrap().origin).collect();
    assert_eq!(origins, expected);
    let rows = "SELECT ledger::text FROM messenger_db_ledger AS ledger ORDER BY version";
    let before = database.column(rows);
    assert!(run(&pool).steps.is_empty());
    assert_eq!(database.column(rows), before, "run has nothing to add");
}

#[test]
fn psql_takes_an_empty_database_to_the_head() {
    psql_ends_where_run_ends(&TestDatabase::empty(), &vec![Origin::Plan; migrations().unwrap().len()]);
}

#[test]
fn psql_goes_on_from_where_the_runner_stopped() {
    let database = TestDatabase::empty();
    let options = RunOptions { to: Some(migrations().unwrap()[4].name.to_owned()), ..RunOptions::default() };
    migrate::run(&database.pool(), &options, &mut Silent).unwrap();
    let mut expected = vec![Origin::Plan; migrations().unwrap().len()];
    expected[..5].fill(Origin::Run);
    psql_ends_where_run_ends(&database, &expected);
}

#[test]
fn a_plan_fills_in_what_the_diesel_cli_applied() {
    let database = TestDatabase::empty();
    diesel(&database.url(), &["migration", "run"]).exits(0);
    diesel(&database.url(), &["migration", "revert"]).exits(0);
    let mut expected = vec![Origin::Found; migrations().unwrap().len()];
    *expected.last_mut().unwrap() = Origin::Plan;
    psql_ends_where_run_ends(&database, &expected);
}

#[test]
fn a_plan_of_nothing_is_a_comment() {
    let database = TestDatabase::migrated();
    let sql = plan(&database.pool());
    assert!(sql.lines().all(|line| line.starts_with("--")), "{sql}");
    psql(&database, &sql).exits(0);
}

#[test]
fn a_plan_changes_nothing_and_is_refused_where_run_would_refuse() {
    let database = TestDatabase::empty();
    plan(&database.pool());
    rehearse(&database.pool());
    assert_eq!(database.catalog(), "");
    assert_eq!(database.value("SELECT to_regclass('__diesel_schema_migrations') IS NULL"), "t");
    database.execute("CREATE TABLE users ()").unwrap();
    let refused = migrate::plan(&database.pool(), &RunOptions::default());
    assert!(matches!(refused, Err(Error::Drift { .. })), "{refused:?}");
}

#[test]
fn a_plan_is_for_one_database_at_one_version() {
    let database = TestDatabase::empty();
    let sql = plan(&database.pool());
    let other = TestDatabase::empty();
    psql(&other, &sql).exits(3).complains("this plan is for another database");
    assert_eq!(other.value("SELECT to_regclass('__diesel_schema_migrations') IS NULL"), "t");

    psql(&database, &sql).exits(0);
    let before = database.catalog();
    psql(&database, &sql).exits(3).complains("something was applied since: make another");
    assert_eq!(database.catalog(), before);
}

#[test]
fn a_plan_gives_way_to_a_runner() {
    let database = TestDatabase::empty();
    let sql = plan(&database.pool());
    let mut runner = database.connect();
    runner.execute("SELECT pg_advisory_lock(hashtextextended('messenger-db migrations', 0))").unwrap();
    psql(&database, &sql).exits(3).complains("another runner works on this database");
    drop(runner);
}

const CATS: &str = "2026-01-01-000000_create_cats";

fn cats() -> Migration {
    let up = "CREATE TABLE cats (id serial PRIMARY KEY, name text UNIQUE, lives int NOT NULL DEFAULT 9);
        CREATE TABLE toys (cat int REFERENCES cats DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO cats (name) VALUES ('Tom'), ('Félix \\ co'), ('O''Malley')";
    migration(CATS, up, "DROP TABLE toys, cats")
}

/// The index that a migration outside of a transaction builds.
fn indexed() -> Migration {
    let up = "CREATE INDEX CONCURRENTLY cats_lives_idx ON cats (lives) -- no semicolon";
    let index = migration("2026-01-02-000000_index_cats", up, "DROP INDEX CONCURRENTLY cats_lives_idx");
    Migration { run_in_transaction: false, ..index }
}

#[test]
fn a_plan_runs_what_cannot_be_in_a_transaction_outside_of_one() {
    let (by_hand, by_run) = (TestDatabase::empty(), TestDatabase::empty());
    let pool = by_hand.pool().with_migrations(vec![cats(), indexed()]);
    psql(&by_hand, &plan(&pool)).exits(0);
    run(&by_run.pool().with_migrations(vec![cats(), indexed()]));
    pretty_assertions::assert_eq!(by_hand.catalog(), by_run.catalog());
    assert_eq!(by_hand.column("SELECT name FROM cats ORDER BY id"), ["Tom", "Félix \\ co", "O'Malley"]);
    assert_eq!(
        by_hand.column("SELECT checksum FROM messenger_db_ledger"),
        by_run.column("SELECT checksum FROM messenger_db_ledger")
    );
    assert!(run(&pool).steps.is_empty());
}

#[test]
fn a_plan_goes_on_from_an_index_that_was_interrupted_or_never_recorded() {
    let with_twins = || {
        let database = with_cats();
        database.execute("INSERT INTO cats (name) VALUES ('a'), ('b')").unwrap();
        database
    };
    let up = "CREATE UNIQUE INDEX CONCURRENTLY cats_lives_key ON cats (lives)";
    let unique = Migration { up, ..indexed() };
    let interrupted = with_twins();
    let pool = interrupted.pool().with_migrations(vec![cats(), unique]);
    psql(&interrupted, &plan(&pool)).exits(3).complains("could not create unique index");
    interrupted.execute("UPDATE cats SET lives = id").unwrap();
    let done = with_twins();
    done.execute("UPDATE cats SET lives = id").unwrap();
    done.execute(up).unwrap();
    for database in [&interrupted, &done] {
        let pool = database.pool().with_migrations(vec![cats(), unique]);
        psql(database, &plan(&pool)).exits(0);
        assert!(run(&pool).steps.is_empty());
        let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'cats_lives_key'::regclass";
        assert_eq!(database.value(valid), "t");
    }
}

/// Everything that a rehearsal must leave as it was.
fn traces(database: &TestDatabase) -> Vec<String> {
    let mut traces = vec![database.catalog()];
    for query in [
        "SELECT ledger::text FROM messenger_db_ledger AS ledger ORDER BY version",
        "SELECT history::text FROM __diesel_schema_migrations AS history ORDER BY version",
        "SELECT cats::text || xmin || ctid FROM cats ORDER BY id",
        "SELECT last_value || ' ' || is_called FROM cats_id_seq",
        "SELECT relname || relfilenode FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY relname",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    ] {
        traces.extend(database.column(query));
    }
    traces
}

fn with_cats() -> TestDatabase {
    let database = TestDatabase::empty();
    run(&database.pool().with_migrations(vec![cats()]));
    database
}

#[test]
fn a_rehearsal_shows_what_each_statement_takes_and_leaves_no_trace() {
    let database = with_cats();
    let before = traces(&database);
    let changed = migration(
        "2026-01-03-000000_change_cats",
        "-- Purpose: to be seen.
ALTER TABLE cats ALTER lives TYPE bigint;
UPDATE cats SET lives = lives - 1 WHERE name <> 'Tom';
INSERT INTO cats (name) SELECT 'cat ' || n FROM generate_series(1, 5) AS n;
DELETE FROM cats WHERE name = 'Tom';
CREATE TABLE dogs (id int);
COMMENT ON TABLE dogs IS 'New.';
DROP TABLE toys;",
        "SELECT 1",
    );
    let rehearsal = rehearse(&database.pool().with_migrations(vec![cats(), changed]));
    assert_eq!(traces(&database), before);
    assert!(rehearsal.failure.is_none() && rehearsal.left_out.is_empty() && rehearsal.moved_sequences.is_empty());

    let statements = &rehearsal.statements;
    let lines: Vec<_> = statements.iter().map(|statement| (statement.line, statement.sql)).collect();
    assert_eq!(lines[0], (2, "ALTER TABLE cats ALTER lives TYPE bigint"));
    assert_eq!((lines.len(), lines[6]), (7, (8, "DROP TABLE toys")));
    let lock = |mode: &str, relation: &str| (mode.to_owned(), relation.to_owned());
    let altered = &statements[0];
    assert!(altered.locks.contains(&lock("AccessExclusiveLock", "cats")), "{altered:?}");
    assert!(altered.rewritten.contains(&"cats".to_owned()), "{altered:?}");
    assert!(altered.rows.is_empty() && altered.duration.as_nanos() > 0);
    assert_eq!(statements[1].rows, [(2, "updated", "cats".to_owned())]);
    assert_eq!(statements[1].rewritten, [""; 0]);
    assert_eq!(statements[2].rows, [(5, "inserted", "cats".to_owned())]);
    assert_eq!(statements[3].rows, [(1, "deleted", "cats".to_owned())]);
    assert_eq!(statements[4].locks, [], "nobody else sees the new table");
    assert_eq!(statements[5].locks, []);
    let dropped = &statements[6];
    assert!(dropped.locks.contains(&lock("AccessExclusiveLock", "toys")), "{dropped:?}");
}

#[test]
fn a_rehearsal_of_the_messenger_ends_at_the_catalog_of_the_head_and_leaves_nothing() {
    let database = TestDatabase::empty();
    let rehearsal = rehearse(&database.pool());
    assert!(rehearsal.failure.is_none(), "{:?}", rehearsal.failure);
    assert_eq!(rehearsal.catalog, Comparison::Equal);
    assert!(rehearsal.statements.len() > 100, "{}", rehearsal.statements.len());
    assert_eq!(database.catalog(), "");
    run(&database.pool());
}

#[test]
fn a_rehearsal_leaves_out_what_cannot_be_taken_back_and_rehearses_the_others() {
    let database = with_cats();
    database
        .execute("INSERT INTO cats (name) SELECT 'cat ' || number FROM generate_series(1, 30000) AS number")
        .unwrap();
    let before = traces(&database);
    let after = migration("2026-01-04-000000_add_colour", "ALTER TABLE cats ADD colour text", "SELECT 1");
    let rehearsal = rehearse(&database.pool().with_migrations(vec![cats(), indexed(), after]));
    assert_eq!(rehearsal.left_out, [indexed()]);
    assert_eq!(rehearsal.statements.len(), 1);
    assert!(rehearsal.failure.is_none());
    assert_eq!(traces(&database), before);
}

#[test]
fn a_rehearsal_builds_the_index_of_a_small_table_and_goes_on_from_one_that_was_interrupted() {
    let database = with_cats();
    let needs_it =
        migration("2026-01-04-000000_describe_index", "COMMENT ON INDEX cats_lives_idx IS 'Rides.'", "SELECT 1");
    let pool = database.pool().with_migrations(vec![cats(), indexed(), needs_it]);
    for remainder in ["", "an invalid index", "a valid index"] {
        match remainder {
            "" => {}
            "an invalid index" => {
                let _writer = LockHolder::of(&database, "UPDATE cats SET lives = 1");
                let build = "SET lock_timeout = '50ms'; CREATE INDEX CONCURRENTLY cats_lives_idx ON cats (lives)";
                let (set, build) = build.split_once("; ").unwrap();
                let mut session = database.connect();
                session.execute(set).unwrap();
                session.execute(build).unwrap_err();
            }
            _ => drop(database.execute("REINDEX INDEX cats_lives_idx").unwrap()),
        }
        let before = traces(&database);
        let rehearsal = rehearse(&pool);
        assert!(rehearsal.failure.is_none() && rehearsal.left_out.is_empty(), "{remainder}: {:?}", rehearsal.failure);
        assert_eq!(traces(&database), before, "{remainder}");
    }
    assert_eq!(run(&pool).steps.len(), 2);
}

#[test]
fn a_rehearsal_says_who_would_wait_and_for_how_long() {
    let database = with_cats();
    let slow = migration(
        "2026-01-03-000000_be_slow",
        "SELECT pg_sleep(0.2); CREATE INDEX ON cats (lives); SELECT pg_sleep(0.3);
         ALTER TABLE toys ADD colour text; SELECT pg_sleep(0.1); CREATE TABLE dogs (); LOCK TABLE dogs",
        "SELECT 1",
    );
    let again =
        migration("2026-01-04-000000_add_age", "ALTER TABLE toys ADD age int; SELECT pg_sleep(0.1)", "SELECT 1");
    let rehearsal = rehearse(&database.pool().with_migrations(vec![cats(), slow, again]));
    assert!(rehearsal.failure.is_none(), "{:?}", rehearsal.failure);
    let whose: Vec<_> = rehearsal.waits.iter().map(|wait| (wait.migration.name, wait.table.as_str())).collect();
    assert_eq!(whose, [(slow.name, "cats"), (slow.name, "toys"), (again.name, "toys")]);
    let least = |wait: &migrate::Wait| (wait.writers.as_millis(), wait.readers.as_millis());
    let [on_cats, on_toys, later] = [0, 1, 2].map(|at| least(&rehearsal.waits[at]));
    assert!(on_cats.0 >= 400 && on_cats.1 == 0, "{on_cats:?}");
    assert!((100..400).contains(&on_toys.0) && on_toys.0 == on_toys.1, "{on_toys:?}");
    assert!(later.0 >= 100 && later.0 == later.1, "{later:?}");
}

#[test]
fn a_rehearsal_leaves_out_what_needs_what_was_left_out_and_goes_on() {
    let database = with_cats();
    database.execute("CREATE TYPE mood AS ENUM ('awake')").unwrap();
    let outside = |name: &str, up: &str| Migration { run_in_transaction: false, ..migration(name, up, "SELECT 1") };
    let vacuum = outside("2026-01-02-000000_vacuum_cats", "VACUUM cats");
    let label = migration("2026-01-03-000000_add_mood", "ALTER TYPE mood ADD VALUE 'asleep'", "SELECT 1");
    let use_it = migration("2026-01-04-000000_use_mood", "SELECT 'asleep'::mood", "SELECT 1");
    let serial = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; ALTER TABLE cats ADD age int";
    let own = migration("2026-01-05-000000_add_age", serial, "SELECT 1");
    let needs = migration("2026-01-06-000000_drop_missing", "SELECT 1; DROP TABLE missing", "SELECT 1");
    let before = traces(&database);
    let rehearsal = rehearse(&database.pool().with_migrations(vec![cats(), vacuum, label, use_it, own, needs]));
    assert!(rehearsal.failure.is_none(), "{:?}", rehearsal.failure);
    assert_eq!(rehearsal.left_out, [vacuum, use_it, needs]);
    let carried_out: Vec<_> = rehearsal.statements.iter().map(|statement| statement.migration.name).collect();
    assert_eq!(carried_out, [label.name, own.name]);
    assert_eq!(traces(&database), before);
}

#[test]
fn a_rehearsal_that_fails_says_where_and_leaves_no_trace() {
    let database = with_cats();
    let before = traces(&database);
    let failing = migration(
        "2026-01-05-000000_fail",
        "ALTER TABLE cats ADD colour text;\n\nUPDATE cats SET été = 1, größe = 2;\nDROP TABLE cats",
        "SELECT 1",
    );
    let rehearsal = rehearse(&database.pool().with_migrations(vec![cats(), failing]));
    match rehearsal.failure {
        Some(Error::Statement { place, source, .. }) => {
            assert_eq!((place.line, place.column, source.sqlstate.as_str()), (3, 17, "42703"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(rehearsal.statements.len(), 1);
    assert_eq!(traces(&database), before);
}

#[test]
fn a_rehearsal_checks_what_a_commit_would_check() {
    let database = with_cats();
    let orphan = migration("2026-01-06-000000_buy_toy", "INSERT INTO toys VALUES (99)", "SELECT 1");
    let refused =
        migrate::rehearse(&database.pool().with_migrations(vec![cats(), orphan]), &RunOptions::default(), &mut Silent);
    let failure = refused.unwrap().failure.unwrap();
    assert_eq!(failure.sqlstate(), Some("23503"), "{failure}");
}

#[test]
fn a_rehearsal_does_not_wait_for_long() {
    let database = with_cats();
    let _holder = LockHolder::of(&database, "SELECT FROM cats");
    let options = migrate::ConnectOptions { lock_timeout: std::time::Duration::from_millis(50), ..Default::default() };
    let pool = migrate::connect(&database.url().parse().unwrap(), &options, &mut Silent).unwrap();
    let change = migration("2026-01-07-000000_add_colour", "ALTER TABLE cats ADD colour text", "SELECT 1");
    let rehearsal = rehearse(&pool.with_migrations(vec![cats(), change]));
    assert_eq!(rehearsal.failure.unwrap().sqlstate(), Some("55P03"));
}

#[test]
fn numbers_that_a_trigger_draws_are_told() {
    let database = with_cats();
    database
        .execute(
            "CREATE SEQUENCE hidden;
             CREATE FUNCTION draw() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('hidden'); RETURN NEW; END $$;
             CREATE TRIGGER draw BEFORE UPDATE ON cats FOR EACH ROW EXECUTE FUNCTION draw()",
        )
        .unwrap();
    let change = migration("2026-01-08-000000_age_cats", "UPDATE cats SET lives = 8", "SELECT 1");
    let rehearsal = rehearse(&database.pool().with_migrations(vec![cats(), change]));
    assert_eq!(rehearsal.moved_sequences, ["hidden"]);
}

//! What was applied is what is embedded: the ledger beside Diesel's history.

use messenger_db::migrate::{
    self, Error, Ledger, Migration, Origin, Pool, Report, Revert, RunOptions, Scope, Silent, Status,
};

use crate::support::{TestDatabase, diesel, migration};

const CATS: &str = "2026-01-01-000000_create_cats";
const DOGS: &str = "2026-01-02-000000_create_dogs";

fn cats() -> Migration {
    migration(
        CATS,
        "CREATE TABLE cats (name text);\nCOMMENT ON TABLE cats IS 'O''Malley \\ co';\n",
        "DROP TABLE cats;\n",
    )
}

fn dogs() -> Migration {
    migration(DOGS, "CREATE TABLE dogs ()", "DROP TABLE dogs")
}

fn run(pool: &Pool) -> Result<Report, Error> {
    migrate::run(pool, &RunOptions::default(), &mut Silent)
}

fn status(pool: &Pool) -> Status {
    migrate::status(pool).unwrap()
}

/// How each applied version got into the ledger.
fn origins(database: &TestDatabase) -> Vec<Option<Origin>> {
    let status = status(&database.pool());
    status.applied.iter().map(|row| row.record.as_ref().map(|record| record.origin)).collect()
}

fn ledger_versions(database: &TestDatabase) -> Vec<String> {
    database.column("SELECT version FROM messenger_db_ledger ORDER BY version")
}

#[test]
fn a_record_says_what_was_applied_when_by_whom_and_by_which_version() {
    let database = TestDatabase::empty();
    let pool = database.pool().with_migrations(vec![cats()]);
    run(&pool).unwrap();
    let found = status(&pool);
    let record = found.applied[0].record.as_ref().unwrap();
    assert_eq!((record.name.as_str(), record.origin), (CATS, Origin::Run));
    assert_eq!(record.checksum, cats().checksum());
    assert_eq!(record.binary_version, env!("CARGO_PKG_VERSION"));
    assert_eq!(record.applied_by.as_deref(), Some(database.connect().user().as_str()));
    assert!(record.duration.unwrap().as_micros() > 0);
    assert_eq!(database.value("SELECT up_sql FROM messenger_db_ledger"), cats().up);
    assert_eq!(database.value("SELECT down_sql FROM messenger_db_ledger"), cats().down);
    assert_eq!(
        database.value(
            "SELECT applied_at = run_on AT TIME ZONE 'UTC' FROM messenger_db_ledger, __diesel_schema_migrations"
        ),
        "t"
    );
}

#[test]
fn the_record_is_written_and_taken_back_with_the_migration_or_not_at_all() {
    let database = TestDatabase::empty();
    run(&database.pool().with_migrations(vec![cats()])).unwrap();
    database
        .execute(
            "CREATE SCHEMA elsewhere;
             CREATE FUNCTION elsewhere.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not at commit'; END $$;
             CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR DELETE ON messenger_db_ledger
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION elsewhere.refuse()",
        )
        .unwrap();
    let pool = database.pool().with_migrations(vec![cats(), dogs()]);
    run(&pool).unwrap_err();
    migrate::revert(&pool, &Revert::All, &mut Silent).unwrap_err();
    assert_eq!(ledger_versions(&database), ["20260101000000"]);
    assert_eq!(database.column("SELECT version FROM __diesel_schema_migrations"), ["20260101000000"]);
    assert_eq!(database.value("SELECT to_regclass('dogs') IS NULL AND to_regclass('cats') IS NOT NULL"), "t");
}

#[test]
fn a_migration_outside_a_transaction_is_recorded_too() {
    let database = TestDatabase::empty();
    let pool = database.pool().with_migrations(vec![Migration { run_in_transaction: false, ..cats() }]);
    run(&pool).unwrap();
    assert_eq!(database.column("SELECT run_in_transaction FROM messenger_db_ledger"), ["f"]);
    migrate::revert(&pool, &Revert::All, &mut Silent).unwrap();
    assert_eq!(ledger_versions(&database), [""; 0]);
}

#[test]
fn the_ledger_survives_the_last_revert() {
    let database = TestDatabase::migrated();
    let pool = database.pool();
    assert_eq!(ledger_versions(&database).len(), pool.migrations().len());
    migrate::revert(&pool, &Revert::All, &mut Silent).unwrap();
    assert_eq!(database.value("SELECT count(*) FROM messenger_db_ledger"), "0");
    run(&pool).unwrap();
    assert_eq!(ledger_versions(&database).len(), pool.migrations().len());
}

#[test]
fn a_checksum_does_not_depend_on_how_lines_end_and_on_everything_else() {
    let unix = cats();
    let windows = migration(CATS, &unix.up.replace('\n', "\r\n"), &unix.down.replace('\n', "\r\n"));
    assert_eq!(unix.checksum(), windows.checksum());
    for (up, down) in [
        (unix.up.replace("text", "varchar"), unix.down.to_owned()),
        (unix.up.to_owned(), unix.down.replace("cats", "CATS")),
        (format!("{} ", unix.up), unix.down.to_owned()),
        (unix.up.trim_end().to_owned(), format!("\n{}", unix.down)),
    ] {
        assert_ne!(migration(CATS, &up, &down).checksum(), unix.checksum(), "{up}{down}");
    }
    // Never to change: it is in ledgers.
    assert_eq!(
        migration(CATS, "SELECT 1;\n", "SELECT 2;\n").checksum(),
        "71b09777572fce73651c3d54281f76967139c293623842990e028921b3f6eb33"
    );
}

#[test]
fn what_the_diesel_cli_applied_is_filled_in_by_the_next_run_and_marked_so() {
    let database = TestDatabase::empty();
    diesel(&database.url(), &["migration", "run"]).exits(0);
    let pool = database.pool();
    assert!(status(&pool).applied.iter().all(|row| row.record.is_none()));
    assert_eq!(status(&pool).ledger, Ledger::Missing);
    run(&pool).unwrap();
    assert_eq!(origins(&database), vec![Some(Origin::Found); pool.migrations().len()]);
    let rows = "SELECT ledger::text FROM messenger_db_ledger AS ledger ORDER BY version";
    let before = database.column(rows);
    run(&pool).unwrap();
    assert_eq!(database.column(rows), before);
    assert!(migrate::verify(&pool, Scope::CurrentSchema).unwrap().is_clean());
}

#[test]
fn what_the_diesel_cli_redid_or_reverted_does_not_keep_its_record() {
    let database = TestDatabase::migrated();
    let pool = database.pool();
    let count = pool.migrations().len();
    diesel(&database.url(), &["migration", "redo", "--number", "2"]).exits(0);
    run(&pool).unwrap();
    let mut expected = vec![Some(Origin::Run); count];
    expected[count - 2..].fill(Some(Origin::Found));
    assert_eq!(origins(&database), expected);

    diesel(&database.url(), &["migration", "revert", "--number", "3"]).exits(0);
    let options = RunOptions { to: Some(pool.migrations()[count - 3].name.to_owned()), ..RunOptions::default() };
    migrate::run(&pool, &options, &mut Silent).unwrap();
    assert_eq!(origins(&database), vec![Some(Origin::Run); count - 2]);
    assert_eq!(ledger_versions(&database).len(), count - 2);
}

#[test]
fn an_edited_migration_is_refused_and_shown_with_what_changed() {
    let database = TestDatabase::empty();
    run(&database.pool().with_migrations(vec![cats(), dogs()])).unwrap();
    let edited = migration(CATS, &cats().up.replace("name text", "name text, age integer"), cats().down);
    let pool = database.pool().with_migrations(vec![edited, dogs()]);

    assert!(matches!(run(&pool), Err(Error::Edited { migrations }) if migrations == [edited]));
    assert_eq!(status(&pool).edited, [edited]);
    let found = migrate::verify(&pool, Scope::CurrentSchema).unwrap();
    let diff = found.edited[0].diff();
    assert!(!found.is_clean());
    assert!(diff.contains("-CREATE TABLE cats (name text);\n+CREATE TABLE cats (name text, age integer);"), "{diff}");

    let options = RunOptions { allow_drift: true, ..RunOptions::default() };
    migrate::run(&pool, &options, &mut Silent).unwrap();
    assert_eq!(status(&pool).edited, [edited], "to go on is not to forget");
}

#[test]
fn an_edit_is_tried_with_redo() {
    let database = TestDatabase::empty();
    run(&database.pool().with_migrations(vec![cats(), dogs()])).unwrap();
    let edited = migration(DOGS, "CREATE TABLE dogs (age integer)", "DROP TABLE dogs");
    let pool = database.pool().with_migrations(vec![cats(), edited]);
    migrate::redo(&pool, &Revert::Newest(1), &mut Silent).unwrap();
    assert_eq!(status(&pool).edited, []);
    assert!(database.catalog().contains("table dogs: column age integer"));
}

#[test]
fn a_redo_that_would_end_elsewhere_changes_nothing() {
    let database = TestDatabase::migrated();
    database.execute("CREATE INDEX users_by_hand_idx ON users (created_at)").unwrap();
    let before = database.catalog();
    let refused = migrate::redo(&database.pool(), &Revert::All, &mut Silent);
    assert!(matches!(refused, Err(Error::RedoneOtherwise { .. })), "{refused:?}");
    assert_eq!(database.catalog(), before);
}

#[test]
fn an_older_binary_undoes_and_redoes_a_newer_migration_from_the_ledger() {
    let database = TestDatabase::empty();
    run(&database.pool().with_migrations(vec![cats(), dogs()])).unwrap();
    let older = database.pool().with_migrations(vec![cats()]);
    assert!(matches!(run(&older), Err(Error::Ahead { .. })));
    let before = database.catalog();
    migrate::redo(&older, &Revert::Newest(1), &mut Silent).unwrap();
    assert_eq!(database.catalog(), before);
    assert_eq!(status(&older).ahead[0].record.as_ref().unwrap().name, DOGS);

    let report = migrate::revert(&older, &Revert::Newest(1), &mut Silent).unwrap();
    assert_eq!((report.steps[0].migration.name, report.version.as_deref()), (DOGS, Some("20260101000000")));
    assert_eq!(ledger_versions(&database), ["20260101000000"]);
    assert!(run(&older).unwrap().steps.is_empty());
}

#[test]
fn a_run_that_finds_drift_changes_nothing_unless_it_is_allowed() {
    let database = TestDatabase::empty();
    let pool = database.pool();
    let head = pool.migrations().last().unwrap().name;
    migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
    migrate::revert(&pool, &Revert::Newest(1), &mut Silent).unwrap();
    database.execute("DROP INDEX messages_replies_idx").unwrap();
    let before = database.catalog();
    match run(&pool) {
        Err(Error::Drift { drift, done: 0 }) => {
            assert!(drift.diff().contains("\n-table messages: index messages_replies_idx "), "{}", drift.diff());
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(database.catalog(), before);

    let options = RunOptions { allow_drift: true, ..RunOptions::default() };
    let report = migrate::run(&pool, &options, &mut Silent).unwrap();
    assert_eq!(report.steps[0].migration.name, head);
    assert!(matches!(report.catalog, migrate::Comparison::Drift(_)));
    assert!(matches!(migrate::revert(&pool, &Revert::Newest(1), &mut Silent), Err(Error::Drift { done: 1, .. })));
}

#[test]
fn a_migration_whose_catalog_is_another_is_told_after_it_was_applied() {
    let database = TestDatabase::empty();
    let wrong = Migration { catalog: Some("table cats: -- Others.\n"), ..cats() };
    let pool = database.pool().with_migrations(vec![wrong]);
    assert!(matches!(run(&pool), Err(Error::Drift { done: 1, .. })));
    assert_eq!(ledger_versions(&database), ["20260101000000"], "what was done stays");
}

#[test]
fn a_history_that_cannot_be_written_is_not_filled_in_and_run_is_content() {
    let database = TestDatabase::empty();
    diesel(&database.url(), &["migration", "run"]).exits(0);
    database.execute(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name())).unwrap();
    assert!(run(&database.pool()).unwrap().steps.is_empty());
    assert_eq!(status(&database.pool()).ledger, Ledger::Missing);
}

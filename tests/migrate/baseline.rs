//! A database that was made without the runner is recorded at exactly the version that it has, or refused.

use std::process::Command;

use messenger_db::migrate::{self, Baseline, Error, Origin, Pool, RunOptions, Scope, Silent};

use crate::support::{Run, TestDatabase, diesel};

fn baseline(pool: &Pool) -> Result<Baseline, Error> {
    migrate::baseline(pool, &mut Silent)
}

/// It is recorded at the version of the migration of this number, clean then, and taken to the head by `run`.
#[track_caller]
fn is_recorded_at(database: &TestDatabase, index: usize) {
    let pool = database.pool();
    let migrations = pool.migrations();
    let before = database.catalog();
    let recorded = baseline(&pool).unwrap();
    assert_eq!(recorded.version.as_deref(), Some(migrations[index].version.as_str()));
    assert_eq!(database.catalog(), before, "nothing but the record changes");

    let found = migrate::verify(&pool, Scope::CurrentSchema).unwrap();
    assert!(found.is_clean(), "{found:?}");
    let versions: Vec<_> = found.status.applied.iter().map(|row| row.version.as_str()).collect();
    let expected: Vec<_> = migrations[..=index].iter().map(|migration| migration.version.as_str()).collect();
    assert_eq!(versions, expected);
    for row in &found.status.applied {
        let origin = row.record.as_ref().unwrap().origin;
        let name = row.record.as_ref().unwrap().name.as_str();
        let is_new = recorded.recorded.iter().any(|migration| migration.name == name);
        assert_eq!(origin == Origin::Baseline, is_new, "{name}");
    }
    assert_eq!(baseline(&pool).unwrap().recorded, [], "a second time there is nothing to do");
    let report = migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
    assert_eq!(report.steps.len(), migrations.len() - index - 1);
}

/// Runs a program that speaks libpq, and demands that it succeeds.
fn run(program: &str, url: &str, arguments: &[&str]) -> Run {
    Run::of(Command::new(program).args(arguments).arg(url)).exits(0)
}

#[test]
fn up_sql_by_hand_is_recorded_at_each_version() {
    let migrations = migrate::migrations().unwrap();
    for last in [0, 1, 4, migrations.len() - 1] {
        let database = TestDatabase::empty();
        for migration in &migrations[..=last] {
            let file = format!("{}/migrations/{}/up.sql", env!("CARGO_MANIFEST_DIR"), migration.name);
            run("psql", &database.url(), &["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", &file]);
        }
        is_recorded_at(&database, last);
    }
}

/// A database restored from a dump of another. `None`: no `pg_dump` is installed that is new enough for the server, as
/// with npm's servers, which come without.
fn restored(original: &TestDatabase, options: &[&str]) -> Option<TestDatabase> {
    let major = |version: &str| version.split(['.', ' ']).next().and_then(|major| major.parse::<u32>().ok());
    let version = Run::of(Command::new("pg_dump").arg("--version")).exits(0).stdout;
    let dumps = version.split(' ').nth(2).and_then(major);
    if dumps < major(&original.value("SHOW server_version")) {
        return None;
    }
    let dump = run("pg_dump", &original.url(), &[&["--no-owner"], options].concat());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), dump.stdout).unwrap();
    let restored = TestDatabase::empty();
    let file = file.path().to_str().unwrap();
    run("psql", &restored.url(), &["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", file]);
    Some(restored)
}

#[test]
fn a_dump_that_was_restored_without_its_history_is_recorded() {
    let original = crate::schema::populated();
    let without = ["--exclude-table", "__diesel_schema_migrations", "--exclude-table", "messenger_db_ledger"];
    if let Some(restored) = restored(&original, &without) {
        assert_eq!(restored.value("SELECT count(*) > 0 FROM messages"), "t");
        is_recorded_at(&restored, restored.pool().migrations().len() - 1);
    }
}

#[test]
fn a_dump_that_was_restored_whole_is_clean_and_keeps_its_ledger() {
    if let Some(restored) = restored(&TestDatabase::migrated(), &[]) {
        let pool = restored.pool();
        assert!(migrate::verify(&pool, Scope::CurrentSchema).unwrap().is_clean());
        assert!(migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap().steps.is_empty());
        assert_eq!(baseline(&pool).unwrap().recorded, []);
    }
}

#[test]
fn what_the_diesel_cli_made_is_recorded_with_its_history_and_without() {
    let with = TestDatabase::empty();
    diesel(&with.url(), &["migration", "run"]).exits(0);
    is_recorded_at(&with, with.pool().migrations().len() - 1);

    let without = TestDatabase::empty();
    diesel(&without.url(), &["migration", "run"]).exits(0);
    diesel(&without.url(), &["migration", "revert", "--number", "3"]).exits(0);
    without.execute("DROP TABLE __diesel_schema_migrations").unwrap();
    is_recorded_at(&without, without.pool().migrations().len() - 4);
}

#[test]
fn one_that_differs_is_refused_with_the_difference_to_the_nearest_version() {
    let database = TestDatabase::empty();
    for migration in &migrate::migrations().unwrap()[..6] {
        database.execute(migration.up).unwrap();
    }
    database.execute("ALTER TABLE users ADD age integer NOT NULL").unwrap();
    match baseline(&database.pool()) {
        Err(Error::NothingEqual { drift }) => {
            assert_eq!(drift.version.as_deref(), Some(migrate::migrations().unwrap()[5].version.as_str()));
            let differences: Vec<_> = drift.differences.iter().map(ToString::to_string).collect();
            assert_eq!(differences, ["unexpected table users: column age"]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(database.value("SELECT to_regclass('__diesel_schema_migrations') IS NULL"), "t");
    assert_eq!(database.value("SELECT to_regclass('messenger_db_ledger') IS NULL"), "t");
}

#[test]
fn a_history_that_says_more_than_the_catalog_is_refused() {
    let database = TestDatabase::migrated();
    let newest = *migrate::migrations().unwrap().last().unwrap();
    database.execute(newest.down).unwrap();
    match baseline(&database.pool()) {
        Err(Error::Contradiction { applied, .. }) => assert_eq!(applied, [newest.version.as_str()]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_history_that_says_less_than_the_catalog_is_completed() {
    let database = TestDatabase::migrated();
    let newest = *migrate::migrations().unwrap().last().unwrap();
    database.execute(&format!("DELETE FROM __diesel_schema_migrations WHERE version = '{}'", newest.version)).unwrap();
    assert_eq!(baseline(&database.pool()).unwrap().recorded, [newest]);
    assert!(migrate::verify(&database.pool(), Scope::CurrentSchema).unwrap().is_clean());
}

#[test]
fn an_edit_that_the_database_bears_out_is_taken_into_the_ledger() {
    let database = TestDatabase::migrated();
    let mut migrations = migrate::migrations().unwrap();
    let edited = migrations.last_mut().unwrap();
    edited.up = Box::leak(format!("-- Only a comment.\n{}", edited.up).into_boxed_str());
    let edited = *edited;
    let pool = database.pool().with_migrations(migrations);
    assert!(matches!(migrate::run(&pool, &RunOptions::default(), &mut Silent), Err(Error::Edited { .. })));
    assert_eq!(baseline(&pool).unwrap().recorded, [edited]);
    assert!(migrate::verify(&pool, Scope::CurrentSchema).unwrap().is_clean());
    migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
}

#[test]
fn one_that_is_tuned_and_shared_is_recorded() {
    let database = TestDatabase::empty();
    for migration in migrate::migrations().unwrap() {
        database.execute(migration.up).unwrap();
    }
    let others = "CREATE TABLE _sqlx_migrations (version bigint); ALTER TABLE messages SET (fillfactor = 50)";
    database.execute(others).unwrap();
    is_recorded_at(&database, database.pool().migrations().len() - 1);
}

#[test]
fn an_empty_database_has_nothing_to_record() {
    let database = TestDatabase::empty();
    assert_eq!(baseline(&database.pool()).unwrap(), Baseline::default());
    assert_eq!(database.value("SELECT to_regclass('__diesel_schema_migrations') IS NULL"), "t");
}

#[test]
fn tables_without_a_history_are_not_migrated_over() {
    let database = TestDatabase::empty();
    for migration in migrate::migrations().unwrap() {
        database.execute(migration.up).unwrap();
    }
    let refused = migrate::run(&database.pool(), &RunOptions::default(), &mut Silent);
    assert!(matches!(&refused, Err(Error::Drift { drift, done: 0 }) if drift.version.is_none()), "{refused:?}");
    assert_eq!(database.value("SELECT to_regclass('__diesel_schema_migrations') IS NULL"), "t");
}

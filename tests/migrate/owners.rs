//! Whose a version in the history is: this crate's, the service's, or another program's.

use diesel_migrations::MigrationHarness;
use messenger_db::migrate::{
    self, Comparison, Error, MIGRATIONS, Migration, Revert, RunOptions, Scope, Silent, migrations,
};

use crate::support::{TestDatabase, diesel, migration};

/// The embedded migrations without the newest so many: an older binary.
fn older(by: usize) -> Vec<Migration> {
    let all = migrations().unwrap();
    all[..all.len() - by].to_vec()
}

fn insert(database: &TestDatabase, versions: &[&str]) {
    for version in versions {
        database.execute(&format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')")).unwrap();
    }
}

/// Older than all of ours, between them, newer than all, and as other tools write them.
const FOREIGN: [&str; 5] = ["20200101000000", "20261122100101", "20261122100100-0001", "20991231235959", "V1"];

#[test]
fn a_version_that_nothing_calls_ours_is_foreign_and_in_nobodys_way() {
    let database = TestDatabase::empty();
    let older = database.pool().with_migrations(older(2));
    migrate::run(&older, &RunOptions::default(), &mut Silent).unwrap();
    insert(&database, &FOREIGN);
    let pool = database.pool();
    let found = migrate::status(&pool).unwrap();
    assert_eq!((found.ahead.len(), found.foreign.len(), found.pending.len()), (0, FOREIGN.len(), 2));
    assert_eq!(found.version(), Some(older.migrations().last().unwrap().version.as_str()));

    assert_eq!(migrate::plan(&pool, &RunOptions::default()).unwrap().migrations.len(), 2);
    assert_eq!(migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap().steps.len(), 2);
    assert!(migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap().steps.is_empty());
    assert!(migrate::verify(&pool, Scope::CurrentSchema).unwrap().is_clean());
    assert_eq!(migrate::baseline(&pool, &mut Silent).unwrap().recorded, []);
    let newest = migrations().unwrap().pop().unwrap();
    assert_eq!(
        migrate::redo(&pool, &Revert::Newest(1), &mut Silent).unwrap().version.as_deref(),
        Some(newest.version.as_str())
    );
    let report = migrate::revert(&pool, &Revert::Newest(1), &mut Silent).unwrap();
    assert_eq!((report.steps[0].migration, report.steps.len()), (newest, 1));
    let report = migrate::revert(&pool, &Revert::All, &mut Silent).unwrap();
    assert_eq!((report.version, report.catalog), (None, Comparison::Equal));
    let mut left = database.column("SELECT version FROM __diesel_schema_migrations");
    left.sort();
    let mut foreign = FOREIGN;
    foreign.sort_unstable();
    assert_eq!(left, foreign);
    assert_eq!(
        migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap().steps.len(),
        migrations().unwrap().len()
    );
}

#[test]
fn an_older_binary_finds_a_newer_one_ahead_that_a_runner_applied() {
    let database = TestDatabase::empty();
    let newer = migration("2026-12-01-120000_add_cats", "CREATE TABLE cats ()", "DROP TABLE cats");
    let pool = database.pool().with_migrations([migrations().unwrap(), vec![newer]].concat());
    migrate::run(&pool, &RunOptions { allow_drift: true, ..RunOptions::default() }, &mut Silent).unwrap();
    let refused = migrate::run(&database.pool(), &RunOptions::default(), &mut Silent);
    assert!(matches!(refused, Err(Error::Ahead { versions }) if versions == ["20261201120000"]));
}

#[test]
fn an_older_binary_finds_a_newer_one_ahead_that_the_diesel_cli_applied() {
    let database = TestDatabase::empty();
    diesel(&database.url(), &["migration", "run"]).exits(0);
    for by in [1, 2, migrations().unwrap().len() - 1] {
        let pool = database.pool().with_migrations(older(by));
        let refused = migrate::run(&pool, &RunOptions::default(), &mut Silent);
        assert!(matches!(refused, Err(Error::Ahead { versions }) if versions.len() == by), "{by}");
        assert_eq!(migrate::status(&pool).unwrap().foreign, [], "{by}");
    }
    // One that is made after this was written.
    insert(&database, &["20270101120000messenger"]);
    let refused = migrate::run(&database.pool(), &RunOptions::default(), &mut Silent);
    assert!(matches!(refused, Err(Error::Ahead { versions }) if versions == ["20270101120000messenger"]));
}

#[test]
fn an_older_binary_undoes_all_of_what_a_newer_one_applied_and_finds_no_version_for_it() {
    for revert in [Revert::All, Revert::Newest(migrations().unwrap().len())] {
        let database = TestDatabase::migrated();
        let older = database.pool().with_migrations(older(1));
        let refused = migrate::baseline(&older, &mut Silent);
        assert!(matches!(refused, Err(Error::Ahead { versions }) if versions.len() == 1));
        migrate::redo(&older, &revert, &mut Silent).unwrap();
        assert_eq!(migrate::revert(&older, &revert, &mut Silent).unwrap().version, None);
    }
}

#[test]
fn a_service_that_uses_diesels_harness_in_the_same_history_starts_again_and_again() {
    let database = TestDatabase::empty();
    for _ in 0..3 {
        migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
        let own = diesel_migrations::FileBasedMigrations::from_path(super::own::OWN).unwrap();
        database.diesel().run_pending_migrations(own).unwrap();
    }
    assert_eq!(migrate::status(&database.pool()).unwrap().foreign.len(), 2);
    database.diesel().run_pending_migrations(MIGRATIONS).unwrap();
}

#[test]
fn ten_thousand_foreign_versions_are_counted_and_the_first_few_are_shown() {
    let database = TestDatabase::migrated();
    database
        .execute(
            "INSERT INTO __diesel_schema_migrations (version) SELECT 'x' || n FROM generate_series(10001, 20000) AS n",
        )
        .unwrap();
    for (arguments, shown) in
        [(&["status"][..], "history   10000 foreign versions"), (&["list"], "[-] and 9995 more"), (&["pending"], "")]
    {
        let run = crate::cli::on(&database, arguments).exits(0);
        assert!(run.stdout.contains(shown) && run.stdout.len() < 4000, "{arguments:?}: {}", run.stdout);
    }
    let plan = crate::cli::on(&database, &["plan"]).exits(0);
    assert!(plan.stdout.len() < 4000, "{}", plan.stdout.len());

    database
        .execute("UPDATE __diesel_schema_migrations SET version = version || 'messenger' WHERE version LIKE 'x%'")
        .unwrap();
    let run = crate::cli::on(&database, &["run"]).exits(6).complains("and 9980 more");
    assert!(run.stderr.len() < 4000, "{}", run.stderr.len());
}

#[test]
fn every_migration_but_diesels_own_carries_the_mark() {
    let unmarked = migrations().unwrap().into_iter().filter(|known| !known.version.as_str().ends_with("messenger"));
    let names: Vec<_> = unmarked.map(|known| known.name).collect();
    assert_eq!(names, ["00000000000000_diesel_initial_setup"]);
}

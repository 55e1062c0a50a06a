//! A service's own migrations, carried out beside this crate's.

use diesel_migrations::FileBasedMigrations;
use messenger_db::migrate::{self, Error, Migration, Owner, Pool, Revert, RunOptions, Silent, migrations};

use crate::support::{TestDatabase, diesel};

/// Two migrations that make tables with foreign keys to ours, one older than all of ours and one newer.
pub const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/migrate/own_migrations");

fn with_own(database: &TestDatabase) -> Pool {
    database.pool().also(&FileBasedMigrations::from_path(OWN).unwrap()).unwrap()
}

/// What `run` applies.
fn run(pool: &Pool) -> Vec<&'static str> {
    let report = migrate::run(pool, &RunOptions::default(), &mut Silent).unwrap();
    report.steps.iter().map(|step| step.migration.name).collect()
}

fn own() -> [&'static str; 2] {
    ["2020-05-01-080000_create_profiles", "2099-01-01-000000_create_badges"]
}

fn ours() -> Vec<&'static str> {
    migrations().unwrap().iter().map(|migration| migration.name).collect()
}

#[test]
fn one_call_migrates_both_ours_first_and_each_in_its_own_order() {
    let database = TestDatabase::empty();
    let pool = with_own(&database);
    assert_eq!(run(&pool), [&ours()[..], &own()].concat());
    assert!(run(&pool).is_empty(), "a second start");
    assert!(run(&database.pool()).is_empty(), "without them, they are foreign");
    let found = migrate::status(&pool).unwrap();
    assert_eq!((found.pending.len(), found.own.len(), found.foreign.len(), found.ahead.len()), (0, 2, 0, 0));
    assert_eq!(
        database.column("SELECT owner || ' ' || origin FROM messenger_db_ledger ORDER BY applied_at DESC LIMIT 3"),
        ["service run", "service run", "messenger-db run"]
    );
    assert_eq!(migrate::status(&database.pool()).unwrap().foreign.len(), 2);
}

#[test]
fn a_folder_and_what_diesel_embeds_are_read_alike() {
    let database = TestDatabase::empty();
    let plain = |pool: Pool| pool.own().iter().map(|own| Migration { folder: "", ..*own }).collect::<Vec<_>>();
    assert_eq!(plain(with_own(&database)), plain(database.pool().also_folder(OWN).unwrap()));
    assert!(with_own(&database).own().iter().all(|own| own.owner == Owner::Service));
}

#[test]
fn ours_are_upgraded_later_and_own_ones_come_in_between() {
    let database = TestDatabase::empty();
    let all = migrations().unwrap();
    let older = all[..all.len() - 3].to_vec();
    run(&with_own(&database).with_migrations(older));
    assert_eq!(run(&with_own(&database)), ours()[all.len() - 3..]);
    diesel_cli(&database, &["migration", "revert"]);
    assert_eq!(run(&with_own(&database)), own()[1..], "what its own tool reverted is applied again");
    // The time of Diesel's table has no more than microseconds, and the ledger tells the two by it.
    assert_eq!(database.value("SELECT count(*) FROM messenger_db_ledger WHERE owner = 'service'"), "2");
}

/// The Diesel CLI on the service's own folder.
fn diesel_cli(database: &TestDatabase, arguments: &[&str]) {
    crate::support::diesel_in(OWN, &database.url(), arguments).exits(0);
}

#[test]
fn what_the_services_own_tool_applied_is_taken_over_with_a_record() {
    let database = TestDatabase::migrated();
    diesel_cli(&database, &["migration", "run"]);
    let pool = with_own(&database);
    assert!(run(&pool).is_empty());
    let found = migrate::status(&pool).unwrap();
    assert!(found.own.iter().all(|row| row.record.as_ref().unwrap().owner == Owner::Service), "{:?}", found.own);
    assert_eq!(found.own.len(), 2);
}

#[test]
fn how_far_to_run_is_said_by_either_ones_version() {
    let database = TestDatabase::empty();
    let pool = with_own(&database);
    let to = |to: &str| {
        let options = RunOptions { to: Some(to.to_owned()), ..RunOptions::default() };
        migrate::run(&pool, &options, &mut Silent).unwrap().steps.len()
    };
    assert_eq!(to(ours()[3]), 4);
    assert_eq!(to(own()[0]), ours().len() - 4 + 1, "all of ours, and the first of the others");
    assert_eq!(to(ours()[3]), 0);
    assert_eq!(to(own()[1]), 1);
}

#[test]
fn revert_and_redo_begin_with_the_services_newest_and_without_them_with_ours() {
    let database = TestDatabase::empty();
    let pool = with_own(&database);
    run(&pool);
    let revert = |pool: &Pool, extent: Revert| {
        let report = migrate::revert(pool, &extent, &mut Silent).unwrap();
        report.steps.iter().map(|step| step.migration.name).collect::<Vec<_>>()
    };
    let redone = migrate::redo(&pool, &Revert::Newest(1), &mut Silent).unwrap();
    assert_eq!(redone.steps[0].migration.name, own()[1]);
    assert_eq!(revert(&pool, Revert::Newest(1)), [own()[1]]);
    assert_eq!(revert(&database.pool(), Revert::Newest(1)), [ours()[ours().len() - 1]]);
    run(&pool);
    assert_eq!(revert(&pool, Revert::DownTo(own()[0].to_owned())), [own()[1]]);
    run(&pool);
    assert_eq!(
        revert(&pool, Revert::DownTo(ours()[ours().len() - 2].to_owned())),
        [own()[1], own()[0], ours()[ours().len() - 1]]
    );
    run(&pool);
    assert_eq!(revert(&pool, Revert::All).len(), ours().len() + 2);
    assert_eq!(database.value("SELECT count(*) FROM __diesel_schema_migrations"), "0");
}

#[test]
fn a_failing_statement_is_told_with_its_folder_and_line_and_nothing_of_it_stays() {
    let database = TestDatabase::migrated();
    let folder = super::own_folder::Folder::new()
        .with("2026-12-01-000000_create_x", "CREATE TABLE x ();\n\nCREATE TABLE y (z nope);\n");
    let pool = database.pool().also_folder(folder.path()).unwrap();
    let Err(Error::Statement { place, in_transaction: true, .. }) =
        migrate::run(&pool, &RunOptions::default(), &mut Silent)
    else {
        panic!("it must fail")
    };
    assert_eq!((place.line, place.column), (3, 19));
    assert_eq!(place.file, format!("{}/2026-12-01-000000_create_x/up.sql", folder.path().display()));
    assert_eq!(database.value("SELECT to_regclass('x') IS NULL"), "t");
    assert_eq!(migrate::status(&pool).unwrap().pending.len(), 1);
}

#[test]
fn one_that_was_edited_after_it_was_applied_is_refused() {
    let database = TestDatabase::migrated();
    let folder = super::own_folder::Folder::new().with("2026-12-01-000000_create_x", "CREATE TABLE x ();");
    run(&database.pool().also_folder(folder.path()).unwrap());
    let folder = folder.with("2026-12-01-000000_create_x", "CREATE TABLE x (y text);");
    let refused =
        migrate::run(&database.pool().also_folder(folder.path()).unwrap(), &RunOptions::default(), &mut Silent);
    assert!(matches!(refused, Err(Error::Edited { .. })), "{refused:?}");

    // What the binary says to do about it.
    let arguments = ["run", "--also", folder.path().to_str().unwrap()];
    let advice = "DELETE FROM messenger_db_ledger WHERE version = '…'";
    crate::cli::on(&database, &arguments).exits(4).complains(advice);
    database.execute(&advice.replace('…', "20261201000000")).unwrap();
    crate::cli::on(&database, &arguments).exits(0);
    assert!(migrate::status(&database.pool().also_folder(folder.path()).unwrap()).unwrap().edited.is_empty());
}

#[test]
fn eight_services_that_start_at_once_apply_each_once() {
    let database = TestDatabase::empty();
    let applied: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| run(&with_own(&database)).len())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(applied, ours().len() + 2);
}

#[test]
fn a_ledger_of_an_earlier_release_is_given_owners_and_that_release_still_reads_and_writes_it() {
    let database = TestDatabase::migrated();
    database.execute("ALTER TABLE messenger_db_ledger DROP COLUMN owner").unwrap();
    assert!(run(&database.pool()).is_empty());
    assert_eq!(migrate::status(&database.pool()).unwrap().applied.len(), ours().len());
    migrate::redo(&database.pool(), &Revert::Newest(1), &mut Silent).unwrap();
    run(&with_own(&database));
    assert_eq!(
        database.column("SELECT owner || ' ' || count(*) FROM messenger_db_ledger GROUP BY owner ORDER BY owner"),
        [format!("messenger-db {}", ours().len()), "service 2".to_owned()]
    );
    database
        .execute(
            "INSERT INTO messenger_db_ledger (version, name, checksum, up_sql, down_sql, run_in_transaction, origin,
                 applied_at, binary_version)
             VALUES ('1', 'a', repeat('0', 64), '', '', true, 'run', now(), '0.1.0')",
        )
        .unwrap();
    assert_eq!(database.value("SELECT owner FROM messenger_db_ledger WHERE version = '1'"), "messenger-db");
}

#[test]
fn the_plan_for_both_ends_where_run_ends() {
    let (planned, ran) = (TestDatabase::empty(), TestDatabase::empty());
    let plan = migrate::plan(&with_own(&planned), &RunOptions::default()).unwrap();
    run(&with_own(&ran));
    super::plan::psql(&planned, &plan.sql).exits(0);
    assert_eq!(planned.catalog(), ran.catalog());
    assert!(run(&with_own(&planned)).is_empty());
    let rehearsal = migrate::rehearse(&with_own(&TestDatabase::empty()), &RunOptions::default(), &mut Silent).unwrap();
    assert!(rehearsal.failure.is_none());
}

#[test]
fn the_diesel_cli_on_our_folder_knows_nothing_of_the_own_ones() {
    let database = TestDatabase::empty();
    run(&with_own(&database));
    let pending = diesel(&database.url(), &["migration", "pending"]).exits(0);
    assert!(pending.stdout.contains("false"), "{}", pending.stdout);
}

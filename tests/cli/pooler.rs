//! A pooler between the runner and the server: refused where it would lose the runner's lock.

use messenger_db::migrate::for_tests::Connection;

use super::{command, on, state};
use crate::support::{LockHolder, PgBouncer, Run, Running, TestDatabase, messenger_db};

fn through(pooler: &PgBouncer, arguments: &[&str]) -> Run {
    Run::of(messenger_db(arguments).env("DATABASE_URL", pooler.url()))
}

#[test]
fn a_pooler_that_shares_sessions_is_refused_by_every_command() {
    let database = TestDatabase::empty();
    on(&database, &["run", "--to", "20261122100500"]).exits(0);
    let before = state(&database);
    for mode in ["transaction", "statement"] {
        let pooler = PgBouncer::before(&database, mode, 5);
        for command in ["run", "revert", "redo", "status", "list", "pending", "seed"] {
            through(&pooler, &[command])
                .exits(2)
                .complains("connection pooler in transaction or statement mode")
                .complains("pool_mode = session");
        }
        let error = through(&pooler, &["run", "--wait", "30", "--json"]).exits(2).json_error();
        assert_eq!(error["exit_code"], 2);
        // The sessions that others will get are as they were.
        let mut shared = Connection::open(&pooler.url().parse().unwrap()).unwrap();
        assert_eq!(shared.execute("SHOW lock_timeout").unwrap(), [[Some("0".to_owned())]]);
    }
    assert_eq!(state(&database), before);
}

#[test]
fn a_pooler_that_shares_sessions_is_found_out_when_it_is_busy() {
    let database = TestDatabase::empty();
    let pooler = PgBouncer::before(&database, "transaction", 3);
    // Others hold sessions and give them back all the time, so that no two of our statements meet the same.
    let mut others = [(); 2].map(|()| Connection::open(&pooler.url().parse().unwrap()).unwrap());
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for other in &mut others {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    other.execute("BEGIN; SELECT 1").unwrap();
                    other.execute("COMMIT").unwrap();
                }
            });
        }
        // A busy machine may keep the pooler from the server for a moment; then it is no question of the pooler's mode.
        let runs: Vec<_> = (0..5).map(|_| through(&pooler, &["run", "--wait", "30s"])).collect();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for run in runs {
            run.exits(2);
        }
    });
}

#[test]
fn a_pooler_that_gives_a_session_to_each_is_as_good_as_none() {
    let database = TestDatabase::empty();
    let pooler = PgBouncer::before(&database, "session", 5);
    through(&pooler, &["run"]).exits(0);
    through(&pooler, &["redo", "--all"]).exits(0);
    through(&pooler, &["status", "--exit-code"]).exits(0);
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
    Run::of(&mut command(&database, &["pending"])).exits(0);
}

#[test]
fn behind_a_pooler_that_gives_a_session_to_each_the_lock_monitor_sees_who_is_in_the_way() {
    let database = TestDatabase::empty();
    let pooler = PgBouncer::before(&database, "session", 5);
    let lock = LockHolder::of_type(&database, "contact_status");
    let mut running = Running::start(messenger_db(&["run"]).env("DATABASE_URL", pooler.url()));
    // The pooler told libpq another process than the one that waits.
    let line = running.says("stepped back from a lock, held by ");
    assert!(line.contains(&format!("process {} (", lock.pid())), "{line}");
    drop(lock);
    running.ends().exits(0);
}

#[test]
fn exec_that_migrates_nothing_starts_the_program_through_a_pooler_of_any_mode() {
    let database = TestDatabase::empty();
    for mode in ["session", "transaction", "statement"] {
        let pooler = PgBouncer::before(&database, mode, 5);
        let run = through(&pooler, &["exec", "--", "echo", "the program"]).exits(0);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("the program\n", ""));
    }
}

#[test]
fn a_direct_url_beside_the_pooled_one_is_for_whoever_migrates() {
    let database = TestDatabase::empty();
    let pooler = PgBouncer::before(&database, "transaction", 5);
    let direct = |arguments: &[&str]| {
        let mut command = messenger_db(arguments);
        command.env("DATABASE_URL", pooler.url()).env("DIRECT_URL", database.url()).env("RUN_MIGRATIONS", "true");
        command
    };
    // The program still gets the other.
    let run = Run::of(&mut direct(&["exec", "--", "printenv", "DATABASE_URL"])).exits(0);
    assert_eq!(run.stdout, format!("{}\n", pooler.url()));
    for arguments in [&["status", "--exit-code"][..], &["redo", "--all"], &["verify"], &["seed"]] {
        Run::of(&mut direct(arguments)).exits(0);
    }
    Run::of(messenger_db(&["pending", "--direct-url", &database.url()]).env("DATABASE_URL", pooler.url())).exits(0);
    // One that says nothing is none, and an option wins over the environment.
    Run::of(direct(&["pending"]).env("DIRECT_URL", "")).exits(2);
    Run::of(&mut direct(&["pending", "--database-url", &pooler.url()])).exits(2).complains("--direct-url");
    // Nor is one alone meant for us.
    Run::of(messenger_db(&["pending"]).env("DIRECT_URL", database.url())).exits(7);
}

#[test]
fn a_direct_url_to_another_database_is_refused_before_anything_is_done() {
    let (database, other) = (TestDatabase::migrated(), TestDatabase::empty());
    let pooler = PgBouncer::before(&database, "transaction", 5);
    let mut command = messenger_db(&["exec", "--", "echo", "the program"]);
    command.env("DATABASE_URL", pooler.url()).env("DIRECT_URL", other.url()).env("RUN_MIGRATIONS", "true");
    let run = Run::of(&mut command).exits(2).complains("DIRECT_URL leads to another database than DATABASE_URL");
    assert_eq!(run.stdout, "");
    assert_eq!(other.value("SELECT to_regclass('__diesel_schema_migrations') IS NULL"), "t");
}

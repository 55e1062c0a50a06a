//! Runners that die, stop, or lose a session while others wait for their turn; and a program that takes no turns.

use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use messenger_db::migrate::{self, ConnectOptions, Event, Observer, RunOptions, Silent};
use rustix::process::Signal;

use crate::support::{LockHolder, Run, Running, TestDatabase, diesel, fixtures, messenger_db};

/// The sessions that have one of the runners' locks, on one database.
const HOLDERS: &str = "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

fn binary(database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = messenger_db(arguments);
    command.env("DATABASE_URL", database.url());
    command
}

/// A runner in the middle of a migration, where a lock holds it up; and the session that is held up.
fn held_up(database: &TestDatabase) -> (Running, LockHolder, String) {
    let mut lock = LockHolder::of_type(database, "contact_status");
    let running = Running::start(&mut binary(database, &["run", "--lock-timeout", "0"]));
    let session = lock.blocks();
    (running, lock, session)
}

fn is_at_the_head(database: &TestDatabase) {
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
    assert_eq!(database.column(HOLDERS), [""; 0]);
}

#[test]
fn when_the_runner_that_holds_the_lock_is_killed_the_others_go_on() {
    let database = TestDatabase::empty();
    let (killed, lock, _) = held_up(&database);
    let mut others: Vec<_> = (0..4).map(|_| Running::start(&mut binary(&database, &["run"]))).collect();
    for other in &mut others {
        other.says("for another runner: process ");
    }
    killed.signal(Signal::KILL);
    drop(lock);
    killed.ends();
    let applied = |run: Run| run.stdout.lines().filter(|line| line.starts_with("applied")).count();
    let applied: usize = others.into_iter().map(|other| applied(other.ends().exits(0))).sum();
    // Each by one of them; those before the lock by the one that was killed.
    let migrations = migrate::migrations().unwrap();
    let reached = migrations.iter().position(|migration| migration.name.ends_with("create_contacts")).unwrap();
    assert_eq!(applied, migrations.len() - reached);
    is_at_the_head(&database);
}

#[test]
fn while_the_runner_that_holds_the_lock_stands_still_the_others_give_up_and_name_it() {
    let database = TestDatabase::empty();
    let (stopped, lock, _) = held_up(&database);
    stopped.signal(Signal::STOP);
    let others: Vec<_> =
        (0..3).map(|_| Running::start(&mut binary(&database, &["run", "--lock-wait", "0.3"]))).collect();
    for other in others {
        let run = other.ends().exits(5).complains("another runner works on this database: process ");
        let holders = database.column(HOLDERS);
        assert!(
            holders.iter().any(|pid| run.stderr.contains(&format!("process {pid} (\"messenger-db\", role "))),
            "{run:?}"
        );
    }
    stopped.signal(Signal::CONT);
    drop(lock);
    stopped.ends().exits(0);
    is_at_the_head(&database);
}

#[test]
fn nobody_begins_before_the_session_that_works_is_done_although_the_other_is_lost() {
    let database = TestDatabase::empty();
    let (running, lock, working) = held_up(&database);
    let watching = database.column(HOLDERS).into_iter().find(|pid| *pid != working).unwrap();
    database.execute(&format!("SELECT pg_terminate_backend({watching})")).unwrap();
    let mut next = Running::start(&mut binary(&database, &["run"]));
    let line = next.says("for another runner: process ");
    assert!(line.contains(&format!("process {working} ")), "{line}");
    drop(lock);
    // The one that lost a session does what it has begun, and the next finds it done or does the rest.
    running.ends();
    next.ends().exits(0);
    is_at_the_head(&database);
}

/// Passes on that it waits for its turn.
struct Queued(Sender<()>);

impl Observer for Queued {
    fn on(&mut self, event: &Event<'_>) {
        if let Event::Queued { .. } = event {
            self.0.send(()).unwrap();
        }
    }
}

#[test]
fn an_index_that_is_built_concurrently_and_those_who_wait_for_the_lock_do_not_lock_each_other_out() {
    let database = TestDatabase::empty();
    let options = ConnectOptions { lock_timeout: Duration::ZERO, ..ConnectOptions::default() };
    let pool = || {
        let pool = migrate::connect(&database.url().parse().unwrap(), &options, &mut Silent).unwrap();
        pool.with_migrations(fixtures("hard_cases"))
    };
    let to = |version: &str| RunOptions { to: Some(version.to_owned()), ..RunOptions::default() };
    migrate::run(&pool(), &to("2026-01-01-000000"), &mut Silent).unwrap();
    // The build waits for this writer, and every runner's snapshot would be waited for too.
    let mut writer = LockHolder::of(&database, "INSERT INTO cats VALUES (0, 'new')");
    thread::scope(|scope| {
        let builds = scope.spawn(|| migrate::run(&pool(), &to("2026-01-02-000000"), &mut Silent));
        writer.blocks();
        let (sender, queued) = channel();
        let others: Vec<_> = (0..5)
            .map(|_| {
                let mut observer = Queued(sender.clone());
                let (pool, to) = (pool(), to("2026-01-02-000000"));
                scope.spawn(move || migrate::run(&pool, &to, &mut observer))
            })
            .collect();
        queued.iter().take(5).for_each(drop);
        drop(writer);
        assert_eq!(builds.join().unwrap().unwrap().steps.len(), 1);
        for other in others {
            assert!(other.join().unwrap().unwrap().steps.is_empty());
        }
    });
    assert_eq!(database.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'cats_name_idx'::regclass"), "t");
}

#[test]
fn the_diesel_cli_at_the_same_time_does_not_make_the_binary_fail() {
    for _ in 0..4 {
        let database = TestDatabase::empty();
        thread::scope(|scope| {
            // It knows no turns: which of the two fails at a migration is chance, and it has no second try.
            let theirs = scope.spawn(|| diesel(&database.url(), &["migration", "run"]));
            let ours = scope.spawn(|| Run::of(&mut binary(&database, &["run"])));
            ours.join().unwrap().exits(0);
            theirs.join().unwrap();
        });
        Run::of(&mut binary(&database, &["run"])).exits(0);
        diesel(&database.url(), &["migration", "run"]).exits(0);
        is_at_the_head(&database);
        let versions = database.column("SELECT version FROM __diesel_schema_migrations ORDER BY version");
        assert_eq!(versions.len(), migrate::migrations().unwrap().len());
    }
}

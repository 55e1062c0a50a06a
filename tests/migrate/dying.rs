//! A runner that is killed, or whose server is, at any moment: one plain run, or revert, ends where it would have ended.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use messenger_db::migrate::for_tests::{self, Connection};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{CrashingServer, Goal, LockHolder, Moment, Proxy, Run, Runner, Running, TestDatabase};

/// All moments are tried with `TEST_DEPTH=all`, a part of them otherwise.
fn tries_all() -> bool {
    std::env::var("TEST_DEPTH").is_ok_and(|depth| depth == "all")
}

/// What a database must look like at each version, and before the first.
struct Expected {
    versions: Vec<String>,
    catalogs: HashMap<String, String>,
}

impl Expected {
    fn of(runner: Runner) -> Self {
        let database = TestDatabase::empty();
        let mut catalogs = HashMap::from([(String::new(), String::new())]);
        let versions: Vec<_> = runner.migrations().iter().map(|migration| migration.version.to_string()).collect();
        for version in &versions {
            succeeds(runner, &database.url(), Goal::UpTo(version));
            catalogs.insert(version.clone(), database.catalog());
        }
        succeeds(runner, &database.url(), Goal::DownTo(""));
        catalogs.insert(String::new(), database.catalog());
        Self { versions, catalogs }
    }

    /// The version before; empty before the first.
    fn before(&self, version: &str) -> &str {
        let at = self.versions.iter().position(|other| other == version).unwrap();
        if at == 0 { "" } else { &self.versions[at - 1] }
    }

    #[track_caller]
    fn is_reached(&self, url: &str, version: &str, how: &str) {
        let mut connection = Connection::open(&url.parse().unwrap()).unwrap();
        let rows = connection.execute("SELECT version FROM __diesel_schema_migrations ORDER BY version").unwrap();
        let history: Vec<_> = rows.into_iter().flatten().flatten().collect();
        let due: Vec<_> = self.versions.iter().filter(|other| other.as_str() <= version).cloned().collect();
        assert_eq!(history, due, "{how}");
        let found = for_tests::read_catalog(&mut connection).unwrap();
        // That of the test itself.
        let found: String =
            found.split_inclusive('\n').filter(|line| !line.starts_with("event trigger pause:")).collect();
        pretty_assertions::assert_eq!(found, self.catalogs[version], "{how}");
        let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        assert_eq!(connection.execute(locks).unwrap()[0][0].as_deref(), Some("0"), "{how}");
    }
}

#[track_caller]
fn succeeds(runner: Runner, url: &str, goal: Goal<'_>) {
    Run::of(&mut runner.command(url, goal, true)).exits(0);
}

/// Where a database is, for a proxy to lead there.
struct Place {
    socket: PathBuf,
    user: String,
    database: String,
}

impl Place {
    fn of(url: &str) -> Self {
        let connection = Connection::open(&url.parse().unwrap()).unwrap();
        Self { socket: connection.host().into(), user: connection.user(), database: connection.database() }
    }

    fn through(&self, proxy: &Path) -> String {
        format!("host={} port=5432 user={} dbname={}", proxy.display(), self.user, self.database)
    }
}

/// When to strike: at the so-many-th message, from the first on that contains this.
#[derive(Debug, Clone, Copy)]
struct Point {
    from: &'static str,
    number: usize,
    moment: Moment,
}

/// What happens then.
#[derive(Clone)]
enum Strike {
    /// SIGKILL for the runner.
    Kill,
    /// Whatever this does.
    Do(Arc<dyn Fn() + Send + Sync>),
}

/// Has a runner goal until that point, and strikes. Whether it was struck before it was done.
fn struck(runner: Runner, place: &Place, goal: Goal<'_>, point: Point, strike: &Strike) -> bool {
    // The process is known a little later than it may have to be killed.
    let (victim, struck) = (Arc::new(OnceLock::new()), Arc::new(AtomicBool::new(false)));
    let proxy = Proxy::interfering(&place.socket, {
        let (victim, struck, strike, seen) =
            (Arc::clone(&victim), Arc::clone(&struck), strike.clone(), AtomicUsize::new(0));
        move |moment, message| {
            if moment == Moment::Before && (seen.load(Ordering::SeqCst) > 0 || contains(message, point.from)) {
                seen.fetch_add(1, Ordering::SeqCst);
            }
            let is_it = (seen.load(Ordering::SeqCst), moment) == (point.number, point.moment);
            if is_it && !struck.swap(true, Ordering::SeqCst) {
                match &strike {
                    Strike::Kill => kill_process(*victim.wait(), Signal::KILL).unwrap(),
                    Strike::Do(goal) => goal(),
                }
                return false;
            }
            true
        }
    });
    let mut command = runner.command(&place.through(proxy.folder()), goal, true);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    victim.set(Pid::from_child(&child)).unwrap();
    let status = child.wait().unwrap();
    let struck = struck.load(Ordering::SeqCst);
    // One that has asked for nothing more may have succeeded when the server crashed.
    assert!(struck || status.success(), "{point:?}: {status}");
    // And one that says goodbye waits for no answer, and may be done before the signal reaches it.
    struck && (matches!(strike, Strike::Do(_)) || !status.success())
}

fn contains(message: &[u8], text: &str) -> bool {
    text.is_empty() || message.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Up and down again, each struck at the point and then done by a plain run and a plain revert. Whether it was struck.
#[allow(clippy::too_many_arguments, reason = "each is one thing of the place where it dies")]
fn goes_on_after(
    runner: Runner,
    place: &Place,
    url: &str,
    [to, from]: [&str; 2],
    expected: &Expected,
    point: Point,
    strike: &Strike,
    restore: &dyn Fn(),
) -> [bool; 2] {
    [(Goal::UpTo(to), to), (Goal::DownTo(from), from)].map(|(goal, end)| {
        let struck = struck(runner, place, goal, point, strike);
        restore();
        succeeds(runner, url, goal);
        expected.is_reached(url, end, &format!("{goal:?}, struck at {point:?}"));
        struck
    })
}

#[test]
fn killed_before_or_while_the_server_does_any_step_of_any_migration_it_goes_on() {
    let runner = Runner::Embedded;
    let expected = Expected::of(runner);
    let database = TestDatabase::empty();
    let place = Place::of(&database.url());
    for (at, version) in expected.versions.iter().enumerate() {
        let below = expected.before(version);
        // BEGIN, the file, its rows in the history, COMMIT, and giving the lock back; or the file, its rows, and the lock.
        let (from, messages) =
            if runner.migrations()[at].run_in_transaction { ("BEGIN", 5) } else { ("CONCURRENTLY", 3) };
        for (index, (number, moment)) in moments(messages).enumerate() {
            if !tries_all() && index % 3 != at % 3 {
                continue;
            }
            let point = Point { from, number, moment };
            let ends = [version.as_str(), below];
            let struck = goes_on_after(runner, &place, &database.url(), ends, &expected, point, &Strike::Kill, &|| {});
            assert_eq!(struck, [true; 2], "{version}: {point:?}");
        }
        succeeds(runner, &database.url(), Goal::UpTo(version));
    }
}

/// Every moment of so many messages.
fn moments(messages: usize) -> impl Iterator<Item = (usize, Moment)> {
    (1..=messages).flat_map(|number| [(number, Moment::Before), (number, Moment::After)])
}

/// Strikes at one message after the other, the connection's first included, until there is none left to strike at.
fn goes_on_wherever(runner: Runner, url: &str, step: usize, strike: &Strike, restore: &dyn Fn(), expected: &Expected) {
    let place = Place::of(url);
    let ends = [expected.versions.last().unwrap().as_str(), ""];
    let mut reached = 0;
    for (index, (number, moment)) in moments(usize::MAX).enumerate().step_by(step) {
        let point = Point { from: "", number, moment };
        let struck = goes_on_after(runner, &place, url, ends, expected, point, strike, restore);
        if struck == [false; 2] {
            break;
        }
        reached = index;
    }
    assert!(reached > 2 * 4 * expected.versions.len(), "{reached}");
}

const HARD_CASES: Runner = Runner::Fixtures("hard_cases");

#[test]
fn killed_at_any_step_of_the_hard_cases_it_goes_on() {
    let expected = Expected::of(HARD_CASES);
    let database = TestDatabase::empty();
    let step = if tries_all() { 1 } else { 5 };
    goes_on_wherever(HARD_CASES, &database.url(), step, &Strike::Kill, &|| {}, &expected);
}

#[test]
fn when_the_server_crashes_at_any_step_of_the_hard_cases_it_goes_on() {
    let expected = Expected::of(HARD_CASES);
    let server = CrashingServer::start();
    let step = if tries_all() { 1 } else { 13 };
    let crash = Strike::Do(Arc::new(server.crash()));
    goes_on_wherever(HARD_CASES, &server.url(), step, &crash, &|| server.restart(), &expected);
}

#[test]
fn when_the_server_crashes_in_a_commit_it_goes_on() {
    let expected = Expected::of(Runner::Embedded);
    let server = CrashingServer::start();
    let place = Place::of(&server.url());
    let crash = Strike::Do(Arc::new(server.crash()));
    for version in if tries_all() { &expected.versions[1..] } else { &expected.versions[5..6] } {
        let below = expected.before(version);
        succeeds(Runner::Embedded, &server.url(), Goal::UpTo(below));
        for moment in [Moment::Before, Moment::After] {
            let point = Point { from: "COMMIT", number: 1, moment };
            let (ends, restart) = ([version.as_str(), below], || server.restart());
            goes_on_after(Runner::Embedded, &place, &server.url(), ends, &expected, point, &crash, &restart);
        }
    }
}

/// Has the server hold up in the n-th statement that changes the catalog, until whoever holds lock 42 lets go. Not where
/// an index may be dropped concurrently, which has to be the first that its transaction does.
const PAUSES: &str = "
    CREATE SCHEMA faults;
    CREATE SEQUENCE faults.statement;
    CREATE FUNCTION faults.pause() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF tg_tag NOT IN ('CREATE INDEX', 'DROP INDEX') AND nextval('faults.statement') = current_setting('faults.at')::bigint THEN
            PERFORM pg_advisory_xact_lock(42);
        END IF;
    END $$;
    CREATE EVENT TRIGGER pause ON ddl_command_start EXECUTE FUNCTION faults.pause();";

/// Puts the pause before a statement, in sessions to come, and begins to count.
fn pause_at(database: &TestDatabase, statement: usize) {
    let pause = format!(
        "ALTER DATABASE {} SET faults.at = '{statement}'; SELECT setval('faults.statement', 1, false)",
        database.name()
    );
    database.execute(&pause).unwrap();
}

fn killed_in_each_statement(runner: Runner) {
    let expected = Expected::of(runner);
    let database = TestDatabase::empty();
    pause_at_never(&database);
    // The tables of the runner itself are made once, and not to be counted.
    succeeds(runner, &database.url(), Goal::UpTo(&expected.versions[0]));
    succeeds(runner, &database.url(), Goal::DownTo(""));
    for version in &expected.versions {
        let below = expected.before(version);
        for (goal, back, end) in [
            (Goal::UpTo(version), Goal::DownTo(below), version.as_str()),
            (Goal::DownTo(below), Goal::UpTo(version), below),
        ] {
            pause_at(&database, 0);
            succeeds(runner, &database.url(), goal);
            // The trigger has counted, unless there is nothing to count.
            let counted = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM faults.statement";
            let count: usize = database.value(counted).parse().unwrap();
            let statements = 1..=count;
            let chosen: Vec<_> =
                if tries_all() { statements.collect() } else { statements.skip(count / 2).take(1).collect() };
            for statement in chosen {
                succeeds(runner, &database.url(), back);
                pause_at(&database, statement);
                let mut holder = LockHolder::of(&database, "SELECT pg_advisory_xact_lock(42)");
                let running = Running::start(&mut runner.command(&database.url(), goal, false));
                holder.blocks();
                running.signal(Signal::KILL);
                running.ends();
                drop(holder);
                succeeds(runner, &database.url(), goal);
                expected.is_reached(&database.url(), end, &format!("{goal:?}, killed in statement {statement}"));
            }
        }
        succeeds(runner, &database.url(), Goal::UpTo(version));
    }
}

fn pause_at_never(database: &TestDatabase) {
    database.execute(PAUSES).unwrap();
    pause_at(database, 0);
}

#[test]
fn killed_in_the_middle_of_a_file_it_goes_on() {
    killed_in_each_statement(Runner::Embedded);
}

#[test]
fn killed_in_the_middle_of_a_file_of_the_hard_cases_it_goes_on() {
    killed_in_each_statement(HARD_CASES);
}

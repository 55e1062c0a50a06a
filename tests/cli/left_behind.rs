//! What a run of these tests leaves behind when it ends, however it ends: nothing. The tests run themselves.

use std::env;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use messenger_db::local::Local;
use rustix::process::Signal;

use super::own_server;
use crate::support::{Running, StateFolder, TestDatabase, server, until, works_in};

/// What the test below is to do when it has everything it needs; without it, it just ends.
const THEN: &str = "MESSENGER_DB_TEST_THEN";
const FILTER: &str = "cli::left_behind::a_small_test";

#[test]
fn a_small_test() {
    let database = TestDatabase::migrated();
    let connection = database.connect();
    assert_eq!(database.value("SELECT 1"), "1");
    let Some(then) = env::var_os(THEN) else { return };
    let folder = StateFolder::new();
    assert!(folder.messenger_db(&["local", "start", "--quiet"]).status().unwrap().success());
    println!("private: {}", folder.path().display());
    println!("ready: {} {} {}", connection.host(), database.name(), connection.backend_pid());
    match then.to_str() {
        Some("end") => {}
        Some("fail") => panic!("as it was told"),
        _ => {
            // Until it is killed.
            let _ = std::io::stdin().read(&mut [0]);
        }
    }
}

/// The tests, started again for the small one.
struct Child {
    running: Running,
    // Kept open: the small test waits for its end.
    _stdin: Option<std::io::PipeWriter>,
}

impl Child {
    fn start(then: &str, url: Option<&str>, temporary: Option<&Path>) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", FILTER, "--nocapture"]).env(THEN, then).env_remove("TEST_DATABASE_URL");
        command.stdin(Stdio::from(reader)).envs(url.map(|url| ("TEST_DATABASE_URL", url)));
        // A signal for it is not for these tests.
        command.process_group(0);
        command.envs(temporary.map(|folder| ("TMPDIR", folder)));
        Self { running: Running::start(&mut command), _stdin: Some(writer) }
    }

    /// What the small test has: the folder of its private server, and what it said last.
    fn has(&mut self) -> (PathBuf, Vec<String>) {
        let private = self.running.says("private: ");
        let ready = self.running.says("ready: ");
        let words = |line: &str| line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>();
        (PathBuf::from(words(&private).pop().unwrap()), words(&ready))
    }
}

#[track_caller]
fn vanishes(folder: &Path) {
    until(&format!("{} is gone", folder.display()), || !folder.exists() && !works_in(folder));
}

/// Ends the tests in some way and sees the throwaway server, the private server and their folders vanish.
fn leaves_nothing(then: &str, signals: &[Signal]) {
    let mut child = Child::start(then, None, None);
    let (private, ready) = child.has();
    // The first is the folder of the socket, in the folder of the server, in the folder that the test made for it.
    let throwaway = Path::new(&ready[0]).ancestors().nth(2).unwrap().to_owned();
    let private = private.parent().unwrap();
    if then == "wait" {
        assert!(throwaway.exists() && works_in(&throwaway) && private.exists() && works_in(private));
    }
    for signal in signals {
        child.running.signal_group(*signal);
    }
    let run = child.running.ends();
    let ended_as_told =
        run.signal.map_or(signals.is_empty(), |raw| signals.iter().any(|signal| signal.as_raw() == raw));
    assert!(ended_as_told, "{run:?}");
    vanishes(&throwaway);
    vanishes(private);
}

#[test]
fn tests_that_succeed_leave_nothing() {
    leaves_nothing("end", &[]);
}

#[test]
fn tests_that_fail_leave_nothing() {
    leaves_nothing("fail", &[]);
}

#[test]
fn tests_that_are_interrupted_leave_nothing() {
    // Like Ctrl-C. Where these tests run in the background, that is ignored, by their children too.
    leaves_nothing("wait", &[Signal::INT, Signal::TERM]);
}

#[test]
fn tests_that_are_killed_leave_nothing() {
    leaves_nothing("wait", &[Signal::KILL]);
}

#[test]
fn tests_that_are_killed_while_their_server_is_made_leave_nothing() {
    for moment in ["", "state", "state/data.partial/base", "state/data", "state/data/postmaster.pid"] {
        let above = tempfile::tempdir().unwrap();
        std::fs::set_permissions(above.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let folders = || std::fs::read_dir(above.path()).unwrap().map(|entry| entry.unwrap().path());
        let child = Child::start("wait", None, Some(above.path()));
        until(moment, || folders().any(|folder| folder.join(moment).exists()));
        child.running.signal(Signal::KILL);
        child.running.ends();
        until(&format!("all is gone, killed at {moment:?}"), || folders().next().is_none() && !works_in(above.path()));
    }
}

#[test]
fn a_server_that_is_kept_goes_away_with_its_watchdog() {
    let folder = StateFolder::new();
    let local = Local::open(Some(folder.path())).unwrap().throwaway();
    assert!(local.keep().unwrap().is_none(), "there is nothing to keep yet");
    local.start().unwrap();
    let watchdog = local.keep().unwrap().unwrap();
    assert!(works_in(local.state_dir()));
    drop(watchdog);
    vanishes(local.state_dir());
}

#[test]
fn on_anothers_server_what_killed_tests_left_is_dropped_by_the_next() {
    let url = own_server().url("postgres");
    let databases = || {
        let rows = own_server().connect().execute("SELECT datname FROM pg_database").unwrap();
        rows.into_iter().flatten().flatten().collect::<Vec<_>>()
    };
    let mut killed = Child::start("wait", Some(&url), None);
    let (private, ready) = killed.has();
    let (database, session) = (&ready[1], &ready[2]);
    killed.running.signal(Signal::KILL);
    killed.running.ends();
    assert!(databases().contains(database));
    let gone = format!("SELECT FROM pg_stat_activity WHERE pid = {session}");
    until("its connection is gone", || own_server().connect().execute(&gone).unwrap().is_empty());

    let mut next = Child::start("end", Some(&url), None);
    let (private_of_next, _) = next.has();
    next.running.ends().exits(0);
    assert!(!databases().contains(database), "{:?}", databases());
    vanishes(private.parent().unwrap());
    vanishes(private_of_next.parent().unwrap());
}

#[test]
fn a_test_that_ends_takes_its_database_along() {
    let name = TestDatabase::migrated().name().to_owned();
    let query = format!("SELECT FROM pg_database WHERE datname = '{name}'");
    assert!(server().connect().execute(&query).unwrap().is_empty());
}

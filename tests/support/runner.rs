//! A runner as a process of its own, for any migrations: the binary for the embedded ones, and for others this test
//! program, started anew.

use std::env;
use std::process::{Command, exit};
use std::time::Duration;

use messenger_db::migrate::{self, ConnectOptions, Error, Migration, Revert, RunOptions, Silent};

use super::{fixtures, messenger_db};

const FIXTURES: &str = "MESSENGER_DB_TEST_FIXTURES";
const GOAL: &str = "MESSENGER_DB_TEST_GOAL";
const WITHOUT_LOCK_TIMEOUT: &str = "MESSENGER_DB_TEST_WITHOUT_LOCK_TIMEOUT";

/// Which migrations a runner carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// The embedded ones.
    Embedded,
    /// Those of a folder of `tests/migrate/fixtures`.
    Fixtures(&'static str),
}

/// What it does: apply everything up to a version, or undo everything above it. An empty one is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal<'a> {
    /// `run --to`.
    UpTo(&'a str),
    /// `revert --to`.
    DownTo(&'a str),
}

impl Runner {
    /// Its migrations, oldest first.
    pub fn migrations(self) -> Vec<Migration> {
        match self {
            Self::Embedded => migrate::migrations().unwrap(),
            Self::Fixtures(folder) => fixtures(folder),
        }
    }

    /// A process that acts on a database, and waits for locks as long as it takes, or gives way as usual.
    pub fn command(self, url: &str, goal: Goal<'_>, gives_way: bool) -> Command {
        let mut command = match (self, goal) {
            (Self::Embedded, Goal::UpTo(version)) => messenger_db(&["run", "--to", version]),
            (Self::Embedded, Goal::DownTo("")) => messenger_db(&["revert", "--all"]),
            (Self::Embedded, Goal::DownTo(version)) => messenger_db(&["revert", "--to", version]),
            (Self::Fixtures(folder), goal) => {
                let (verb, version) = match goal {
                    Goal::UpTo(version) => ("run", version),
                    Goal::DownTo(version) => ("revert", version),
                };
                let mut command = Command::new(env::current_exe().unwrap());
                command.args(["--exact", "support::runner::a_process_of_its_own", "--ignored", "--nocapture"]);
                command.env(FIXTURES, folder).env(GOAL, format!("{verb} {version}"));
                command
            }
        };
        if !gives_way {
            match self {
                Self::Embedded => command.args(["--lock-timeout", "0"]),
                Self::Fixtures(_) => command.env(WITHOUT_LOCK_TIMEOUT, "yes"),
            };
        }
        command.env("DATABASE_URL", url);
        command
    }
}

/// Not a test, but what [`Runner::command`] starts; it ends with the exit code that the binary would have.
#[test]
#[ignore = "a part of other tests, which start it"]
fn a_process_of_its_own() {
    let Ok(folder) = env::var(FIXTURES) else { return };
    let mut options = ConnectOptions::default();
    if env::var_os(WITHOUT_LOCK_TIMEOUT).is_some() {
        options.lock_timeout = Duration::ZERO;
    }
    let done = migrate::connect(&env::var("DATABASE_URL").unwrap().parse().unwrap(), &options, &mut Silent);
    let done = done.map(|pool| pool.with_migrations(fixtures(&folder))).and_then(|pool| {
        let goal = env::var(GOAL).unwrap();
        match goal.split_once(' ').unwrap() {
            ("run", to) => {
                let options = RunOptions { to: Some(to.to_owned()), ..RunOptions::default() };
                migrate::run(&pool, &options, &mut Silent)
            }
            (_, "") => migrate::revert(&pool, &Revert::All, &mut Silent),
            (_, to) => migrate::revert(&pool, &Revert::DownTo(to.to_owned()), &mut Silent),
        }
    });
    match done {
        Ok(_) => exit(0),
        Err(error) => {
            eprintln!("{error}");
            exit(match error {
                Error::Blocked { .. } | Error::Locked { .. } => 5,
                Error::Connect { .. } => 7,
                _ => 1,
            })
        }
    }
}

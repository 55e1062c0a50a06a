//! The private PostgreSQL when its programs are replaced while it runs, as a package manager does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use messenger_db::local::PG_BIN_VARIABLE;
use messenger_db::migrate::for_tests::Connection;

use crate::support::{Run, StateFolder, until};

/// A folder of programs that hand over to those of the PostgreSQL of these tests.
struct Programs {
    folder: tempfile::TempDir,
    real: PathBuf,
}

impl Programs {
    fn new() -> Self {
        let folder = StateFolder::new();
        Run::of(&mut folder.messenger_db(&["local", "start"])).exits(0);
        // The server writes down by which program it was started.
        let options = fs::read_to_string(folder.path().join("data/postmaster.opts")).unwrap();
        let real = Path::new(options.split(" \"").next().unwrap()).parent().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let programs = Self { folder, real };
        programs.install("");
        programs
    }

    /// Puts new files in the place of the old ones. The script comes first in each.
    fn install(&self, script: &str) {
        for name in ["initdb", "pg_ctl", "postgres"] {
            let (file, new) = (self.folder.path().join(name), self.folder.path().join("new"));
            let text = format!("#!/bin/sh\n{script}\nexec '{}/{name}' \"$@\"\n", self.real.display());
            fs::write(&new, text).unwrap();
            fs::set_permissions(&new, PermissionsExt::from_mode(0o755)).unwrap();
            fs::rename(new, file).unwrap();
        }
    }

    fn command(&self, state: &StateFolder, arguments: &[&str]) -> Command {
        let mut command = state.messenger_db(arguments);
        command.env(PG_BIN_VARIABLE, self.folder.path());
        command
    }

    fn run(&self, state: &StateFolder, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(state, arguments))
    }

    fn pid(&self, state: &StateFolder) -> String {
        self.run(state, &["local", "status", "--json"]).exits(0).json()["pid"].to_string()
    }

    fn connect(&self, state: &StateFolder) -> Connection {
        let url = self.run(state, &["local", "url"]).exits(0).stdout;
        Connection::open(&url.trim_end().parse().unwrap()).unwrap()
    }
}

const NEXT_MAJOR: &str = "[ \"$1\" = --version ] && { echo 'postgres (PostgreSQL) 99.1'; exit; }";

#[test]
fn a_server_whose_programs_were_replaced_is_restarted_by_the_next_command() {
    let (programs, state) = (Programs::new(), StateFolder::new());
    programs.run(&state, &["run"]).exits(0);
    let before = programs.pid(&state);
    assert!(programs.run(&state, &["local", "start"]).exits(0).stdout.contains(" was running, process "));
    assert_eq!(programs.pid(&state), before);

    programs.install("# the next release");
    let run = programs.run(&state, &["redo"]).exits(0).complains("restarted").complains("replaced");
    assert!(!run.stderr.contains("messenger-db local stop"), "{}", run.stderr);
    let after = programs.pid(&state);
    assert_ne!(after, before);
    programs.run(&state, &["pending"]).exits(0);

    programs.install("# and the next");
    assert!(programs.run(&state, &["local", "start"]).exits(0).stdout.contains(" restarted, process "));
    assert_ne!(programs.pid(&state), after);
    assert!(programs.run(&state, &["local", "start"]).exits(0).stdout.contains(" was running, process "));
}

#[test]
fn a_server_that_others_use_is_not_restarted_under_them_but_says_so() {
    let (programs, state) = (Programs::new(), StateFolder::new());
    programs.run(&state, &["run"]).exits(0);
    let before = programs.pid(&state);
    let mut client = programs.connect(&state);
    programs.install("# the next release");
    for arguments in [&["status"][..], &["local", "start"]] {
        programs.run(&state, arguments).exits(0).complains("replaced").complains("messenger-db local stop");
    }
    let json = programs.run(&state, &["local", "start", "--json"]).exits(0).json();
    assert!(json["note"].as_str().unwrap().contains("were replaced"), "{json}");
    assert_eq!(programs.run(&state, &["local", "status", "--json"]).exits(0).json()["note"], serde_json::Value::Null);
    assert_eq!(programs.pid(&state), before);
    client.execute("SELECT 1").unwrap();
    drop(client);

    // The server may notice a moment later that it is gone.
    until("it is restarted", || {
        programs.run(&state, &["local", "start", "--quiet"]).exits(0);
        programs.pid(&state) != before
    });
}

#[test]
fn data_of_another_major_version_is_left_as_it_is_and_the_way_on_is_said() {
    let (programs, state) = (Programs::new(), StateFolder::new());
    programs.run(&state, &["run"]).exits(0);
    let before = programs.pid(&state);
    programs.install(NEXT_MAJOR);
    // It runs on, and can be dumped.
    for arguments in [&["status"][..], &["local", "start"]] {
        programs.run(&state, arguments).exits(0).complains("messenger-db backup");
    }
    assert_eq!(programs.pid(&state), before);

    programs.run(&state, &["local", "stop"]).exits(0);
    programs
        .run(&state, &["local", "start"])
        .exits(1)
        .complains("the server found here is PostgreSQL 99.1")
        .complains("Nothing was changed")
        .complains("messenger-db backup")
        .complains("pg_upgrade");
    programs.install("");
    programs.run(&state, &["pending"]).exits(0);
}

#[test]
fn programs_that_are_gone_while_the_server_runs_are_told_and_it_runs_on() {
    let (programs, state) = (Programs::new(), StateFolder::new());
    programs.run(&state, &["run"]).exits(0);
    let before = programs.pid(&state);
    for name in ["initdb", "pg_ctl", "postgres"] {
        fs::remove_file(programs.folder.path().join(name)).unwrap();
    }
    programs.run(&state, &["status"]).exits(0).complains("messenger-db backup");
    assert_eq!(programs.pid(&state), before);
    programs.run(&state, &["local", "stop"]).exits(0);
}

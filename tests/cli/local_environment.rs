//! The private PostgreSQL under a hostile environment: no variable and no file leads its commands elsewhere.

#![allow(unsafe_code, reason = "asks libpq for the variables that it reads")]

use std::ffi::CStr;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use pq_sys::{PQconndefaults, PQconninfoFree};

use crate::support::{Run, StateFolder};

/// What libpq reads besides the variables of its options, what newer versions than 15 read, and what programs of
/// PostgreSQL read.
const MORE: &[&str] = &[
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSYSCONFDIR",
    "PGLOCALEDIR",
    "PGDATESTYLE",
    "PGTZ",
    "PGGEQO",
    "PGREQUIRESSL",
    "PGREQUIREAUTH",
    "PGSSLNEGOTIATION",
    "PGSSLCERTMODE",
    "PGLOADBALANCEHOSTS",
    "PGGSSDELEGATION",
    "PGMINPROTOCOLVERSION",
    "PGMAXPROTOCOLVERSION",
    "PGDATA",
    "PGCTLTIMEOUT",
    "PG_TEST_USE_UNIX_SOCKETS",
    "PG_COLORS",
    "LC_ALL",
    "LC_MESSAGES",
    "LANG",
    "LANGUAGE",
    "TZ",
];

/// The variables that the URL alone makes ineffective, in every program that uses libpq.
const STATED_IN_THE_URL: &[&str] = &[
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGDATABASE",
    "PGUSER",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGOPTIONS",
    "PGSSLMODE",
    "PGGSSENCMODE",
    "PGCHANNELBINDING",
    "PGREQUIREPEER",
    "PGTARGETSESSIONATTRS",
    "PGCONNECT_TIMEOUT",
    "PGCLIENTENCODING",
    "PGAPPNAME",
];

/// The variables that this libpq reads for its options.
fn variables() -> Vec<String> {
    // SAFETY: the array ends with an entry whose keyword is null, and is freed once, after its texts are copied.
    unsafe {
        let first = PQconndefaults();
        let (mut option, mut variables) = (first, Vec::new());
        while !(*option).keyword.is_null() {
            if !(*option).envvar.is_null() {
                variables.push(CStr::from_ptr((*option).envvar).to_str().unwrap().to_owned());
            }
            option = option.add(1);
        }
        PQconninfoFree(first);
        variables
    }
}

/// Another server that everything hostile leads to, and the files that do.
struct Decoy {
    listener: TcpListener,
    home: tempfile::TempDir,
}

impl Decoy {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let home = tempfile::tempdir().unwrap();
        let port = listener.local_addr().unwrap().port();
        let service = format!("[decoy]\nhost=127.0.0.1\nhostaddr=127.0.0.1\nport={port}\nuser=nobody\ndbname=decoy\n");
        fs::write(home.path().join(".pg_service.conf"), service).unwrap();
        fs::write(home.path().join(".pgpass"), "*:*:*:*:decoy\n").unwrap();
        // libpq warns about this on standard error.
        fs::set_permissions(home.path().join(".pgpass"), PermissionsExt::from_mode(0o644)).unwrap();
        Self { listener, home }
    }

    fn values(&self, variable: &str) -> Vec<String> {
        let file = |name| self.home.path().join(name).to_str().unwrap().to_owned();
        match variable {
            "PGHOST" => vec!["127.0.0.1".to_owned(), "/nonexistent".to_owned()],
            "PGHOSTADDR" => vec!["127.0.0.1".to_owned()],
            "PGPORT" => vec![self.listener.local_addr().unwrap().port().to_string()],
            "PGSERVICE" => vec!["decoy".to_owned(), "nonexistent".to_owned()],
            "PGSERVICEFILE" => vec![file(".pg_service.conf"), "/nonexistent".to_owned()],
            "PGPASSFILE" => vec![file(".pgpass")],
            "PGOPTIONS" => vec!["-c search_path=nonexistent -c role=nobody".to_owned(), "--nonsense".to_owned()],
            "PGTARGETSESSIONATTRS" => vec!["standby".to_owned(), "nonsense".to_owned()],
            "PGREQUIREAUTH" => vec!["scram-sha-256".to_owned()],
            "PGSSLNEGOTIATION" => vec!["direct".to_owned()],
            "PGSSLMODE" => vec!["verify-full".to_owned(), "nonsense".to_owned()],
            "PGCHANNELBINDING" | "PGGSSENCMODE" => vec!["require".to_owned(), "nonsense".to_owned()],
            "LC_ALL" | "LANG" => vec!["de_DE.UTF-8".to_owned(), "nonsense".to_owned()],
            _ => vec!["nonsense".to_owned()],
        }
    }

    fn asked(&self) -> bool {
        match self.listener.accept() {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                false
            }
        }
    }

    /// Runs a command under hostile variables, and demands that nothing of them is to be noticed.
    #[track_caller]
    fn run(&self, command: &mut Command, variables: &[(&str, String)]) -> Run {
        command.env("HOME", self.home.path()).envs(variables.iter().map(|(name, value)| (name, value)));
        let run = Run::of(command);
        assert!(!self.asked(), "{command:?} asked another server");
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{command:?}\n{}", run.stdout);
        run
    }
}

/// Whether the server came with client programs: npm's does not, and another's psql may be a script that has a language.
fn has_clients() -> bool {
    let folder = StateFolder::new();
    Run::of(&mut folder.messenger_db(&["local", "start"])).exits(0);
    // The server writes down by which program it was started.
    let options = fs::read_to_string(folder.path().join("data/postmaster.opts")).unwrap();
    let program = options.split(" \"").next().unwrap().trim_end();
    Path::new(program).with_file_name("psql").is_file()
}

#[test]
fn no_variable_that_libpq_reads_keeps_a_command_from_the_private_server() {
    let (folder, decoy) = (StateFolder::new(), Decoy::new());
    Run::of(&mut folder.messenger_db(&["run", "--quiet"])).exits(0);
    let variables = variables();
    assert!(variables.len() > 20, "{variables:?}");
    let clients = has_clients();
    for variable in variables.iter().map(String::as_str).chain(MORE.iter().copied()) {
        for value in decoy.values(variable) {
            let hostile = [(variable, value)];
            decoy.run(&mut folder.messenger_db(&["run", "--quiet"]), &hostile);
            if clients && variable != "LC_ALL" && variable != "LANG" {
                let mut command = folder.messenger_db(&["local", "psql", "-XAtc", "SELECT current_database()"]);
                assert_eq!(decoy.run(&mut command, &hostile).stdout, "messenger\n", "{hostile:?}");
            }
        }
    }
}

#[test]
fn every_command_works_on_the_private_server_under_all_hostile_variables_at_once() {
    let (folder, decoy) = (StateFolder::new(), Decoy::new());
    let variables = variables();
    let all: Vec<_> = variables
        .iter()
        .map(String::as_str)
        .chain(MORE.iter().copied())
        .filter_map(|variable| Some((variable, decoy.values(variable).into_iter().next()?)))
        .collect();
    let file = decoy.home.path().join("backup");
    let clients = has_clients();
    for arguments in [
        &["local", "start", "--quiet"][..],
        &["plan", "--quiet"],
        &["run", "--quiet"],
        &["status", "--quiet"],
        &["verify", "--quiet"],
        &["list", "--quiet"],
        &["seed", "--quiet"],
        &["redo", "--quiet"],
        &["backup", "--quiet", file.to_str().unwrap()],
        &["local", "psql", "-XAtc", "SELECT 1"],
        &["local", "status", "--quiet"],
        &["local", "stop", "--quiet"],
        &["local", "start", "--quiet"],
        &["local", "destroy", "--yes", "--quiet"],
    ] {
        let needs_client = arguments[0] == "backup" || arguments[1] == "psql";
        if clients || !needs_client {
            decoy.run(&mut folder.messenger_db(arguments), &all);
        }
    }
}

#[test]
fn the_url_alone_leads_other_programs_to_the_private_server() {
    let (folder, decoy) = (StateFolder::new(), Decoy::new());
    let url = Run::of(&mut folder.messenger_db(&["local", "start"])).exits(0).stdout.lines().nth(1).unwrap().to_owned();
    for variable in STATED_IN_THE_URL {
        for value in decoy.values(variable) {
            // A URL that is given says what is meant: the binary leaves the environment as it is.
            let run =
                Run::of(folder.messenger_db(&["status", "--quiet", "--database-url", &url]).env(variable, &value));
            assert!(!decoy.asked(), "{variable}={value}");
            run.exits(0);
        }
    }
}

//! The private PostgreSQL: made, started, used, stopped and destroyed, and reachable by nobody else.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use messenger_db::local::{Local, PG_BIN_VARIABLE};
use messenger_db::migrate::for_tests;
use messenger_db::migrate::for_tests::Connection;

use super::versions;
use crate::support::{Run, Running, StateFolder, TestDatabase, messenger_db, until, works_in};

fn local(folder: &StateFolder, arguments: &[&str]) -> Run {
    Run::of(folder.messenger_db(&["local"]).args(arguments))
}

fn url(folder: &StateFolder) -> String {
    local(folder, &["url"]).exits(0).stdout.trim_end().to_owned()
}

fn connect(folder: &StateFolder) -> Connection {
    Connection::open(&url(folder).parse().unwrap()).unwrap()
}

fn pid(folder: &StateFolder) -> String {
    local(folder, &["status", "--json"]).exits(0).json()["pid"].to_string()
}

#[test]
fn it_is_made_started_stopped_and_started_again_with_its_data() {
    let folder = StateFolder::new();
    assert!(local(&folder, &["status"]).exits(0).stdout.contains("none yet"));
    assert!(!folder.path().exists(), "looking makes nothing");

    let made = local(&folder, &["start"]).exits(0).stdout;
    assert!(made.contains(" made and started, process "), "{made}");
    assert_eq!(made.lines().nth(1).unwrap(), url(&folder));
    connect(&folder).execute("CREATE TABLE kept ()").unwrap();
    assert!(local(&folder, &["status"]).exits(0).stdout.contains("running as process"));
    assert!(local(&folder, &["start"]).exits(0).stdout.contains(" was running, process "));

    assert_eq!(local(&folder, &["stop"]).exits(0).stdout, "stopped\n");
    assert!(Connection::open(&url(&folder).parse().unwrap()).is_err());
    assert_eq!(local(&folder, &["stop"]).exits(0).stdout, "was not running\n");
    assert!(local(&folder, &["status"]).exits(0).stdout.contains(", stopped\n"));

    assert!(local(&folder, &["start"]).exits(0).stdout.contains(" started, process "));
    connect(&folder).execute("SELECT FROM kept").unwrap();
}

#[test]
fn destroy_asks_for_yes_and_then_leaves_nothing() {
    let folder = StateFolder::new();
    local(&folder, &["start"]).exits(0);
    local(&folder, &["destroy"])
        .exits(2)
        .complains(&format!("this would delete the private PostgreSQL in {}", folder.path().display()))
        .complains("messenger-db local destroy --yes");
    connect(&folder);
    assert!(works_in(&folder.path()));

    let run = local(&folder, &["destroy", "--yes"]).exits(0);
    assert_eq!(run.stdout, format!("{} is gone\n", folder.path().display()));
    assert!(!folder.path().exists());
    until("its process is gone", || !works_in(&folder.path()));
    for arguments in [&["destroy"][..], &["destroy", "--yes"]] {
        assert_eq!(local(&folder, arguments).exits(0).stdout, format!("nothing is in {}\n", folder.path().display()));
    }
}

#[test]
fn a_server_whose_socket_is_named_after_another_port_is_stopped_and_destroyed() {
    let folder = StateFolder::new();
    let server = Local::open(Some(folder.path())).unwrap().throwaway().port(6543);
    server.start().unwrap();
    local(&folder, &["stop"]).exits(0);
    server.start().unwrap();
    local(&folder, &["destroy", "--yes"]).exits(0);
    assert!(!folder.path().exists());
}

#[test]
fn destroy_leaves_what_others_put_there() {
    let folder = StateFolder::new();
    local(&folder, &["start"]).exits(0);
    fs::write(folder.path().join("diary.txt"), "dear").unwrap();
    assert!(local(&folder, &["destroy", "--yes"]).exits(0).stdout.contains("diary.txt"));
    assert_eq!(fs::read_to_string(folder.path().join("diary.txt")).unwrap(), "dear");
}

#[test]
#[cfg(target_os = "linux")]
fn only_its_own_user_who_is_not_root_reaches_it_and_only_through_the_socket() {
    let folder = StateFolder::new();
    local(&folder, &["start"]).exits(0);
    let process = Path::new("/proc").join(pid(&folder));
    let server = fs::metadata(&process).unwrap().uid();
    assert_ne!(server, 0);

    let socket = fs::metadata(folder.path().join("socket")).unwrap();
    assert_eq!((socket.mode() & 0o7777, socket.uid()), (0o700, server));
    let data = fs::metadata(folder.path().join("data")).unwrap();
    assert_eq!((data.mode() & 0o7777, data.uid()), (0o700, server));

    let sockets: Vec<_> = fs::read_dir(process.join("fd"))
        .unwrap()
        // Some are closed again while they are looked at.
        .filter_map(|file| fs::read_link(file.ok()?.path()).ok()?.to_str().map(str::to_owned))
        .filter_map(|file| Some(file.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    assert!(!sockets.is_empty(), "the unix socket, at least");
    for table in ["tcp", "tcp6"] {
        for line in fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default().lines().skip(1) {
            let inode = line.split_whitespace().nth(9).unwrap();
            assert!(!sockets.iter().any(|socket| socket == inode), "{line}");
        }
    }
    assert_eq!(connect(&folder).execute("SHOW listen_addresses").unwrap(), [[Some(String::new())]]);
}

#[test]
fn with_no_url_anywhere_run_makes_starts_and_migrates_it() {
    let folder = StateFolder::new();
    let run = Run::of(&mut folder.messenger_db(&["run"]))
        .exits(0)
        .complains(&format!("no DATABASE_URL: using the private PostgreSQL in {}", folder.path().display()));
    assert!(run.stdout.contains("The database is at "), "{}", run.stdout);
    let head = TestDatabase::migrated().catalog();
    pretty_assertions::assert_eq!(for_tests::read_catalog(&mut connect(&folder)).unwrap(), head);

    local(&folder, &["stop"]).exits(0);
    let again = Run::of(&mut folder.messenger_db(&["run", "--quiet"])).exits(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
    connect(&folder);
}

#[test]
fn a_url_leaves_it_alone() {
    let folder = StateFolder::new();
    Run::of(folder.messenger_db(&["run"]).env("DATABASE_URL", TestDatabase::empty().url())).exits(0);
    assert!(!folder.path().exists());
}

#[test]
fn twenty_runs_at_once_make_one_server() {
    let folder = StateFolder::new();
    let running: Vec<_> = (0..20).map(|_| Running::start(&mut folder.messenger_db(&["run"]))).collect();
    let runs: Vec<_> = running.into_iter().map(Running::ends).collect();

    let applied = runs.into_iter().map(|run| {
        let run = run.exits(0).complains("using the private PostgreSQL");
        run.stdout.lines().filter(|line| line.starts_with("applied ")).count()
    });
    assert_eq!(applied.sum::<usize>(), versions().len());
    let log = fs::read_to_string(folder.path().join("server.log")).unwrap();
    assert_eq!(log.matches("ready to accept connections").count(), 1, "{log}");

    let head = TestDatabase::migrated().catalog();
    pretty_assertions::assert_eq!(for_tests::read_catalog(&mut connect(&folder)).unwrap(), head);
}

#[test]
fn without_server_binaries_it_says_what_to_install() {
    let folder = StateFolder::new();
    Run::of(folder.messenger_db(&["run"]).env(PG_BIN_VARIABLE, "/nonexistent"))
        .exits(7)
        .complains("MESSENGER_DB_PG_BIN is /nonexistent")
        .complains("there is no such folder")
        .complains("apt-get install postgresql")
        .complains("brew install postgresql");
    Run::of(folder.messenger_db(&["local", "start"]).env(PG_BIN_VARIABLE, "/usr"))
        .exits(1)
        .complains("it has no initdb");
}

#[test]
fn a_folder_that_is_not_its_own_is_left_alone() {
    let folder = StateFolder::new();
    fs::create_dir(folder.path()).unwrap();
    fs::write(folder.path().join("diary.txt"), "dear").unwrap();
    for arguments in [&["local", "start"][..], &["local", "destroy", "--yes"]] {
        Run::of(&mut folder.messenger_db(arguments)).exits(1).complains("was not made by messenger-db");
    }
    Run::of(&mut folder.messenger_db(&["run"])).exits(7).complains("was not made by messenger-db");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn psql_is_opened_on_it_or_its_absence_is_told() {
    let folder = StateFolder::new();
    let run = local(&folder, &["psql", "-XAtc", "SELECT current_database()"]);
    if run.code == Some(0) {
        assert_eq!(run.stdout, "messenger\n");
    } else {
        run.exits(1).complains("apt-get install postgresql-client");
    }
}

#[test]
fn without_a_home_it_says_which_variable_to_set() {
    // Root has a folder of its own for this and needs no home.
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() != 0) {
        let mut command = messenger_db(&["local", "status"]);
        command.env_remove("HOME").env_remove("XDG_STATE_HOME").env_remove("MESSENGER_DB_STATE_DIR");
        Run::of(&mut command).exits(1).complains("Set MESSENGER_DB_STATE_DIR");
    }
}

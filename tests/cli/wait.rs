//! `--wait`: for a server that is about to come up, and for nothing else.

use std::path::Path;

use rustix::process::Signal;

use super::own_server;
use crate::support::{AnnouncedServer, Proxy, Run, Running, TestDatabase, messenger_db};

#[test]
fn a_server_that_comes_up_while_it_is_waited_for_is_migrated() {
    let announced = AnnouncedServer::new(&[]);
    let mut running = Running::start(messenger_db(&["run", "--wait", "60"]).env("DATABASE_URL", announced.url()));
    let line = running.says("waiting up to");
    assert!(line.contains("nothing answers there"), "{line}");
    let _server = announced.start();
    let run = running.ends().exits(0);
    // Once for each reason: it may be met while it starts, too.
    let mut told: Vec<_> = run.stderr.lines().filter_map(|line| line.split_once("waiting up to")).collect();
    let count = told.len();
    told.dedup_by_key(|(_, said)| said.rsplit(": ").next().unwrap());
    assert!(told.len() == count && count <= 2, "{}", run.stderr);
    assert!(run.stdout.contains("The database is at "), "{}", run.stdout);
}

#[test]
fn a_server_that_is_starting_up_is_waited_for() {
    let database = TestDatabase::empty_on(own_server());
    let proxy = Proxy::starting_up(Path::new(&database.connect().host()), 4);
    let url = format!("postgresql:///{}?host={}&user=messenger", database.name(), proxy.folder().display());
    Run::of(messenger_db(&["status", "--wait", "60"]).env("DATABASE_URL", url)).exits(0).complains("starting up");
    assert_eq!(proxy.connections(), 5);
}

#[test]
fn without_wait_a_server_that_is_starting_up_is_a_failure_that_names_the_option() {
    let database = TestDatabase::empty_on(own_server());
    let proxy = Proxy::starting_up(Path::new(&database.connect().host()), 4);
    let url = format!("postgresql:///{}?host={}&user=messenger", database.name(), proxy.folder().display());
    Run::of(messenger_db(&["run"]).env("DATABASE_URL", url))
        .exits(7)
        .complains("the database system is starting up")
        .complains("`--wait 30s`");
}

#[test]
fn a_server_that_never_comes_up_is_given_up_when_the_time_is_over() {
    Run::of(messenger_db(&["run", "--wait", "1"]).env("DATABASE_URL", "postgresql://127.0.0.1:1/chat"))
        .exits(7)
        .complains("waiting up to ")
        .complains("Nothing answered at 127.0.0.1:1 in 1 s");
    Run::of(messenger_db(&["run", "--wait", "0.01"]).env("DATABASE_URL", "postgresql://127.0.0.1:1/chat")).exits(7);
}

#[test]
fn what_accepts_and_says_nothing_is_given_up_then_too() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgresql://{}/chat", silent.local_addr().unwrap());
    let begun = std::time::Instant::now();
    Run::of(messenger_db(&["run", "--wait", "2"]).env("DATABASE_URL", &url)).exits(7).complains("in 2 s");
    Run::of(messenger_db(&["run"]).env("DATABASE_URL", &url).env("PGCONNECT_TIMEOUT", "2")).exits(7);
    // Ten seconds for each of them otherwise.
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}

#[test]
fn who_waits_for_what_says_nothing_can_interrupt() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgresql://{}/chat", silent.local_addr().unwrap());
    for command in [&["status"][..], &["run", "--wait", "60"], &["maintain"]] {
        let running = Running::start(messenger_db(command).env("DATABASE_URL", &url));
        let asked = silent.accept().unwrap();
        let begun = std::time::Instant::now();
        running.signal(Signal::INT);
        running.ends().exits(1).complains("interrupted");
        assert!(begun.elapsed().as_secs() < 5, "{command:?}: {:?}", begun.elapsed());
        drop(asked);
    }
}

#[test]
fn what_the_server_refuses_is_not_waited_for() {
    let refused = [
        own_server().url("postgres").replace("user=messenger", "user=secretive&password=wrong"),
        own_server().url("postgres").replace("user=messenger", "user=nobody_here"),
    ];
    for url in refused {
        let run = Run::of(messenger_db(&["run", "--wait", "60"]).env("DATABASE_URL", url)).exits(7);
        assert!(!run.stderr.contains("waiting"), "{}", run.stderr);
    }
}

/// Starts to wait, changes something on the server once it is said what is waited for, and demands success.
fn waits_for(url: &str, reason: &str, change: impl FnOnce()) {
    Run::of(messenger_db(&["status"]).env("DATABASE_URL", url)).exits(7).complains("`--wait 30s`");
    let mut running = Running::start(messenger_db(&["status", "--wait", "60"]).env("DATABASE_URL", url));
    let line = running.says("waiting up to");
    assert!(line.contains(reason), "{line}");
    change();
    running.ends().exits(0);
}

#[test]
fn a_database_that_is_about_to_be_made_is_waited_for() {
    waits_for(&own_server().url("made_later"), "\"made_later\" does not exist", || {
        own_server().connect().execute("CREATE DATABASE made_later").unwrap();
    });
}

#[test]
fn too_many_connections_are_waited_out() {
    let mut server = own_server().connect();
    server.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0").unwrap();
    let url = own_server().url("postgres").replace("user=messenger", "user=crowded");
    waits_for(&url, "too many connections for role", || {
        server.execute("ALTER ROLE crowded CONNECTION LIMIT -1").unwrap();
    });
}

#[test]
fn a_server_that_takes_writes_is_waited_for_as_long_as_there_are_only_others() {
    let database = TestDatabase::empty_on(own_server());
    let name = database.name();
    database.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let host = database.connect().host();
    let url = format!(
        "postgresql:///{name}?host={},{host}&user=messenger&target_session_attrs=read-write",
        folder.path().display()
    );
    waits_for(&url, "target_session_attrs", || {
        let back =
            format!("SET transaction_read_only = off; ALTER DATABASE {name} RESET default_transaction_read_only");
        own_server().connect().execute(&back).unwrap();
    });
}

#[test]
fn a_listener_that_hangs_up_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join(".s.PGSQL.5432");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let server = Path::new(&own_server().connect().host()).join(".s.PGSQL.5432");
    let url = format!("postgresql:///postgres?host={}&user=messenger", folder.path().display());
    let hangs_up = std::thread::spawn(move || drop((listener.accept().unwrap(), listener)));
    let mut running = Running::start(messenger_db(&["status", "--wait", "60"]).env("DATABASE_URL", url));
    running.says("nothing answers there");
    hangs_up.join().unwrap();
    std::fs::remove_file(&socket).unwrap();
    std::os::unix::fs::symlink(server, &socket).unwrap();
    running.ends().exits(0);
}

#[test]
fn what_is_wrong_on_this_side_is_not_waited_for() {
    let url = own_server().url("postgres");
    for (wrong, told, code) in [
        ("&sslmode=nonsense", "asks for what cannot be", 2),
        ("&target_session_attrs=nonsense", "asks for what cannot be", 2),
        ("&options=-cno_such_setting%3D1", "no_such_setting", 7),
    ] {
        let run =
            Run::of(messenger_db(&["run", "--wait", "60"]).env("DATABASE_URL", format!("{url}{wrong}"))).exits(code);
        assert!(run.stderr.contains(told) && !run.stderr.contains("waiting"), "{}", run.stderr);
    }
    let url = url.replace("user=messenger", "user=secretive");
    let run = Run::of(messenger_db(&["run", "--wait", "60"]).env("DATABASE_URL", url)).exits(7);
    assert!(run.stderr.contains("what our side does not give") && !run.stderr.contains("waiting"), "{}", run.stderr);
}

#[test]
fn waiting_can_be_interrupted() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut running =
            Running::start(messenger_db(&["run", "--wait", "60"]).env("DATABASE_URL", "postgresql://127.0.0.1:1/chat"));
        running.says("waiting up to");
        running.signal(signal);
        running.ends().exits(1).complains("interrupted while waiting");
    }
}

#[test]
fn with_json_waiting_is_not_remarked() {
    let command = &mut messenger_db(&["run", "--wait", "0.3", "--json"]);
    let run = Run::of(command.env("DATABASE_URL", "postgresql://127.0.0.1:1/chat")).exits(7);
    assert_eq!(run.json_error()["exit_code"], 7);
}

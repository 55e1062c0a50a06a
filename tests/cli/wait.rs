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
    assert_eq!(run.stderr.matches("waiting up to").count(), 1, "{}", run.stderr);
    assert!(run.stdout.contains("The database is at "), "{}", run.stdout);
}

#[test]
fn a_server_that_is_starting_up_is_waited_for() {
    let database = TestDatabase::empty_on(own_server());
    // Each attempt is two connections: one that is refused, one that asks whether to go on.
    let proxy = Proxy::starting_up(Path::new(&database.connect().host()), 4);
    let url = format!("postgresql:///{}?host={}&user=messenger", database.name(), proxy.folder().display());
    Run::of(messenger_db(&["status", "--wait", "60"]).env("DATABASE_URL", url)).exits(0).complains("it is starting up");
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
        .complains("`--wait 30`");
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
fn what_the_server_refuses_is_not_waited_for() {
    let refused = [
        own_server().url("postgres").replace("user=messenger", "user=secretive&password=wrong"),
        own_server().url("no_such_database"),
        own_server().url("postgres").replace("user=messenger", "user=nobody_here"),
    ];
    for url in refused {
        let run = Run::of(messenger_db(&["run", "--wait", "60"]).env("DATABASE_URL", url)).exits(7);
        assert!(!run.stderr.contains("waiting"), "{}", run.stderr);
    }
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

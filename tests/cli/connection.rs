//! No connection: exit code 7, with what was tried, what the server said, and what to do.

use super::{own_server, versions};
use crate::support::{Run, messenger_db};

fn run(url: &str) -> Run {
    Run::of(messenger_db(&["run"]).env("DATABASE_URL", url))
}

fn secretive(password: &str) -> String {
    own_server().url("postgres").replace("user=messenger", &format!("user=secretive{password}"))
}

#[test]
fn a_wrong_password_is_refused_with_what_the_server_says() {
    run(&secretive("&password=wrong"))
        .exits(7)
        .complains("password authentication failed for user \"secretive\"")
        .complains("Check the role \"secretive\", its password and the database \"postgres\"")
        .complains("SQLSTATE 28P01");
}

#[test]
fn a_missing_password_is_refused_and_not_asked_for() {
    run(&secretive("")).exits(7).complains("no password supplied");
}

#[test]
fn the_right_password_connects_with_all_its_odd_characters() {
    let url = secretive("&password=p%40ss%2Fw%3Ard%23%3F");
    let status = Run::of(messenger_db(&["status"]).env("DATABASE_URL", &url)).exits(0);
    assert!(status.stdout.contains("database  postgres as secretive\n"), "{}", status.stdout);
    // In the other place for a password, too.
    let url = own_server().url("postgres").replace("user=messenger", "user=secretive");
    Run::of(messenger_db(&["status"]).env("DATABASE_URL", url).env("PGPASSWORD", "p@ss/w:rd#?")).exits(0);
}

#[test]
fn a_database_that_does_not_exist_is_named() {
    run(&own_server().url("no_such_database"))
        .exits(7)
        .complains("database \"no_such_database\" does not exist")
        .complains("createdb");
}

#[test]
fn a_role_that_does_not_exist_is_named() {
    let url = own_server().url("postgres").replace("user=messenger", "user=nobody_here");
    run(&url).exits(7).complains("role \"nobody_here\" does not exist");
}

#[test]
fn a_socket_folder_without_a_server_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let host = folder.path().to_str().unwrap();
    run(&format!("postgresql:///chat?host={host}"))
        .exits(7)
        .complains(&format!("Nothing answers at {host}. Start the server, or correct the database URL"))
        .complains("--wait 30");
}

#[test]
fn a_port_without_a_server_is_named() {
    run("postgresql://127.0.0.1:1/chat")
        .exits(7)
        .complains("Connection refused")
        .complains("Nothing answers at 127.0.0.1:1.");
}

#[test]
fn a_host_that_does_not_exist_is_named() {
    run("postgresql://no-such-host.invalid/chat").exits(7).complains("no-such-host.invalid");
}

#[test]
fn every_command_that_needs_a_database_says_that_there_is_none() {
    for command in ["run", "revert", "redo", "list", "pending", "status"] {
        let run = Run::of(messenger_db(&[command]).env("DATABASE_URL", "postgresql://127.0.0.1:1/chat")).exits(7);
        assert_eq!(run.stdout, "", "{command}");
    }
}

#[test]
fn a_second_host_is_tried_when_the_first_does_not_answer() {
    let url = own_server().url("postgres");
    let (before, host) = url.split_once("host=").unwrap();
    let (host, _) = host.split_once('&').unwrap();
    let folder = tempfile::tempdir().unwrap();
    let both = format!("{before}host={},{host}&port=5432,5432&user=messenger", folder.path().display());
    let status = Run::of(messenger_db(&["status", "--json"]).env("DATABASE_URL", both)).exits(0).json();
    assert_eq!(status["pending"].as_array().unwrap().len(), versions().len());
}

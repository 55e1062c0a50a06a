//! No connection: exit code 7, with what was tried, what the server said, and what to do.

use std::os::unix::fs::PermissionsExt;

use messenger_db::migrate::for_tests;

use super::{own_server, versions};
use crate::support::{Run, TestDatabase, messenger_db};

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
        .complains("--wait 30s");
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

/// Runs a command whose password file others may read, which libpq warns about by itself.
fn with_open_password_file(arguments: &[&str], url: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pgpass");
    std::fs::write(&file, "*:*:*:*:unused\n").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    Run::of(messenger_db(arguments).env("DATABASE_URL", url).env("PGPASSFILE", &file))
}

#[test]
fn what_libpq_would_print_is_printed_as_everything_else_is() {
    let url = TestDatabase::migrated();
    let url = url.url();
    let run = with_open_password_file(&["status"], &url).exits(0).complains("WARNING: the password file");
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    for arguments in [&["status", "--quiet"][..], &["seed", "--quiet"], &["status", "--json"]] {
        assert_eq!(with_open_password_file(arguments, &url).exits(0).stderr, "", "{arguments:?}");
    }
    // Where it is the reason, it is said.
    with_open_password_file(&["status"], &secretive("")).exits(7).complains("chmod 600");
    with_open_password_file(&["status", "--json"], &secretive("")).exits(7).json_error();
}

#[test]
fn short_timeouts_of_the_database_and_a_migration_that_takes_longer_go_together() {
    let database = TestDatabase::empty();
    let timeouts = "name ~ '^(statement|transaction|idle_session|idle_in_transaction_session)_timeout$'";
    for name in database.column(&format!("SELECT name FROM pg_settings WHERE {timeouts}")) {
        let set = format!("ALTER DATABASE {} SET {name} = '500ms'", database.name());
        crate::support::server().connect().execute(&set).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("2099-01-01-000000_inside/up.sql", "SELECT pg_sleep(0.8)"),
        ("2099-01-02-000000_outside/up.sql", "SELECT pg_sleep(0.8)"),
        ("2099-01-02-000000_outside/metadata.toml", "run_in_transaction = false\n"),
    ] {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let run = &mut messenger_db(&["run", "--also", folder.path().to_str().unwrap()]);
    Run::of(run.env("DATABASE_URL", database.url())).exits(0);
    assert_eq!(super::applied(&database).len(), versions().len() + 2);
}

#[test]
fn a_collation_of_another_version_is_remarked_and_not_printed_by_libpq() {
    let server = own_server();
    let made = server.connect().execute(
        "CREATE DATABASE other_collation TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C.UTF-8'",
    );
    match made {
        // Built without ICU.
        Err(error) if error.sqlstate == "0A000" => return eprintln!("skipped: {error}"),
        made => made.unwrap(),
    };
    let set = "UPDATE pg_database SET datcollversion = '0' WHERE datname = 'other_collation'";
    server.connect().execute(set).unwrap();
    let status = |more: &[&str]| {
        let arguments = [&["status"][..], more].concat();
        Run::of(messenger_db(&arguments).env("DATABASE_URL", server.url("other_collation"))).exits(0)
    };
    status(&[]).complains("WARNING: ");
    for more in ["--quiet", "--json"] {
        assert_eq!(status(&[more]).stderr, "", "{more}");
    }
    // Diesel's own connection remarks it too, and libpq would print that.
    for arguments in [&["run", "--quiet"][..], &["seed", "--quiet"], &["seed", "--force", "--json"]] {
        let run = Run::of(messenger_db(arguments).env("DATABASE_URL", server.url("other_collation"))).exits(0);
        assert_eq!(run.stderr, "", "{arguments:?}");
    }
}

#[test]
fn no_timeout_of_the_role_or_the_database_cuts_a_runner_off() {
    let database = TestDatabase::empty();
    let timeouts = "name LIKE '%\\_timeout' AND context = 'user' AND name NOT IN ('lock_timeout', 'tcp_user_timeout', 'wal_sender_timeout')";
    let names = database.column(&format!("SELECT name FROM pg_settings WHERE {timeouts}"));
    assert!(names.iter().any(|name| name == "idle_session_timeout"), "{names:?}");
    for name in &names {
        let set = format!("ALTER DATABASE {} SET {name} = '1h'", database.name());
        crate::support::server().connect().execute(&set).unwrap();
    }
    let pool = database.pool();
    for name in names {
        assert_eq!(for_tests::query(&pool, &format!("SHOW {name}")).unwrap(), [[Some("0".to_owned())]], "{name}");
    }
}

//! Results on standard output, everything else on standard error, and no more than was asked for.

use std::fs::OpenOptions;
use std::process::Stdio;

use super::{applied, command, messenger_db, names, on, versions};
use crate::support::{Run, TestDatabase};

/// Has every migration say something.
fn talkative(severity: &str) -> TestDatabase {
    let database = TestDatabase::empty();
    database
        .execute(&format!(
            "CREATE SCHEMA remarks;
             CREATE FUNCTION remarks.talk() RETURNS event_trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE {severity} 'seen: %', tg_tag; END $$;
             CREATE EVENT TRIGGER talk ON ddl_command_end EXECUTE FUNCTION remarks.talk()"
        ))
        .unwrap();
    database
}

#[test]
fn what_was_done_is_on_standard_output_and_what_failed_on_standard_error() {
    let database = TestDatabase::empty();
    database.execute("CREATE TABLE users (id integer)").unwrap();
    let run = on(&database, &["run", "--allow-drift"]).exits(1);
    let done: Vec<_> = run.stdout.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(done, names()[..3]);
    assert!(run.stderr.contains("already exists") && !run.stderr.contains("applied   "), "{}", run.stderr);
}

#[test]
fn success_leaves_standard_error_empty() {
    let database = TestDatabase::empty();
    for arguments in [&["run"][..], &["list"], &["status"], &["pending"], &["redo"], &["revert"]] {
        let run = on(&database, arguments).exits(0);
        assert_eq!(run.stderr, "", "{arguments:?}");
    }
}

#[test]
fn quiet_prints_nothing_on_success() {
    let database = TestDatabase::empty();
    for arguments in [&["run"][..], &["list"], &["status"], &["pending"], &["redo"], &["revert"], &["run"]] {
        let run = Run::of(command(&database, arguments).arg("--quiet")).exits(0);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""), "{arguments:?}");
    }
    assert_eq!(applied(&database), versions());
}

#[test]
fn quiet_still_prints_errors() {
    let database = TestDatabase::empty();
    database.execute("CREATE TABLE users (id integer)").unwrap();
    let run = on(&database, &["run", "-q", "--allow-drift"]).exits(1).complains("relation \"users\" already exists");
    assert_eq!(run.stdout, "");
}

#[test]
fn verbose_shows_what_the_server_notices() {
    let silent = on(&talkative("NOTICE"), &["run"]).exits(0);
    assert_eq!(silent.stderr, "");
    let run = on(&talkative("NOTICE"), &["run", "--verbose"])
        .exits(0)
        .complains("2026-11-22-100100-messenger_create_users: NOTICE: seen: CREATE TABLE");
    assert!(!run.stdout.contains("NOTICE"), "{}", run.stdout);
}

#[test]
fn a_warning_is_shown_unasked_unless_it_is_to_be_quiet() {
    on(&talkative("WARNING"), &["run"]).exits(0).complains("WARNING: seen: CREATE TABLE");
    assert_eq!(on(&talkative("WARNING"), &["run", "--quiet"]).exits(0).stderr, "");
}

#[test]
fn a_reader_who_leaves_early_stops_nothing() {
    let database = TestDatabase::empty();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command(&database, &["run"]).stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output();
    let run = Run::from(output.unwrap()).exits(0);
    assert_eq!(run.stderr, "");
    assert_eq!(applied(&database), versions());
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_standard_output_is_a_failure_but_stops_no_migration() {
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [&["run"][..], &["run", "--json"]] {
        let database = TestDatabase::empty();
        let run = Run::from(command(&database, arguments).stdout(full()).stderr(Stdio::piped()).output().unwrap());
        run.exits(1).complains("the result cannot be printed: No space left on device");
        assert_eq!(applied(&database), versions(), "{arguments:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn help_and_version_that_cannot_be_printed_are_a_failure() {
    for arguments in [&["--version"][..], &["--help"], &["run", "--help"], &["help", "status"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = Run::from(messenger_db(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap());
        run.exits(1).complains("No space left on device");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_standard_error_is_nothing_to_fail_for() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let database = talkative("WARNING");
    Run::from(command(&database, &["run"]).stdout(Stdio::piped()).stderr(full).output().unwrap()).exits(0);
    assert_eq!(applied(&database), versions());
}

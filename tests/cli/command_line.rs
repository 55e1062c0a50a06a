//! A command line that makes no sense is refused with 2, before anything is connected to.

use crate::support::{Run, messenger_db};

fn refused(arguments: &[&str]) -> String {
    let run = Run::of(&mut messenger_db(arguments)).exits(2);
    assert_eq!(run.stdout, "", "{arguments:?}");
    run.stderr
}

#[test]
fn an_unknown_command_or_option_is_refused_by_name() {
    assert!(refused(&["migrate"]).contains("unrecognized subcommand 'migrate'"));
    assert!(refused(&["local", "begin"]).contains("unrecognized subcommand 'begin'"));
    assert!(refused(&["--force"]).contains("unexpected argument '--force'"));
    assert!(refused(&["run", "--force"]).contains("unexpected argument '--force'"));
    assert!(refused(&["redo", "--to", "20261122100100"]).contains("unexpected argument '--to'"));
}

#[test]
fn a_typing_mistake_gets_a_proposal() {
    assert!(refused(&["revet"]).contains("'revert'"));
    assert!(refused(&["run", "--databse-url", "x"]).contains("'--database-url'"));
}

#[test]
fn what_is_about_the_private_server_takes_no_url_of_another() {
    for option in ["--database-url", "--direct-url"] {
        let told = refused(&["local", "status", option, "postgresql://elsewhere/other"]);
        assert!(told.contains("takes no --database-url"), "{told}");
    }
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    for arguments in [
        &["revert", "-n", "1", "--all"][..],
        &["revert", "--all", "--to", "20261122100100"],
        &["revert", "-n", "1", "--to", "20261122100100"],
        &["redo", "-n", "1", "--all"],
        &["run", "--quiet", "--verbose"],
    ] {
        let said = refused(arguments);
        assert!(said.contains("cannot be used with"), "{arguments:?}: {said}");
    }
}

#[test]
fn numbers_that_are_none_are_refused() {
    for arguments in [
        &["revert", "-n", "0"][..],
        &["revert", "-n", "-1"],
        &["revert", "-n", "one"],
        &["revert", "-n", "1.5"],
        &["revert", "-n", "99999999999999999999999"],
        &["redo", "-n", "0"],
        &["run", "--wait", "-1"],
        &["run", "--wait", "nan"],
        &["run", "--wait", "inf"],
        &["run", "--wait", "99999999999"],
        &["run", "--lock-timeout", "-1"],
        &["run", "--lock-timeout", "1.5"],
        &["run", "--lock-timeout", "2147483648"],
        &["run", "--statement-timeout", "soon"],
        &["run", "--wait", "2 parsecs"],
        &["run", "--lock-timeout", "25days"],
        &["run", "--color", "sometimes"],
    ] {
        refused(arguments);
    }
}

#[test]
fn local_alone_shows_what_there_is_to_do() {
    assert!(refused(&["local"]).contains("Usage: messenger-db local"));
}

#[test]
fn with_json_the_refusal_is_one_object_too() {
    let run = Run::of(&mut messenger_db(&["run", "--json", "--force"])).exits(2);
    let error = run.json_error();
    assert_eq!((run.stdout.as_str(), &error["exit_code"]), ("", &2.into()));
    assert_eq!(error["message"], "unexpected argument '--force' found");
}

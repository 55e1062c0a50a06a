//! Colours and the progress bar: on a terminal, unless they are not wanted there.

use super::{command, names, on};
use crate::support::{On, Run, TestDatabase, messenger_db, on_terminal};

const ESCAPE: char = '\u{1b}';

/// Whether a text has a sequence that sets a colour: `ESC [ … m`.
fn has_colors(text: &str) -> bool {
    text.split("\u{1b}[")
        .skip(1)
        .any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
}

fn broken() -> TestDatabase {
    let database = TestDatabase::empty();
    database.execute("CREATE TABLE users (id integer)").unwrap();
    database
}

#[test]
fn into_a_pipe_there_are_no_escapes() {
    let run = on(&broken(), &["run"]).exits(4);
    assert!(!run.stdout.contains(ESCAPE) && !run.stderr.contains(ESCAPE), "{run:?}");
    let help = Run::of(&mut messenger_db(&["--help"])).exits(0);
    assert!(!help.stdout.contains(ESCAPE));
}

#[test]
fn on_a_terminal_there_are_colors() {
    let run = on_terminal(command(&broken(), &["run"]), On::Everything).exits(4);
    assert!(has_colors(&run.stderr), "{}", run.stderr);
    assert!(has_colors(&on_terminal(messenger_db(&["--help"]), On::Everything).exits(0).stderr));
    assert!(has_colors(&on_terminal(messenger_db(&["--nonsense"]), On::Everything).exits(2).stderr));
}

#[test]
fn no_color_and_color_never_are_heeded_on_a_terminal() {
    for arguments in [&["run"][..], &["--help"], &["--nonsense"], &["list"], &["status"]] {
        let mut asked = command(&broken(), arguments);
        asked.env("NO_COLOR", "1");
        let run = on_terminal(asked, On::Everything);
        assert!(!has_colors(&run.stderr), "{arguments:?} with NO_COLOR: {}", run.stderr);

        for never in [&["--color", "never"][..], &["--color=never"]] {
            let mut asked = command(&broken(), arguments);
            asked.args(never);
            let run = on_terminal(asked, On::Everything);
            assert!(!has_colors(&run.stderr), "{arguments:?} with {never:?}: {}", run.stderr);
        }
    }
}

#[test]
fn color_always_is_heeded_in_a_pipe() {
    let run = on(&broken(), &["run", "--allow-drift", "--color", "always"]).exits(1);
    assert!(has_colors(&run.stdout) && has_colors(&run.stderr), "{run:?}");
    assert!(has_colors(&Run::of(&mut messenger_db(&["--color", "always", "--help"])).exits(0).stdout));
}

#[test]
fn json_has_no_colors_even_if_they_are_asked_for() {
    let run = on(&broken(), &["run", "--json", "--color", "always"]).exits(4);
    assert!(!has_colors(&run.stdout) && !has_colors(&run.stderr), "{run:?}");
}

#[test]
fn the_progress_bar_is_shown_on_a_terminal_only() {
    let bar = format!("/{}", names().len());
    let shown = on_terminal(command(&TestDatabase::empty(), &["run"]), On::Errors).exits(0);
    assert!(shown.stderr.contains("applying ") && shown.stderr.contains(&bar), "{}", shown.stderr);
    assert!(!shown.stdout.contains("applying"), "{}", shown.stdout);

    let piped = on(&TestDatabase::empty(), &["run"]).exits(0);
    assert!(!piped.stderr.contains("applying") && !piped.stdout.contains("applying"), "{piped:?}");
}

#[test]
fn the_progress_bar_is_not_shown_where_it_would_be_in_the_way() {
    for option in ["--quiet", "--json"] {
        let run = on_terminal(command(&TestDatabase::empty(), &["run", option]), On::Errors).exits(0);
        assert_eq!(run.stderr, "", "{option}");
    }
    let nothing_to_do = on_terminal(command(&TestDatabase::migrated(), &["run"]), On::Errors).exits(0);
    assert_eq!(nothing_to_do.stderr, "");
}

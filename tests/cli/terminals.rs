//! Colours and the progress bar: on a terminal, unless they are not wanted there.

use super::{at, command, names, on};
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

/// What a person sees: lines without colours.
fn lines(shown: &str) -> Vec<String> {
    anstream::adapter::strip_str(shown).to_string().lines().map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn status_and_verify_draw_each_table_on_one_screen_of_a_terminal() {
    let database = TestDatabase::migrated();
    let tables = database.column(
        "SELECT left(relname, 17) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
         AND relname NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger')",
    );
    database.execute("CREATE TABLE cats (id integer)").unwrap();
    for name in ["status", "verify"] {
        let shown = lines(&on_terminal(command(&database, &[name]), On::Everything).exits(0).stderr);
        let picture: Vec<_> = shown.iter().skip_while(|line| !line.starts_with("tables ")).collect();
        assert!(shown.len() <= 24 && picture.iter().all(|line| line.chars().count() <= 80), "{shown:#?}");
        for table in &tables {
            assert!(picture.iter().any(|line| line.contains(&format!("✓ {table}"))), "{table}: {shown:#?}");
        }
        assert!(!picture.iter().any(|line| line.contains(" cats ")), "{shown:#?}");
        let piped = on(&database, &[name]).exits(0);
        assert!(!piped.stdout.contains('✓') && !piped.stderr.contains('✓'), "{piped:?}");
        for option in ["--quiet", "--json"] {
            let quiet = on_terminal(command(&database, &[name, option]), On::Everything).exits(0);
            assert!(!quiet.stderr.contains('✓'), "{quiet:?}");
        }
    }
    let verdict = on_terminal(command(&database, &["verify"]), On::Everything).stderr;
    assert!(lines(&verdict).last().unwrap().ends_with("is what it should be."), "{verdict}");
}

#[test]
fn the_picture_marks_the_tables_that_differ_are_tuned_or_wait_for_a_migration() {
    let database = TestDatabase::migrated();
    database.execute("ALTER TABLE users ADD age integer NOT NULL; ALTER TABLE blocks SET (fillfactor = 50)").unwrap();
    database.execute("DROP TABLE push_tokens CASCADE").unwrap();
    let shown = on_terminal(command(&database, &["status"]), On::Everything).exits(0).stderr;
    for mark in ["✗ users", "✗ push_tokens", "~ blocks", "✓ chats ", "✗ differs", "~ tuned or allowed"] {
        assert!(lines(&shown).iter().any(|line| line.contains(mark)), "{mark}: {shown}");
    }
    let last = names()[names().len() / 2];
    let shown = on_terminal(command(&at(last), &["status"]), On::Everything).exits(0).stderr;
    assert!(lines(&shown).iter().any(|line| line.contains("+ ") && line.contains("a migration is pending")), "{shown}");
    let empty = on_terminal(command(&TestDatabase::empty(), &["verify"]), On::Everything).exits(0).stderr;
    assert!(empty.contains('+') && empty.contains("message_reactions"), "{empty}");
}

#[test]
fn a_rehearsal_shows_how_far_it_is() {
    let run = on_terminal(command(&TestDatabase::empty(), &["plan", "--rehearse"]), On::Errors).exits(0);
    assert!(run.stderr.contains("rehearsing ") && run.stderr.contains('%'), "{}", run.stderr);
    // The last that is drawn is the bar taken away, and there is no estimate before there is anything to estimate by.
    let last = run.stderr.rsplit(['\r', '\n']).find(|line| !line.trim().is_empty()).unwrap_or_default();
    assert!(!last.contains("rehearsing") || last.contains("\u{1b}[2K"), "{:?}", run.stderr);
    assert!(!run.stderr.contains("0s left") && !run.stderr.contains(" 0/0"), "{}", run.stderr);
}

//! `list`, `pending` and `status`: where the database stands, without changing it.

use super::{applied, at, names, on, state, versions};
use crate::support::TestDatabase;

#[test]
fn list_marks_what_is_applied_what_is_pending_and_what_is_unknown() {
    let database = at(names()[3]);
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231235959messenger')").unwrap();
    let run = on(&database, &["list"]).exits(0);
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(lines.len(), names().len() + 2);
    assert_eq!(lines[0], "Migrations:");
    for (index, name) in names().iter().enumerate() {
        let line = lines[index + 1];
        if index <= 3 {
            assert!(line.starts_with(&format!("  [X] {name} ")), "{line}");
            let by = concat!(" ms  by ", env!("CARGO_PKG_VERSION"));
            assert!(line.contains("Z ") && line.ends_with(by), "{line}");
        } else {
            assert_eq!(line, format!("  [ ] {name}"));
        }
    }
    let unknown = lines[names().len() + 1];
    assert!(
        unknown.starts_with("  [?] 20991231235959messenger ") && unknown.ends_with("not known to this binary"),
        "{unknown}"
    );
}

#[test]
fn what_follows_a_name_is_a_column_however_long_the_names_are() {
    let database = TestDatabase::empty();
    let lined_up = |lines: Vec<&str>, ends: &str| {
        let at: Vec<_> = lines.iter().map(|line| line.find(ends).unwrap_or_else(|| panic!("{line}"))).collect();
        assert!(lines.len() == names().len() && at.iter().all(|column| *column == at[0]), "{lines:#?}");
    };
    let run = on(&database, &["run"]).exits(0);
    lined_up(run.stdout.lines().filter(|line| line.starts_with("applied")).collect(), " ms");
    let list = on(&database, &["list"]).exits(0);
    lined_up(list.stdout.lines().skip(1).collect(), "Z ");
}

#[test]
fn list_says_when_each_was_applied() {
    let database = at(names()[0]);
    database.execute("UPDATE __diesel_schema_migrations SET run_on = '2026-01-02 03:04:05'").unwrap();
    let run = on(&database, &["list"]).exits(0);
    assert!(run.stdout.lines().nth(1).unwrap().ends_with(" 2026-01-02T03:04:05Z"), "{}", run.stdout);
}

#[test]
fn pending_names_what_run_would_apply_and_exits_with_3() {
    let database = at(names()[3]);
    let run = on(&database, &["pending"]).exits(3);
    assert_eq!(run.stdout.lines().collect::<Vec<_>>(), names()[4..]);
    assert_eq!(run.stderr, "");
    on(&database, &["run"]).exits(0);
    assert_eq!(applied(&database), versions());
}

#[test]
fn pending_prints_nothing_when_nothing_is() {
    let run = on(&TestDatabase::migrated(), &["pending"]).exits(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn status_fits_on_one_screen_and_names_server_database_version_and_what_is_pending() {
    let database = at(names()[3]);
    let run = on(&database, &["status"]).exits(0);
    let connection = database.connect();
    let version = database.value("SHOW server_version");
    for line in [
        format!("server    PostgreSQL {version} at "),
        format!("database  {} as {}", database.name(), connection.user()),
        format!("version   {}, applied ", versions()[3]),
        format!("pending   {}", names().len() - 4),
        format!("          {}", names()[4]),
    ] {
        assert!(run.stdout.lines().any(|shown| shown.starts_with(&line)), "{line:?} is not in:\n{}", run.stdout);
    }
    assert!(run.stdout.lines().count() <= 24, "{}", run.stdout);
}

#[test]
fn status_of_a_database_without_anything_says_so() {
    let run = on(&TestDatabase::empty(), &["status"]).exits(0);
    assert!(run.stdout.contains("version   none applied\n"), "{}", run.stdout);
    let run = on(&TestDatabase::migrated(), &["status"]).exits(0);
    assert!(run.stdout.contains("pending   nothing\n"), "{}", run.stdout);
}

#[test]
fn the_exit_code_of_status_tells_pending_and_ahead_when_it_is_asked_to() {
    let database = at(names()[3]);
    on(&database, &["status"]).exits(0);
    on(&database, &["status", "--exit-code"]).exits(3);
    on(&database, &["run"]).exits(0);
    on(&database, &["status", "--exit-code"]).exits(0);
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231235959messenger')").unwrap();
    on(&database, &["status"]).exits(0);
    on(&database, &["status", "--exit-code"]).exits(6);
}

#[test]
fn looking_changes_nothing_not_even_in_an_empty_database() {
    let empty = TestDatabase::empty();
    let catalog = empty.catalog();
    let migrated = at(names()[3]);
    let before = state(&migrated);
    for command in ["list", "pending", "status"] {
        on(&empty, &[command]);
        on(&migrated, &[command]);
    }
    assert_eq!(empty.catalog(), catalog);
    assert_eq!(empty.value("SELECT to_regclass('__diesel_schema_migrations') IS NULL"), "t");
    assert_eq!(state(&migrated), before);
}

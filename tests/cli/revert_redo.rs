//! `revert` and `redo`: newest first, as much as is asked for.

use super::{applied, at, names, on, state, versions};
use crate::support::{Run, TestDatabase};

/// The names after a verb in the output, in its order.
fn named_after(run: &Run, verb: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    run.stdout.lines().map(words).filter(|words| words[0] == verb).map(|words| words[1].clone()).collect()
}

fn newest_first(count: usize) -> Vec<&'static str> {
    names().into_iter().rev().take(count).collect()
}

#[test]
fn revert_undoes_the_newest() {
    let database = TestDatabase::migrated();
    let run = on(&database, &["revert"]).exits(0);
    assert_eq!(named_after(&run, "reverted"), newest_first(1));
    pretty_assertions::assert_eq!(database.catalog(), at(names()[names().len() - 2]).catalog());
}

#[test]
fn revert_undoes_as_many_as_it_is_told_newest_first() {
    let database = TestDatabase::migrated();
    let run = on(&database, &["revert", "-n", "3"]).exits(0);
    assert_eq!(named_after(&run, "reverted"), newest_first(3));
    assert_eq!(applied(&database), versions()[..versions().len() - 3]);
    let now_at = versions()[versions().len() - 4];
    assert!(run.stdout.contains(&format!("The database is at {now_at}: 3 reverted in ")), "{}", run.stdout);
}

#[test]
fn revert_to_a_version_keeps_that_version_however_it_is_written() {
    let name = "2026-11-22-100200-messenger_create_user_sessions";
    let version = "20261122100200messenger";
    for written in [name, "2026-11-22-100200", "20261122100200", version] {
        let database = TestDatabase::migrated();
        on(&database, &["revert", "--to", written]).exits(0);
        assert_eq!(applied(&database).last().map(String::as_str), Some(version), "--to {written}");
        pretty_assertions::assert_eq!(database.catalog(), at(name).catalog());
    }
}

#[test]
fn revert_to_the_newest_does_nothing() {
    let database = TestDatabase::migrated();
    let before = state(&database);
    let run = on(&database, &["revert", "--to", names().pop().unwrap()]).exits(0);
    assert!(run.stdout.ends_with("nothing to do.\n"), "{}", run.stdout);
    assert_eq!(state(&database), before);
}

#[test]
fn revert_to_a_version_that_does_not_exist_is_refused() {
    let database = TestDatabase::migrated();
    let before = state(&database);
    on(&database, &["revert", "--to", "20200101000000"]).exits(2).complains("no migration has the version");
    assert_eq!(state(&database), before);
}

#[test]
fn all_and_more_than_there_are_leave_nothing_but_the_history_table() {
    let mut nothing = TestDatabase::empty().catalog();
    for extent in [&["revert", "--all"][..], &["revert", "-n", "99"], &["revert", "-a"]] {
        let database = TestDatabase::migrated();
        let run = on(&database, extent).exits(0);
        assert_eq!(named_after(&run, "reverted"), newest_first(names().len()));
        assert!(run.stdout.contains("The database has no migration applied: "), "{}", run.stdout);
        pretty_assertions::assert_eq!(database.catalog(), nothing);
        nothing = database.catalog();
    }
}

#[test]
fn there_is_nothing_to_revert_or_redo_in_an_empty_database() {
    let database = TestDatabase::empty();
    for arguments in [&["revert"][..], &["revert", "--all"], &["redo"], &["redo", "--all"]] {
        let run = on(&database, arguments).exits(0);
        assert_eq!(run.stdout, "The database has no migration applied: nothing to do.\n");
    }
    assert_eq!(database.value("SELECT to_regclass('__diesel_schema_migrations') IS NULL"), "t");
}

#[test]
fn redo_undoes_and_applies_again_as_many_as_it_is_told() {
    for (arguments, count) in [
        (&["redo"][..], 1),
        (&["redo", "-n", "2"], 2),
        (&["redo", "--all"], names().len()),
        (&["redo", "-n", "99"], names().len()),
    ] {
        let database = TestDatabase::migrated();
        let before = database.catalog();
        let run = on(&database, arguments).exits(0);
        assert_eq!(named_after(&run, "reverted"), newest_first(count), "{arguments:?}");
        let mut again = newest_first(count);
        again.reverse();
        assert_eq!(named_after(&run, "applied"), again, "{arguments:?}");
        assert!(run.stdout.contains(&format!("{count} reverted, {count} applied in ")), "{}", run.stdout);
        pretty_assertions::assert_eq!(database.catalog(), before);
        assert_eq!(applied(&database), versions());
    }
}

#[test]
fn a_redo_that_fails_halfway_changes_nothing() {
    let database = TestDatabase::migrated();
    // Undoing works; the first migration that makes a table stumbles over it when it is applied again.
    database
        .execute(
            "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no tables'; END $$;
             CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION refuse()",
        )
        .unwrap();
    let before = state(&database);
    on(&database, &["redo", "--all"]).exits(1).complains("no tables").complains("_create_users/up.sql");
    assert_eq!(state(&database), before);
}

#[test]
fn redo_lists_what_it_cannot_bring_back() {
    let database = TestDatabase::migrated();
    let role = format!("{}_reader", database.name());
    database
        .execute(&format!(
            "CREATE ROLE {role}; GRANT SELECT ON blocks TO {role}; GRANT UPDATE (created_at) ON blocks TO {role};
             REVOKE EXECUTE ON FUNCTION search_text FROM PUBLIC; ALTER TABLE blocks SET (fillfactor = 70);
             GRANT SELECT ON users TO {role} WITH GRANT OPTION; SELECT keep_inbox(true);
             CREATE PUBLICATION half FOR TABLE blocks; COMMENT ON TABLE blocks IS 'by hand'"
        ))
        .unwrap();
    let redo = on(&database, &["redo", "--all"]).exits(0);
    for lost in [
        &format!("GRANT SELECT ON blocks TO {role}"),
        &format!("GRANT UPDATE (created_at) ON blocks TO {role}"),
        &format!("GRANT SELECT ON users TO {role} WITH GRANT OPTION"),
        "SELECT keep_inbox(true)",
        "REVOKE EXECUTE ON ROUTINE search_text(text) FROM PUBLIC",
        "-- each subscriber to half keeps its rows of blocks: docs/operating.md, Logical replication, says what to do",
        "ALTER PUBLICATION half ADD TABLE blocks",
        "table blocks: setting fillfactor: 70",
        "table blocks: comment: by hand",
    ] {
        assert!(redo.stderr.contains(&format!("\n  {lost}\n")), "{lost}: {}", redo.stderr);
    }
    let redo = on(&database, &["redo", "--all"]).exits(0);
    assert!(!redo.stderr.contains("has lost"), "{}", redo.stderr);
    database.execute(&format!("DROP ROLE {role}")).unwrap();
}

#[test]
fn redo_says_where_an_extension_was_and_nothing_of_what_belongs_to_it() {
    let database = TestDatabase::migrated();
    database.execute("CREATE SCHEMA elsewhere; ALTER EXTENSION pg_trgm SET SCHEMA elsewhere").unwrap();
    let redo = on(&database, &["redo", "--all"]).exits(0);
    let lost: Vec<_> = redo.stderr.lines().skip_while(|line| !line.contains("has lost")).skip(1).collect();
    assert_eq!(lost, ["  ALTER EXTENSION pg_trgm SET SCHEMA elsewhere"], "{}", redo.stderr);
}

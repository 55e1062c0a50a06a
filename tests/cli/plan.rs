//! `plan` and `plan --rehearse`, as they are printed.

use messenger_db::migrate::migrations;

use super::{at, names, on, state, versions};
use crate::support::{LockHolder, TestDatabase};

#[test]
fn plan_prints_each_pending_migration_with_its_records_and_changes_nothing() {
    let database = at(names()[3]);
    let before = state(&database);
    let run = on(&database, &["plan"]).exits(0);
    for migration in &migrations().unwrap()[4..] {
        assert!(run.stdout.contains(migration.up.trim()), "{}", migration.name);
        let record = format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{}')", migration.version);
        assert!(run.stdout.contains(&record), "{}", migration.name);
    }
    assert!(!run.stdout.contains(&format!("VALUES ('{}')", versions()[3])));
    assert_eq!(state(&database), before);

    let json = on(&database, &["plan", "--to", names()[5], "--json"]).exits(0).json();
    assert_eq!(json["migrations"], serde_json::json!(&names()[4..6]));
    assert!(json["sql"].as_str().unwrap().contains("\\set ON_ERROR_STOP on"));
}

#[test]
fn plan_refuses_what_run_refuses() {
    let database = at(names()[3]);
    database.execute("CREATE TABLE pets (); ALTER TABLE users ADD age integer NOT NULL").unwrap();
    on(&database, &["plan"]).exits(4).complains("unexpected table users: column age");
    on(&database, &["plan", "--rehearse"]).exits(4).complains("unexpected table users: column age");
    on(&database, &["plan", "--allow-drift"]).exits(0);
    database
        .execute("ALTER TABLE users DROP age; INSERT INTO __diesel_schema_migrations (version) VALUES ('99messenger')")
        .unwrap();
    on(&database, &["plan"]).exits(6);
    on(&database, &["plan", "--rehearse"]).exits(6);
}

#[test]
fn a_rehearsal_is_printed_statement_by_statement() {
    let database = at(names()[4]);
    let before = state(&database);
    let run = on(&database, &["plan", "--rehearse"]).exits(0);
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(lines[0], names()[5]);
    assert!(lines[1].starts_with("  line "), "{}", lines[1]);
    assert!(!run.stdout.contains("COMMENT ON TABLE chats"), "{}", run.stdout);
    assert!(on(&database, &["plan", "--rehearse", "--verbose"]).stdout.contains("  COMMENT ON TABLE chats"));
    assert!(lines.iter().any(|line| line.trim_start() == "locks    users: ShareRowExclusiveLock"), "{}", run.stdout);
    assert!(run.stdout.contains("\nThe catalog at the end was what it should be.\nRehearsed "), "{}", run.stdout);
    assert!(run.stdout.ends_with("and rolled them back: nothing was changed.\n"), "{}", run.stdout);
    assert_eq!(state(&database), before);

    let json = on(&database, &["plan", "--rehearse", "--json"]).exits(0).json();
    assert_eq!((&json["catalog"], &json["failed"]), (&"equal".into(), &false.into()));
    assert_eq!(json["statements"][0]["migration"], names()[5]);
    assert_eq!(state(&database), before);
}

#[test]
fn a_rehearsal_that_cannot_have_a_lock_exits_with_5() {
    let database = at(names()[4]);
    let _holder = LockHolder::of(&database, "LOCK TABLE users IN SHARE MODE");
    let run = on(&database, &["plan", "--rehearse", "--lock-timeout", "50"]).exits(5).complains("SQLSTATE 55P03");
    assert!(run.stdout.ends_with("nothing was changed.\n"), "{}", run.stdout);
}

#[test]
fn nothing_to_rehearse_is_said() {
    let run = on(&TestDatabase::migrated(), &["plan", "--rehearse"]).exits(0);
    assert_eq!(run.stdout, "Nothing was rehearsed, and nothing was changed.\n");
    let run = on(&TestDatabase::migrated(), &["plan"]).exits(0);
    assert!(run.stdout.ends_with("\n-- Nothing.\n"), "{}", run.stdout);
}

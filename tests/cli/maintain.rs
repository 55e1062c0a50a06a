//! `maintain`: what is old goes, once or again and again, and it stops when it is told to.

use rustix::process::Signal;
use serde_json::Value;

use super::{as_role, command, on};
use crate::queries::cast::{self, say};
use crate::queries::consistency::assert_consistent;
use crate::support::{LockHolder, On, Running, TestDatabase, on_terminal, server, until};

const OLD: [&str; 3] = ["maintain", "--messages-older-than", "30d"];

/// A database with a chat of old messages, and with a session whose time is over.
fn neglected(messages: usize) -> TestDatabase {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    say(conn, chat, alice, (0..messages).map(|number| number.to_string()));
    database
        .execute(
            "UPDATE messages SET created_at = created_at - interval '1 year';
             UPDATE chat_heads SET last_message_at = last_message_at - interval '1 year'",
        )
        .unwrap();
    expire(&database, "ab");
    database.execute("INSERT INTO reserved_usernames VALUES (sha256('dave'), now() - interval '91 days')").unwrap();
    database
}

/// A session more whose time is over.
fn expire(database: &TestDatabase, token: &str) {
    database
        .execute(&format!(
            "INSERT INTO user_sessions (user_id, token_hash, created_at, expires_at)
             SELECT id, decode(repeat('{token}', 32), 'hex'), now() - interval '2 days', now() - interval '1 day'
             FROM users WHERE username = 'alice'"
        ))
        .unwrap();
}

fn sessions(database: &TestDatabase) -> String {
    database.value("SELECT count(*) FROM user_sessions")
}

/// Each task with its outcome, and how many it removed.
fn tasks(object: &Value) -> Vec<(&str, &str, i64)> {
    let tasks = object["tasks"].as_array().unwrap().iter();
    tasks
        .map(|task| {
            let outcome = task["outcome"].as_str().unwrap();
            (task["task"].as_str().unwrap(), outcome, task["removed"].as_i64().unwrap())
        })
        .collect()
}

#[test]
fn what_is_old_goes_and_each_task_is_told() {
    let database = neglected(20);
    let dry = on(&database, &[&OLD[..], &["--json", "--dry-run"]].concat()).exits(0).json();
    assert_eq!((&dry["dry_run"], sessions(&database)), (&Value::Bool(true), "1".to_owned()));
    let wet = on(&database, &[&OLD[..], &["--json", "--once"]].concat()).exits(0).json();
    let expected = [
        ("expired_sessions", "done", 1),
        ("old_changes", "done", 0),
        ("unattached_uploads", "done", 0),
        ("deleted_chats", "done", 0),
        ("reserved_usernames", "done", 1),
        ("old_messages", "done", 21),
        ("inbox_marks", "off", 0),
    ];
    assert_eq!((tasks(&dry), tasks(&wet)), (expected.to_vec(), expected.to_vec()));
    assert_eq!(sessions(&database), "0");
    let run = on(&database, &["maintain"]).exits(0);
    assert!(run.stdout.starts_with("expired_sessions     0 sessions removed in "), "{}", run.stdout);
    assert!(run.stdout.contains("off; --messages-older-than says how long messages are kept\n"), "{}", run.stdout);
    assert!(run.stdout.ends_with("off; inboxes are read from the tables of the chats\n"), "{}", run.stdout);
    assert_consistent(&database);
}

#[test]
fn it_goes_on_after_a_loss_of_the_database_until_a_signal_ends_it() {
    let database = neglected(1);
    let mut running = Running::start(&mut command(&database, &["maintain", "--every", "1s", "--json"]));
    let is_done = || sessions(&database) == "0";
    until("it is done once", is_done);
    expire(&database, "cd");
    until("it is done again", is_done);
    let mut admin = server().connect();
    admin.execute(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", database.name())).unwrap();
    running.says("the server gives no connection any more");
    admin.execute(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", database.name())).unwrap();
    expire(&database, "ef");
    until("it is done after the loss", is_done);
    running.signal(Signal::TERM);
    let run = running.ends().exits(0);
    let rounds: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let removed: i64 = rounds.iter().map(|round| tasks(round)[0].2).sum();
    assert_eq!(removed, 3);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
}

#[test]
fn a_signal_ends_it_after_the_batch_that_is_under_way() {
    let database = neglected(250);
    let mut holder = LockHolder::of(&database, "SELECT FROM chat_heads FOR UPDATE");
    let running = Running::start(&mut command(&database, &[&OLD[..], &["--json", "--lock-timeout", "0"]].concat()));
    holder.blocks();
    running.signal(Signal::INT);
    drop(holder);
    let object = running.ends().exits(0).json();
    assert_eq!(tasks(&object)[5], ("old_messages", "stopped", 100));
    assert_consistent(&database);
}

#[test]
fn a_task_that_waits_for_a_lock_too_long_fails_and_the_others_are_done() {
    let database = neglected(1);
    let _holder = LockHolder::of(&database, "LOCK TABLE chat_heads");
    let object = on(&database, &[&OLD[..], &["--json", "--lock-timeout", "10"]].concat()).exits(5).json();
    assert_eq!(tasks(&object)[5], ("old_messages", "failed", 0));
    assert!(object["tasks"][5]["error"].as_str().unwrap().contains("lock timeout"), "{object}");
    assert_eq!(sessions(&database), "0");
    for quiet in [&["--quiet"][..], &[]] {
        let run = on(&database, &[&OLD[..], &["--lock-timeout", "10"], quiet].concat()).exits(5);
        assert_eq!(run.stdout.is_empty(), !quiet.is_empty(), "{}", run.stdout);
        run.complains("old_messages: ").complains("--lock-timeout");
    }
}

#[test]
fn it_waits_for_others_and_goes_on_whatever_isolation_and_restriction_the_database_is_set_to() {
    let database = neglected(1);
    let set = format!("ALTER DATABASE {} SET ", database.name());
    database.execute(&format!("{set} default_transaction_isolation = 'repeatable read'")).unwrap();
    // Not every release of PostgreSQL 15 has it.
    if database.value("SELECT current_setting('restrict_nonsystem_relation_kind', true) IS NOT NULL") == "t" {
        database.execute(&format!("{set} restrict_nonsystem_relation_kind = 'view'")).unwrap();
    }
    let mut holder = LockHolder::of(&database, "UPDATE chat_heads SET version = version + 1");
    let waiting = Running::start(&mut command(&database, &[&OLD[..], &["--lock-timeout", "60s"]].concat()));
    holder.blocks();
    holder.commit();
    waiting.ends().exits(0);
    assert_eq!(database.value("SELECT count(*) FROM messages"), "0");
}

#[test]
fn chats_that_are_held_are_left_for_the_next_time() {
    let database = neglected(1);
    let _holder = LockHolder::of(&database, "SELECT FROM chat_heads FOR UPDATE");
    let object = on(&database, &[&OLD[..], &["--json", "--lock-timeout", "10"]].concat()).exits(0).json();
    assert_eq!(tasks(&object)[5], ("old_messages", "done", 0));
}

#[test]
fn a_budget_that_is_spent_leaves_the_rest_for_the_next_time_and_a_terminal_shows_how_far_it_is() {
    let database = neglected(120);
    let object = on(&database, &[&OLD[..], &["--json", "--budget", "0"]].concat()).exits(0).json();
    assert_eq!(tasks(&object)[5].1, "budget_spent");
    let shown = on_terminal(command(&database, &OLD), On::Errors).exits(0);
    assert!(shown.stderr.contains("old_messages ") && shown.stderr.contains(" messages removed"), "{}", shown.stderr);
    assert!(shown.stdout.contains(" messages removed in "), "{}", shown.stdout);
}

#[test]
fn it_wants_the_schema_and_a_role_that_writes_rows_and_ages_that_are_meant() {
    on(&TestDatabase::empty(), &["maintain"]).exits(3).complains("messenger-db run");
    let database = TestDatabase::migrated();
    let role = format!("reads_{}", database.name());
    database.execute(&format!("CREATE ROLE {role} LOGIN; GRANT pg_read_all_data TO {role}")).unwrap();
    as_role(&database, &role, &["maintain"]).exits(8).complains("may not write here");
    database.execute(&format!("DROP ROLE {role}")).unwrap();
    for arguments in [
        ["--messages-older-than", "6m"],
        ["--changes-older-than", "30"],
        ["--changes-older-than", "59m"],
        ["--changes-at-most", "99"],
        ["--every", "0"],
        ["--once", "--every=1h"],
        ["--dry-run", "--every=1h"],
    ] {
        on(&database, &[&["maintain"], &arguments[..]].concat()).exits(2);
    }
}

//! `erase` and `export`: everything about a person goes out, whole or not at all, and away, until nothing is left.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::Value;

use super::{as_role, command, on};
use crate::queries::cast;
use crate::queries::consistency::assert_consistent;
use crate::support::{LockHolder, On, Run, Running, TestDatabase, on_terminal};

/// The small cast of test data, alice and bob among them.
fn seeded() -> TestDatabase {
    let database = TestDatabase::migrated();
    on(&database, &["seed"]).exits(0);
    database
}

fn id(database: &TestDatabase, username: &str) -> String {
    database.value(&format!("SELECT id FROM users WHERE username = '{username}'"))
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The lines of an export: the first and the last frame it, and the last counts the others.
fn lines(text: &str) -> Vec<Value> {
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [first, others @ .., last] = &lines[..] else { panic!("{text}") };
    assert_eq!((&first["kind"], &last["kind"]), (&"export".into(), &"manifest".into()));
    let counted: u64 = last["counts"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(counted, others.len() as u64);
    lines
}

#[test]
fn a_person_is_erased_only_when_that_is_confirmed_and_then_nothing_is_left() {
    let database = seeded();
    let alice = id(&database, "alice");
    on(&database, &["erase", "alice"]).exits(2).complains("--dry-run").complains("--yes");
    let run = on(&database, &["erase", "Alice", "--dry-run"]).exits(0);
    assert!(run.stdout.contains("messages ") && run.stdout.contains("(alice)"), "{}", run.stdout);
    assert_eq!(id(&database, "alice"), alice);
    let object = on(&database, &["erase", &alice, "--yes", "--json"]).exits(0).json();
    assert_eq!((&object["user_id"], &object["dry_run"]), (&alice.as_str().into(), &false.into()));
    assert!(object["messages"].as_i64() > Some(0), "{object}");
    assert!(object["left"].as_array().unwrap().iter().all(|left| left["rows"] == 0), "{object}");
    assert_consistent(&database);
    // By id it may be asked for again, and there is nobody of the name.
    let run = on(&database, &["erase", &alice, "--yes"]).exits(0);
    assert!(run.stdout.contains("0 messages") && run.stdout.contains("Nothing is left"), "{}", run.stdout);
    for nobody in ["alice", "01a217e1-229a-7713-8550-78cd284c4cff", "", "'; DROP TABLE users; --"] {
        for arguments in [&["erase", nobody, "--yes"][..], &["erase", nobody, "--dry-run"], &["export", nobody, "-"]] {
            let run = on(&database, arguments).exits(1).complains("there is no account");
            assert_eq!(run.stdout, "");
        }
    }
}

#[test]
fn a_username_that_reads_as_an_id_is_a_username() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let victim = cast::user(conn, "victim");
    let looks_like_it = victim.to_string().replace('-', "");
    let other = cast::user(conn, &looks_like_it).to_string();
    let object = on(&database, &["erase", &looks_like_it, "--yes", "--json"]).exits(0).json();
    assert_eq!(object["user_id"], other.as_str());
    assert_eq!(id(&database, "victim"), victim.to_string());
}

#[test]
fn an_erasure_that_was_stopped_goes_on_with_the_rest() {
    let database = seeded();
    let alice = id(&database, "alice");
    let mut holder = LockHolder::of(&database, "SELECT FROM chat_heads FOR UPDATE");
    let running = Running::start(&mut command(&database, &["erase", "alice", "--yes", "--lock-timeout", "0"]));
    holder.blocks();
    running.signal(Signal::TERM);
    drop(holder);
    running.ends().exits(1).complains("stopped, with 0 messages emptied").complains(&alice);
    let shown = on_terminal(command(&database, &["erase", &alice, "--yes"]), On::Errors).exits(0);
    assert!(shown.stderr.contains("erasing "), "{}", shown.stderr);
    assert_consistent(&database);
}

#[test]
fn a_lock_that_is_not_to_be_had_in_time_is_told_apart_from_other_failures() {
    let database = seeded();
    let held = LockHolder::of(&database, "SELECT FROM chat_heads FOR UPDATE");
    let run = on(&database, &["erase", "alice", "--yes", "--lock-timeout", "10"]).exits(5);
    run.complains("lock timeout").complains("--lock-timeout");
    drop(held);
    let _held = LockHolder::of(&database, "LOCK TABLE messages");
    on(&database, &["export", "alice", "-", "--lock-timeout", "10"]).exits(5).complains("lock timeout");
}

#[test]
fn a_database_that_is_ahead_may_have_more_about_a_person_and_nothing_is_certified() {
    let (database, folder) = (seeded(), tempfile::tempdir().unwrap());
    database.execute("INSERT INTO __diesel_schema_migrations VALUES ('20991231235959messenger')").unwrap();
    let file = folder.path().join("alice.jsonl");
    for arguments in [
        &["export", "alice", file.to_str().unwrap()][..],
        &["erase", "alice", "--dry-run"],
        &["erase", "alice", "--yes"],
    ] {
        let run = on(&database, arguments).exits(6).complains("is ahead of this binary").complains("Nothing was done");
        assert_eq!(run.stdout, "");
    }
    assert_eq!(names(folder.path()), [""; 0]);
    assert_eq!(database.value("SELECT count(*) FROM users WHERE username = 'alice'"), "1");
    on(&database, &["maintain"]).exits(0);
}

#[test]
fn where_nothing_can_be_changed_that_is_what_is_said() {
    let database = seeded();
    database.execute(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name())).unwrap();
    on(&database, &["erase", "alice", "--yes"]).exits(1).complains("The database is read only");
    let run = on(&database, &["maintain", "--quiet"])
        .exits(1)
        .complains("expired_sessions: ")
        .complains("The database is read only");
    assert_eq!(run.stdout, "");
}

#[test]
fn an_export_is_a_file_of_its_owner_that_replaces_no_other() {
    let (database, folder) = (seeded(), tempfile::tempdir().unwrap());
    let file = folder.path().join("alice.jsonl");
    let arguments = ["export", "alice", file.to_str().unwrap(), "--json"];
    let object = on(&database, &arguments).exits(0).json();
    let text = fs::read_to_string(&file).unwrap();
    let lines = lines(&text);
    let kinds = object["kinds"].as_array().unwrap();
    for kind in kinds {
        let name = &kind["kind"];
        assert_eq!(kind["lines"], lines.iter().filter(|line| line["kind"] == *name).count(), "{name}");
    }
    assert!(kinds.iter().any(|kind| kind["kind"] == "message"), "{object}");
    assert_eq!((&object["bytes"], &object["file"]), (&text.len().into(), &file.to_str().unwrap().into()));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    on(&database, &arguments).exits(2);
    assert_eq!((fs::read_to_string(&file).unwrap(), names(folder.path())), (text, vec!["alice.jsonl".to_owned()]));

    fs::remove_file(&file).unwrap();
    let mut unnamed = command(&database, &["export", "bob"]);
    unnamed.current_dir(folder.path());
    let run = on_terminal(unnamed, On::Errors).exits(0);
    assert!(run.stderr.contains("exporting "), "{}", run.stderr);
    let [name] = &names(folder.path())[..] else { panic!("{run:?}") };
    assert!(name.starts_with(&id(&database, "bob")) && name.ends_with("Z.jsonl"), "{name}");
}

#[test]
fn an_export_to_standard_output_is_only_that() {
    let database = seeded();
    let run = on(&database, &["export", "alice", "-"]).exits(0).complains("to standard output: ");
    lines(&run.stdout);
    let run = on(&database, &["export", "alice", "-", "--json"]).exits(0);
    let told: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!((&told["file"], &told["bytes"]), (&Value::Null, &run.stdout.len().into()));
    lines(&run.stdout);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = command(&database, &["export", "alice", "-"]).stdout(Stdio::from(full)).output().unwrap();
    Run::from(run).exits(1).complains("standard output cannot be written, and the export is not complete");
}

#[test]
fn an_export_that_was_stopped_or_cannot_be_written_leaves_no_file() {
    let (database, folder) = (seeded(), tempfile::tempdir().unwrap());
    let file = folder.path().join("never");
    let mut holder = LockHolder::of(&database, "LOCK TABLE messages");
    let arguments = ["export", "alice", file.to_str().unwrap(), "--lock-timeout", "0"];
    let running = Running::start(&mut command(&database, &arguments));
    holder.blocks();
    running.signal(Signal::INT);
    drop(holder);
    running.ends().exits(1).complains("stopped, and the export is not complete");
    on(&database, &["export", "alice", "/no/such/folder/file"]).exits(1).complains("/no/such/folder/file");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn who_reads_exports_and_who_writes_erases() {
    let (database, folder) = (seeded(), tempfile::tempdir().unwrap());
    let role = format!("reads_{}", database.name());
    database.execute(&format!("CREATE ROLE {role} LOGIN; GRANT pg_read_all_data TO {role}")).unwrap();
    let file = folder.path().join("alice").to_str().unwrap().to_owned();
    as_role(&database, &role, &["export", "alice", &file]).exits(0);
    as_role(&database, &role, &["erase", "alice", "--dry-run"]).exits(0);
    as_role(&database, &role, &["erase", "alice", "--yes"]).exits(8).complains("may not write here");
    on(&TestDatabase::empty(), &["export", "alice", "-"]).exits(3).complains("messenger-db run");
    database.execute(&format!("DROP ROLE {role}")).unwrap();
}

#[test]
fn nothing_is_exported_erased_or_removed_in_part_where_row_security_hides_rows() {
    let database = seeded();
    let role = format!("works_{}", database.name());
    database
        .execute(&format!(
            "CREATE ROLE {role} LOGIN;
             GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role};
             ALTER TABLE message_reactions ENABLE ROW LEVEL SECURITY;
             ALTER TABLE user_sessions ENABLE ROW LEVEL SECURITY;
             CREATE TABLE others (); ALTER TABLE others ENABLE ROW LEVEL SECURITY"
        ))
        .unwrap();
    let commands = [
        &["export", "alice", "-"][..],
        &["erase", "alice", "--dry-run"],
        &["erase", "alice", "--yes"],
        &["maintain", "--once", "--dry-run"],
        &["maintain", "--once"],
    ];
    let hides = |what: &str| {
        for arguments in commands {
            let run = as_role(&database, &role, arguments).exits(8).complains("BYPASSRLS");
            assert!(run.stderr.contains(&format!("from this role: {what}")) && run.stdout.is_empty(), "{run:?}");
        }
    };
    hides("message_reactions, user_sessions");
    // Some rows, rows of others only, all but some, and only to be read.
    let policy = |text: &str| database.execute(&text.replace("ROLE", &role)).unwrap();
    policy("CREATE POLICY a_few ON message_reactions TO ROLE USING (emoji = '👍')");
    policy("CREATE POLICY everything ON user_sessions TO pg_monitor USING (true)");
    hides("message_reactions, user_sessions");
    policy("CREATE POLICY all_of_it ON message_reactions TO ROLE USING (true)");
    policy("CREATE POLICY own ON user_sessions USING (true)");
    policy("CREATE POLICY but_some ON user_sessions AS RESTRICTIVE USING (device_name IS NULL)");
    hides("user_sessions");
    policy("DROP POLICY but_some ON user_sessions; DROP POLICY own ON user_sessions");
    policy("CREATE POLICY own ON user_sessions FOR SELECT USING (true)");
    as_role(&database, &role, &["export", "alice", "-"]).exits(0);
    as_role(&database, &role, &["maintain", "--once"]).exits(8).complains("from this role: user_sessions");
    policy("CREATE POLICY every_act ON user_sessions FOR ALL USING (true)");
    as_role(&database, &role, &["maintain", "--once"]).exits(0);
    as_role(&database, &role, &["erase", "alice", "--yes"]).exits(0);
    // Who owns the tables, or is above that, sees what is there.
    policy("DROP POLICY every_act ON user_sessions; DROP POLICY own ON user_sessions");
    on(&database, &["erase", "bob", "--yes"]).exits(0);
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

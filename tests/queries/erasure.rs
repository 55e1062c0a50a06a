//! Erasure and export: everything about a person goes out, and away, and it is proven by the catalog.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use chrono::TimeDelta;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use messenger_db::enums::DeviceType;
use messenger_db::error::Error::Refused;
use messenger_db::ids::UserId;
use messenger_db::page::Limit;
use messenger_db::queries::accounts::ProfileChanges;
use messenger_db::queries::contacts::{self, RequestRefused};
use messenger_db::queries::erasure::{self, Erasure, ErasureRefused};
use messenger_db::queries::export::{self, ExportError};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::sessions;
use messenger_db::queries::uploads::{self, Processed};
use messenger_db::queries::{accounts, changes, history, inbox, reactions, receipts, search, unused_files};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;
use serde_json::Value;

use super::cast::{self, by, say};
use super::consistency::assert_consistent;
use super::device::Device;
use super::projector::catch_up;
use crate::schema::rows;
use crate::support::{LockHolder, TestDatabase};

/// The columns that keep the id of an erased person, and why. Every other column that holds a user is empty of them.
const KEPT: &[(&str, &str)] = &[
    ("chat_changes.user_id", "the log of the chat tells devices what to forget; it is pruned"),
    ("chat_heads.last_sender_id", "the sender of the place of a message"),
    ("chat_participants.user_id", "messages point at it; only the end of the membership is known"),
    ("chats.direct_high", "the pair of a direct chat, which is purged once both are erased"),
    ("chats.direct_low", "the same"),
    ("inbox_by_user.last_sender_id", "the same, once the projector has taken the words"),
    ("messages.sender_id", "the place of a message, which is empty"),
    ("user_changes.about_user_id", "the logs of others tell devices what to forget; they are pruned"),
    ("users.id", "the closed account, without a name"),
];

fn erase(conn: &mut PgConnection, user: UserId) -> Erasure {
    let mut run = Erasure::of(user);
    while !run.is_done {
        run = erasure::of_user(conn, run).unwrap();
    }
    run
}

/// Closes an account in a transaction of the service's that has locked it before.
fn close_under_a_lock(conn: &mut PgConnection, user: UserId) {
    conn.transaction(|conn| {
        conn.batch_execute(&format!("SELECT FROM users WHERE id = '{user}' FOR UPDATE"))?;
        accounts::close(conn, by(user))
    })
    .unwrap();
}

fn left(conn: &mut PgConnection, user: UserId) -> Vec<(String, i64)> {
    catch_up(conn);
    let left = erasure::left(conn, user).unwrap();
    left.into_iter().filter(|left| left.rows > 0).map(|left| (left.table, left.rows)).collect()
}

fn exported(conn: &mut PgConnection, user: UserId) -> (Vec<Value>, export::Manifest) {
    let mut lines = Vec::new();
    let manifest = export::of_user(conn, user, &mut lines, &mut |_| ControlFlow::Continue(())).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    (lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), manifest)
}

/// Every column of the database that holds a user, asked of the catalog.
fn columns_of_users(database: &TestDatabase) -> Vec<String> {
    database.column(
        "SELECT relname || '.' || attname FROM pg_attribute
         INNER JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r' AND relnamespace = 'public'::regnamespace
         WHERE atttypid = 'user_id'::regtype AND attnum > 0 AND NOT attisdropped ORDER BY 1",
    )
}

#[test]
fn nothing_of_an_erased_person_is_left_in_any_column_but_those_that_are_listed_with_a_reason() {
    let database = rows::populated();
    let conn = &mut database.diesel();
    for user in ["a", "b", "c"] {
        let user: UserId = format!("00000000-0000-7000-8000-00000000000{user}").parse().unwrap();
        let open = database.value(&format!("SELECT deleted_at IS NULL FROM users WHERE id = '{user}'"));
        if open != "t" {
            continue;
        }
        let before: Vec<_> = columns_of_users(&database)
            .into_iter()
            .filter(|column| {
                let (table, column) = column.split_once('.').unwrap();
                database.value(&format!("SELECT count(*) FROM {table} WHERE {column} = '{user}'")) != "0"
            })
            .collect();
        assert!(before.len() >= 4, "{before:?}");
        erase(conn, user);
        catch_up(conn);
        for column in columns_of_users(&database) {
            let (table, name) = column.split_once('.').unwrap();
            let rows = database.value(&format!("SELECT count(*) FROM {table} WHERE {name} = '{user}'"));
            let is_kept = KEPT.iter().any(|(kept, _)| *kept == column);
            assert!(is_kept || rows == "0", "{column} still has {rows} rows of {user}");
        }
        assert_eq!(left(conn, user), []);
    }
    let columns = columns_of_users(&database);
    for (kept, reason) in KEPT {
        assert!(columns.iter().any(|column| column == kept), "{kept} is no column any more ({reason})");
    }
}

/// Each table that holds a user is counted by `left` or exported, or says why not.
#[test]
fn every_table_that_holds_a_user_is_in_the_proof_and_in_the_export() {
    let database = TestDatabase::migrated();
    let proof = include_str!("../../src/queries/erasure/left.sql");
    let export = concat!(
        include_str!("../../src/queries/export/of_account.sql"),
        include_str!("../../src/queries/export/of_chat.sql")
    );
    let has = |sql: &str, table: &str| {
        sql.split(|sign: char| !sign.is_alphanumeric() && sign != '_').any(|word| word == table)
    };
    // What the logs, the counters and the list of chats say is in the rest, and so is the newest message.
    let repeated = ["chat_changes", "chat_heads", "inbox_by_user", "inbox_marks", "user_changes", "user_heads"];
    let ids_only = ["chat_changes", "chat_heads", "chats"];
    for column in columns_of_users(&database) {
        let table = column.split_once('.').unwrap().0;
        assert!(has(proof, table) || ids_only.contains(&table), "left.sql does not count {table}");
        assert!(has(export, table) || repeated.contains(&table), "the export does not have {table}");
    }
}

#[test]
fn a_person_is_exported_and_then_erased_and_the_others_keep_what_is_theirs() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (group, [alice, bob, carol]) = cast::group(conn);
    let direct = cast::direct(conn, alice, bob);
    conn.batch_execute(&format!(
        "UPDATE users SET display_name = 'Alice Liddell', avatar_url = 'https://x/alice.png' WHERE id = '{alice}'"
    ))
    .unwrap();
    sessions::open(conn, alice, &sessions::Device::new(DeviceType::Web), TimeDelta::days(1)).unwrap();
    say(conn, group, bob, ["bob speaks"]);
    say(conn, group, alice, (0..50).map(|number| format!("rabbit {number}")));
    messages::edit(conn, by(alice), group, Seq::new(3), "white rabbit").unwrap();
    reactions::add(conn, by(alice), group, Seq::new(2), "👍").unwrap();
    reactions::add(conn, by(bob), group, Seq::new(3), "👍").unwrap();
    let named = Draft::text("hello alice").mentioning(vec![alice]);
    let named = messages::send(conn, by(carol), group, &named).unwrap().message.seq;
    receipts::mark_read(conn, by(alice), group, named).unwrap();
    receipts::mark_read(conn, by(bob), group, named).unwrap();
    let pictures = cast::uploaded(conn, alice, [1000, 2000]);
    messages::send(conn, by(alice), direct, &Draft::image(&pictures[..1])).unwrap();
    let away = changes::begin(conn, by(bob)).unwrap();

    let (lines, manifest) = exported(conn, alice);
    let counts: Vec<_> = manifest.counts.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
    assert_eq!(
        counts,
        [
            ("account", 1),
            ("chat", 2),
            ("contact", 1),
            ("mention", 1),
            ("message", 51),
            ("reaction", 1),
            ("receipt", 2),
            ("session", 1),
            ("upload", 1),
        ]
    );
    assert_eq!((&lines[0]["kind"], &lines[0]["format"]), (&Value::from("export"), &Value::from(1)));
    assert_eq!(lines.last().unwrap()["counts"]["message"], 51);
    let message = lines.iter().find(|line| line["seq"] == 3 && line["kind"] == "message").unwrap();
    assert_eq!((&message["content"], &message["edits"][0]["content"]), (&"white rabbit".into(), &"rabbit 0".into()));
    let picture = lines.iter().find(|line| line["message_kind"] == "image").unwrap();
    assert_eq!(picture["attachments"][0]["storage_key"], Value::from(&*pictures[0].storage_key));
    let all = lines.iter().map(Value::to_string).collect::<String>();
    assert!(!all.contains("argon2") && !all.contains("bob speaks") && !all.contains("hello alice"));

    let run = erase(conn, alice);
    assert_eq!((run.messages, run.chats), (51, 2));
    assert!(run.of_places > 51 && run.places == run.of_places, "{run:?}");
    assert_eq!(left(conn, alice), []);
    assert_consistent(&database);
    // Every text of the database: nothing that she wrote is in it, nor in the index of words.
    let texts = database.column(
        "SELECT (SELECT string_agg(row::text, ' ') FROM messages AS row) || (SELECT string_agg(row::text, ' ') FROM users AS row)
            || (SELECT string_agg(row::text, ' ') FROM chat_heads AS row)",
    );
    assert!(!texts[0].contains("rabbit") && !texts[0].contains("Liddell"));
    let limit = Limit::default();
    assert_eq!(search::list(conn, by(bob), "rabbit", None, limit).unwrap().len(), 0);
    let mut files: Vec<_> =
        unused_files::list(conn, None, limit).unwrap().into_iter().map(|file| file.file_key).collect();
    files.sort();
    let mut wanted = vec![pictures[0].storage_key.to_string(), pictures[1].storage_key.to_string()];
    wanted.push("https://x/alice.png".to_owned());
    wanted.sort();
    assert_eq!(files, wanted);

    // The others keep theirs, their counts are right, and a device that was away learns what to forget.
    let page = history::latest(conn, by(bob), group, limit).unwrap();
    let kept = page.entries.iter().find(|entry| entry.message.seq == named).unwrap();
    assert_eq!(kept.message.content.as_deref(), Some("hello alice"));
    let counts = receipts::count(conn, by(bob), group, named, named).unwrap()[0];
    assert_eq!((counts.recipients, counts.read), (1, 1));
    assert_eq!(inbox::list(conn, by(bob), None, limit).unwrap().len(), 2);
    let mut state = away;
    let mut emptied = 0;
    loop {
        let page = changes::list(conn, by(bob), &state, limit).unwrap();
        let entries = page.chats.iter().flat_map(|chat| &chat.messages);
        emptied += entries.filter(|entry| entry.message.deleted_at.is_some()).count();
        state = page.state;
        if page.is_last {
            break;
        }
    }
    assert_eq!(emptied, 51);

    // Once more changes nothing; and when both are gone, the direct chat goes too.
    assert_eq!((erase(conn, alice).messages, left(conn, alice)), (0, vec![]));
    assert_eq!(database.value(&format!("SELECT deleted_at IS NULL FROM chats WHERE id = '{direct}'")), "t");
    erase(conn, bob);
    assert_eq!(database.value(&format!("SELECT deleted_at IS NULL FROM chats WHERE id = '{direct}'")), "f");
    let (lines, manifest) = exported(conn, alice);
    assert!(lines.iter().all(|line| line["content"].is_null()));
    assert_eq!(manifest.counts["account"], 1);
    assert_consistent(&database);
}

/// The chats are left one by one, while the name is still there.
#[test]
fn devices_that_are_there_all_the_time_keep_no_name_of_who_is_erased_and_said_nothing() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let direct = cast::direct(conn, alice, bob);
    let groups = [(); 2].map(|()| groups::create(conn, by(bob), &NewGroup::new("Hikers", &[alice, carol])).unwrap().id);
    // One that she has left before.
    groups::leave(conn, by(alice), groups[0]).unwrap();
    say(conn, direct, bob, ["hello?"]);
    contacts::remove(conn, by(bob), alice).unwrap();
    let named = ProfileChanges {
        display_name: Some(Some("Alice Liddell")),
        avatar_url: Some(Some("https://x/alice.png")),
        ..ProfileChanges::default()
    };
    accounts::update_profile(conn, by(alice), &named).unwrap();
    let mut devices = [bob, carol].map(|user| Device::new(conn, user));
    let (mut run, mut told) = (Erasure::of(alice), Vec::new());
    while !run.is_done {
        run = erasure::of_user(conn, run).unwrap();
        told.extend(run.changed);
        for device in &mut devices {
            device.come_back(conn, Limit::default());
        }
    }
    for device in &mut devices {
        let kept = device.memory.profile(alice).unwrap();
        assert_eq!(
            (kept.display_name.as_deref(), kept.avatar_url.as_deref(), kept.username.as_deref()),
            (None, None, None)
        );
        assert_eq!(device.check(conn, Limit::default()), Ok(()));
    }
    // Whoever rings by what the run gives, rings for the last version of each chat.
    let versions = "SELECT version FROM chat_heads WHERE chat_id = ";
    for chat in groups.into_iter().chain([direct]) {
        let last = told.iter().rfind(|(changed, _)| *changed == chat).unwrap().1;
        assert_eq!(database.value(&format!("{versions}'{chat}'")), last.get().to_string());
    }
    // Once more says nothing.
    let logged =
        || database.value("SELECT count(*) FROM chat_changes") + &database.value("SELECT sum(version) FROM chat_heads");
    let before = logged();
    let again = erase(conn, alice);
    assert_eq!((again.changed, logged()), (None, before));
    assert_consistent(&database);
}

#[test]
fn what_hangs_from_a_message_that_plain_sql_deleted_is_erased_and_what_was_deleted_well_is_not_told_again() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (group, [alice, bob, carol]) = cast::group(conn);
    let well = say(conn, group, alice, ["one"]);
    messages::delete(conn, by(alice), group, well).unwrap();
    // From each of these hangs one thing.
    let edited = say(conn, group, alice, ["two"]);
    messages::edit(conn, by(alice), group, edited, "zwei").unwrap();
    let pictures = cast::uploaded(conn, alice, [1000]);
    let pictured = messages::send(conn, by(alice), group, &Draft::image(&pictures)).unwrap().message.seq;
    uploads::process(
        conn,
        &pictures[0].storage_key,
        &Processed { thumbnail_key: Some("small"), ..Processed::default() },
    )
    .unwrap();
    let naming = Draft::text("Bob?").mentioning(vec![bob]);
    let naming = messages::send(conn, by(alice), group, &naming).unwrap().message.seq;
    let liked = say(conn, group, alice, ["five"]);
    reactions::add(conn, by(carol), group, liked, "👍").unwrap();
    // And from this one nothing but its words, in the lists of chats.
    say(conn, group, alice, ["six"]);
    conn.batch_execute(&format!(
        "UPDATE messages SET content = NULL, metadata = '{{}}', deleted_at = now()
         WHERE sender_id = '{alice}' AND deleted_at IS NULL"
    ))
    .unwrap();
    let mut device = Device::new(conn, bob);
    let version = |seq: Seq| database.value(&format!("SELECT version FROM messages WHERE seq = {seq}"));
    let before = version(well);
    let run = erase(conn, alice);
    assert_eq!((run.messages, left(conn, alice)), (4, vec![]));
    assert_eq!(version(well), before);
    for table in ["message_edits", "attachments", "message_mentions", "message_reactions"] {
        assert_eq!(database.value(&format!("SELECT count(*) FROM {table}")), "0", "{table}");
    }
    assert_eq!(database.value("SELECT last_preview IS NULL FROM chat_heads"), "t");
    let files = unused_files::list(conn, None, Limit::default()).unwrap();
    let files: BTreeSet<_> = files.into_iter().map(|file| file.file_key).collect();
    assert_eq!(files, [pictures[0].storage_key.to_string(), "small".to_owned()].into());
    let page = changes::list(conn, by(bob), &device.state, Limit::default()).unwrap();
    let told: Vec<_> = page.chats[0].messages.iter().map(|entry| entry.message.seq).collect();
    assert!(
        [edited, pictured, naming, liked].iter().all(|seq| told.contains(seq)) && !told.contains(&well),
        "{told:?}"
    );
    assert_eq!(device.check(conn, Limit::default()), Ok(()));
    let heads = || database.value("SELECT sum(version) FROM chat_heads");
    let before = heads();
    assert_eq!((erase(conn, alice).messages, heads()), (0, before));
    assert_consistent(&database);
}

#[test]
fn nothing_is_tied_to_who_is_erased_or_closed_while_somebody_waits_to_tie_it() {
    let by_erasure = |conn: &mut PgConnection, user| drop(erase(conn, user));
    for (number, close) in [&by_erasure as &dyn Fn(&mut PgConnection, UserId), &close_under_a_lock].iter().enumerate() {
        let database = TestDatabase::migrated();
        let conn = &mut database.diesel();
        let mut pair = cast::users(conn, ["alice", "bob"]);
        pair.sort();
        let [asker, asked] = pair;
        // The one who asks waits for their own account, and has looked at the other's before.
        let mut holder = LockHolder::of(&database, &format!("SELECT FROM local_users WHERE id = '{asker}' FOR UPDATE"));
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| contacts::request(&mut database.diesel(), by(asker), asked));
            holder.blocks();
            conn.batch_execute(&format!("UPDATE users SET display_name = 'Bob' WHERE id = '{asked}'")).unwrap();
            close(conn, asked);
            drop(holder);
            assert_eq!(asking.join().unwrap(), Err(Refused(RequestRefused::NoSuchAccount)), "{number}");
        });
        assert_eq!(database.value("SELECT count(*) FROM contacts"), "0");
    }
}

#[test]
fn an_account_that_was_closed_is_erased_and_one_that_never_was_is_not() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (group, [alice, ..]) = cast::group(conn);
    say(conn, group, alice, ["one"]);
    accounts::close(conn, by(alice)).unwrap();
    assert_ne!(left(conn, alice), []);
    erase(conn, alice);
    assert_eq!(left(conn, alice), []);
    let nobody = UserId::new();
    let mut run = Ok(Erasure::of(nobody));
    while let Ok(step) = run {
        run = erasure::of_user(conn, step);
    }
    assert_eq!(run, Err(Refused(ErasureRefused::NoSuchAccount)));
    let mut lines = Vec::new();
    let export = export::of_user(conn, nobody, &mut lines, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(export, Err(ExportError::NoSuchAccount)) && lines.is_empty());
}

#[test]
fn an_export_is_of_one_moment_and_has_no_manifest_when_it_is_stopped() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (group, [alice, bob, _]) = cast::group(conn);
    cast::direct(conn, alice, bob);
    say(conn, group, alice, ["one"]);
    let other = &mut database.diesel();
    let mut lines = Vec::new();
    let manifest = export::of_user(conn, alice, &mut lines, &mut |_| {
        say(other, group, alice, ["meanwhile"]);
        ControlFlow::Continue(())
    });
    assert_eq!(manifest.unwrap().counts["message"], 1);
    let mut lines = Vec::new();
    let stopped = export::of_user(conn, alice, &mut lines, &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(ExportError::Stopped)));
    assert!(!String::from_utf8(lines).unwrap().contains("manifest"));
}

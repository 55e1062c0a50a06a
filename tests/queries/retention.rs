//! Retention: old messages and deleted chats go in batches, whatever hangs from them, and everything still counts.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use diesel::connection::SimpleConnection as _;
use messenger_db::error::Error::Refused;
use messenger_db::ids::ChatId;
use messenger_db::maintenance::{self, Options};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::history::{self, HistoryRefused};
use messenger_db::queries::messages::{self, Draft, SendRefused};
use messenger_db::queries::retention::{self, Batch, Removal};
use messenger_db::queries::{
    attachments, changes, chat_settings, inbox, pending, reactions, receipts, search, unread, unused_files, uploads,
};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::cast::{self, at_once, by, say};
use super::consistency::assert_consistent;
use crate::support::TestDatabase;

fn month_ago() -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(30)
}

/// Makes the messages of a chat up to this one a year old.
fn age(conn: &mut PgConnection, chat: ChatId, through: i64) {
    conn.batch_execute(&format!(
        "UPDATE messages SET created_at = (created_at AT TIME ZONE 'UTC' - interval '1 year') AT TIME ZONE 'UTC' WHERE chat_id = '{chat}' AND seq <= {through};
         UPDATE chat_heads SET last_message_at = (last_message_at AT TIME ZONE 'UTC' - interval '1 year') AT TIME ZONE 'UTC'
         WHERE chat_id = '{chat}' AND last_seq <= {through}"
    ))
    .unwrap();
}

/// A whole run, and what its batches removed.
fn run(conn: &mut PgConnection, mut run: Removal) -> (Removal, Vec<Batch>) {
    let mut batches = Vec::new();
    while !run.is_done {
        run = retention::remove_messages(conn, run, month_ago()).unwrap();
        batches.extend(run.batch.clone());
    }
    (run, batches)
}

#[test]
fn after_old_messages_are_gone_everything_begins_and_counts_from_there() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    say(conn, chat, alice, (2..=149).map(|number| format!("old {number}")));
    let naming = Draft::text("@bob old").mentioning(vec![bob]);
    let named = messages::send(conn, by(alice), chat, &naming).unwrap().message;
    reactions::add(conn, by(carol), chat, named.seq, "👍").unwrap();
    messages::edit(conn, by(alice), chat, named.seq, "@bob older").unwrap();
    receipts::mark_read(conn, by(carol), chat, Seq::new(3)).unwrap();
    receipts::mark_delivered(conn, by(carol), chat, Seq::new(140)).unwrap();
    let marked = chat_settings::Changes { is_marked_unread: Some(true), ..Default::default() };
    chat_settings::change(conn, by(carol), chat, &marked).unwrap();
    let answer = messages::send(conn, by(alice), chat, &Draft::text("new answer").in_reply_to(named.seq)).unwrap();
    say(conn, chat, alice, ["new"]);
    age(conn, chat, 150);
    let away = changes::begin(conn, by(bob)).unwrap();
    assert_eq!(unread::find(conn, by(bob), chat), Ok(Some(151)));

    let (done, batches) = run(conn, Removal::everywhere());
    assert_eq!((done.messages, done.chats, done.left), (150, 1, 0));
    assert_eq!(batches.iter().map(|batch| batch.messages).collect::<Vec<_>>(), [100, 50]);
    let (first, last) = (Seq::new(151), Seq::new(152));
    assert_eq!(batches[1].first_seq, first);
    assert_consistent(&database);

    // History, from wherever one comes.
    let limit = Limit::default();
    for page in [
        history::latest(conn, by(bob), chat, limit).unwrap(),
        history::after(conn, by(bob), chat, Seq::ZERO, limit).unwrap(),
        history::after(conn, by(bob), chat, Seq::new(99), limit).unwrap(),
        history::around(conn, by(bob), chat, first, limit).unwrap(),
    ] {
        let seqs: Vec<_> = page.entries.iter().map(|entry| entry.message.seq).collect();
        assert_eq!((seqs, page.older_before, page.newer_after, page.first_seq), (vec![first, last], None, None, first));
        assert_eq!((page.entries[0].message.reply_to_seq, page.entries[0].reply_to.is_some()), (None, false));
    }
    let page = history::after(conn, by(bob), chat, Seq::ZERO, Limit::new(1)).unwrap();
    assert_eq!((page.entries[0].message.seq, page.newer_after), (first, Some(first)));
    let page = history::before(conn, by(bob), chat, Seq::new(100), limit).unwrap();
    assert_eq!((page.entries.len(), page.first_seq), (0, first));
    let page = history::after(conn, by(bob), chat, Seq::MAX, limit).unwrap();
    assert_eq!(page.entries.len(), 0);
    let gone = Err(Refused(HistoryRefused::MessageNotFound));
    assert_eq!(history::around(conn, by(bob), chat, named.seq, limit), gone);

    // What is unread, to be received, named and found.
    assert_eq!((unread::find(conn, by(bob), chat), unread::badge(conn, by(bob))), (Ok(Some(2)), Ok(2)));
    let entry = inbox::list(conn, by(bob), None, limit).unwrap().remove(0);
    assert_eq!((entry.unread_count, entry.mention_count, entry.last.seq), (2, 0, last));
    let waiting = pending::list(conn, by(bob), None, limit).unwrap();
    assert_eq!(waiting.iter().map(|one| one.message.seq).collect::<Vec<_>>(), [first, last]);
    assert_eq!(search::list(conn, by(bob), "old", None, limit).unwrap().len(), 0);
    assert_eq!(search::list(conn, by(bob), "new", None, limit).unwrap().len(), 2);
    assert!(chat_settings::get(conn, by(carol), chat).unwrap().is_marked_unread);

    // A device that was away.
    let page = changes::list(conn, by(bob), &away, limit).unwrap();
    let [changed] = page.chats.as_slice() else { panic!("{page:?}") };
    assert_eq!((changed.first_seq, changed.reload, changed.messages.len()), (first, None, 0));
    assert_eq!(changed.version, batches[1].version);
    assert!(page.is_last && changes::list(conn, by(bob), &page.state, limit).unwrap().is_empty());

    // The chat goes on.
    let refused = messages::send(conn, by(bob), chat, &Draft::text("?").in_reply_to(named.seq)).unwrap_err();
    assert_eq!(refused, Refused(SendRefused::ReplyNotFound));
    messages::send(conn, by(bob), chat, &Draft::text("!").in_reply_to(answer.message.seq)).unwrap();
    assert_eq!(say(conn, chat, bob, ["more"]), Seq::new(154));
    receipts::mark_read(conn, by(carol), chat, last).unwrap();
    assert_eq!(receipts::count(conn, by(bob), chat, first, last).unwrap()[0].read, 2);
    assert_consistent(&database);
}

#[test]
fn what_a_run_that_was_interrupted_has_left_of_receipts_goes_with_the_next_also_where_no_message_is_old_any_more() {
    for kept in [1, 0] {
        let database = TestDatabase::migrated();
        let conn = &mut database.diesel();
        let (chat, [alice, bob, carol]) = cast::group(conn);
        for seq in 2..=11 {
            say(conn, chat, alice, [seq.to_string()]);
            for user in [bob, carol] {
                receipts::mark_read(conn, by(user), chat, Seq::new(seq)).unwrap();
            }
        }
        age(conn, chat, 11 - kept);
        let first_seq = 12 - kept;
        let left = format!("SELECT count(*) FROM message_delivery WHERE through_seq < {first_seq}");

        let mut interrupted = Removal::everywhere();
        while interrupted.messages < 11 - kept {
            interrupted = retention::remove_messages(conn, interrupted, month_ago()).unwrap();
        }
        assert_ne!(database.value(&left), "0");
        let (next, _) = run(conn, Removal::everywhere());
        assert_eq!((next.messages, next.chats, next.left), (0, 0, 0));
        assert_eq!(database.value(&left), "0");
        assert_consistent(&database);
    }
}

#[test]
fn a_device_that_knows_a_hundred_thousand_messages_less_gets_what_is_left_at_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let away = changes::begin(conn, by(bob)).unwrap();
    say(conn, chat, alice, (2..=130).map(|number| number.to_string()));
    age(conn, chat, 129);
    run(conn, Removal::in_chat(chat));
    let page = changes::list(conn, by(bob), &away, Limit::new(1)).unwrap();
    assert_eq!((page.chats[0].messages[0].message.seq, page.is_last), (Seq::new(130), true));
}

/// As after an import of old messages into a new group.
#[test]
fn what_the_system_said_keeps_no_older_message() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    say(conn, chat, alice, (2..=130).map(|number| number.to_string()));
    let aging = "UPDATE messages SET created_at = (created_at AT TIME ZONE 'UTC' - interval '1 year') AT TIME ZONE 'UTC' WHERE chat_id = '{}' AND seq BETWEEN 2 AND 120";
    conn.batch_execute(&aging.replace("{}", &chat.to_string())).unwrap();
    let new = groups::create(conn, by(alice), &NewGroup::new("New", &[])).unwrap().id;
    // More words of the system than a batch removes, and then what is old.
    let renamed = groups::create(conn, by(alice), &NewGroup::new("Renamed", &[])).unwrap().id;
    for number in 0..120 {
        groups::rename(conn, by(alice), renamed, &number.to_string()).unwrap();
    }
    let last = say(conn, renamed, alice, ["old"]).get();
    let aging = format!(
        "UPDATE messages SET created_at = (created_at AT TIME ZONE 'UTC' - interval '1 year') AT TIME ZONE 'UTC' WHERE chat_id = '{renamed}' AND seq = {last}"
    );
    conn.batch_execute(&aging).unwrap();
    let options = Options { messages: Some(TimeDelta::days(30)), is_dry: true, ..Options::default() };
    let dry = maintenance::run(conn, &options, &mut |_, _| std::ops::ControlFlow::Continue(()));
    let old = dry.iter().find(|report| report.task == maintenance::Task::OldMessages);
    assert_eq!(old.unwrap().removed, 120 + last);
    assert_eq!(run(conn, Removal::everywhere()).0.messages, 120 + last);
    for (chat, first) in [(chat, 121), (new, 1), (renamed, last + 1)] {
        assert_eq!(history::latest(conn, by(alice), chat, Limit::default()).unwrap().first_seq, Seq::new(first));
    }
    assert_consistent(&database);
}

#[test]
fn a_chat_of_which_everything_is_gone_stays_in_the_inbox() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let other = groups::create(conn, by(alice), &NewGroup::new("Others", &[])).unwrap().id;
    say(conn, chat, alice, ["one", "two"]);
    age(conn, chat, 3);
    age(conn, other, 1);
    // Only the one that was asked for.
    assert_eq!(run(conn, Removal::in_chat(chat)).0.messages, 3);
    assert_consistent(&database);
    let entry = inbox::list(conn, by(bob), None, Limit::default()).unwrap().remove(0);
    assert_eq!((entry.chat_id, entry.unread_count, entry.last.kind, entry.last.preview), (chat, 0, None, None));
    let page = history::latest(conn, by(bob), chat, Limit::default()).unwrap();
    assert_eq!((page.entries.len(), page.first_seq), (0, Seq::new(4)));
    assert_eq!(say(conn, chat, bob, ["three"]), Seq::new(4));
    assert_eq!(unread::find(conn, by(alice), chat), Ok(Some(1)));
    assert_eq!(run(conn, Removal::everywhere()).0.messages, 1);
    assert_eq!(run(conn, Removal::everywhere()).0.messages, 0);
    assert_consistent(&database);
}

#[test]
fn what_hangs_from_a_message_is_removed_in_batches_too() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    say(conn, chat, alice, ["popular"]);
    for user in [alice, bob, carol] {
        conn.batch_execute(&format!(
            "INSERT INTO message_reactions (chat_id, message_seq, user_id, emoji)
             SELECT '{chat}', 2, '{user}', ':' || number || ':' FROM generate_series(1, 1500) AS number"
        ))
        .unwrap();
    }
    for _ in 0..120 {
        messages::send(conn, by(bob), chat, &Draft::text("answer").in_reply_to(Seq::new(2))).unwrap();
    }
    say(conn, chat, alice, ["new"]);
    age(conn, chat, 60);
    assert_eq!(run(conn, Removal::in_chat(chat)).0.messages, 60);
    assert_eq!(database.value("SELECT count(*) FROM message_reactions"), "0");
    assert_eq!(database.value("SELECT count(*) FROM messages WHERE reply_to_seq IS NOT NULL"), "0");
    assert_consistent(&database);
}

#[test]
fn a_file_is_listed_until_the_service_has_deleted_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let pictures = cast::uploaded(conn, alice, [1000, 2000]);
    messages::send(conn, by(alice), chat, &Draft::image(&pictures)).unwrap();
    let small = uploads::Processed { thumbnail_key: Some("small"), ..Default::default() };
    uploads::process(conn, &pictures[0].storage_key, &small).unwrap();
    let kept = cast::uploaded(conn, alice, [3000]);
    messages::send(conn, by(alice), chat, &Draft::image(&kept)).unwrap();
    age(conn, chat, 2);
    let (_, batches) = run(conn, Removal::everywhere());
    let mut wanted = vec![pictures[0].storage_key.to_string(), pictures[1].storage_key.to_string(), "small".to_owned()];
    wanted.sort();
    // Whoever dies before it has deleted them asks again.
    for _ in 0..2 {
        let listed = unused_files::list(conn, None, Limit::default()).unwrap();
        let mut keys: Vec<_> = listed.iter().map(|file| file.file_key.clone()).collect();
        keys.sort();
        assert_eq!(keys, wanted);
        assert_eq!(unused_files::list(conn, Some(listed[1].id), Limit::new(1)).unwrap(), listed[2..]);
    }
    let mut told = batches[0].file_keys.clone();
    told.sort();
    assert_eq!(told, wanted);
    let ids: Vec<_> = unused_files::list(conn, None, Limit::default()).unwrap().iter().map(|file| file.id).collect();
    assert_eq!((unused_files::forget(conn, &ids[..2]), unused_files::forget(conn, &ids)), (Ok(2), Ok(1)));
    assert_eq!(database.value("SELECT count(*) FROM uploads"), "1");
    assert_eq!(attachments::all(conn, by(bob), chat, Seq::new(3)).unwrap().len(), 1);
}

#[test]
fn a_batch_that_is_rolled_back_has_listed_no_file() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    let pictures = cast::uploaded(conn, alice, [1000]);
    messages::send(conn, by(alice), chat, &Draft::image(&pictures)).unwrap();
    age(conn, chat, 2);
    conn.batch_execute("BEGIN").unwrap();
    run(conn, Removal::everywhere());
    conn.batch_execute("ROLLBACK").unwrap();
    assert_eq!(database.value("SELECT count(*) FROM unused_files"), "0");
    assert_eq!(database.value("SELECT count(*) FROM messages"), "2");
    assert_consistent(&database);
}

#[test]
fn a_position_that_another_transaction_holds_is_not_waited_for() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    say(conn, chat, alice, ["old", "new"]);
    age(conn, chat, 2);
    let holder = &mut database.diesel();
    holder
        .batch_execute(&format!(
            "BEGIN; SELECT FROM unread_messages WHERE chat_id = '{chat}' AND user_id = '{bob}' FOR UPDATE"
        ))
        .unwrap();
    let (left, batches) = run(conn, Removal::everywhere());
    assert_eq!((left.messages, left.left, batches), (0, 1, vec![]));
    // The head is free again.
    say(conn, chat, alice, ["newer"]);
    holder.batch_execute("ROLLBACK").unwrap();
    assert_eq!(run(conn, Removal::everywhere()).0.messages, 2);
    assert_consistent(&database);
}

#[test]
fn a_chat_that_another_transaction_holds_is_left_and_the_others_go_on() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (one, [alice, ..]) = cast::group(conn);
    let other = groups::create(conn, by(alice), &NewGroup::new("Runners", &[])).unwrap().id;
    for chat in [one, other] {
        say(conn, chat, alice, ["old", "new"]);
        age(conn, chat, 2);
    }
    let holder = &mut database.diesel();
    let first = one.min(other);
    holder.batch_execute(&format!("BEGIN; SELECT FROM chat_heads WHERE chat_id = '{first}' FOR UPDATE")).unwrap();
    conn.batch_execute("SET lock_timeout = '50ms'").unwrap();
    let (run_beside, _) = run(conn, Removal::everywhere());
    assert_eq!((run_beside.messages, run_beside.left), (2, 1));
    holder.batch_execute("ROLLBACK").unwrap();
    assert_eq!(run(conn, Removal::everywhere()).0.messages, 2);
    assert_consistent(&database);
}

#[test]
fn several_runs_at_once_beside_those_who_write_remove_each_message_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, members) = cast::group(conn);
    let old = say(conn, chat, members[0], (0..250).map(|number| number.to_string()));
    age(conn, chat, old.get());
    let removed = at_once(&database, 5, |number, conn| {
        if number < 2 {
            return run(conn, Removal::everywhere()).0.messages;
        }
        let user = members[number - 2];
        for step in 0..20 {
            let seq = say(conn, chat, user, [format!("{number} {step}")]);
            receipts::mark_read(conn, by(user), chat, seq).unwrap();
            reactions::add(conn, by(user), chat, seq, "👍").unwrap();
            // What they answer may be gone meanwhile.
            let _ = messages::send(conn, by(user), chat, &Draft::text("to").in_reply_to(Seq::new(200)));
        }
        0
    });
    let rest = run(conn, Removal::everywhere()).0.messages;
    assert_eq!(removed.iter().sum::<i64>() + rest, 251);
    assert_eq!(database.value("SELECT count(*) FROM messages WHERE seq <= 251"), "0");
    assert_consistent(&database);
}

#[test]
fn a_deleted_group_is_purged_in_batches_and_nothing_else_is() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (kept, [alice, bob, carol]) = cast::group(conn);
    let group = groups::create(conn, by(alice), &NewGroup::new("Gone", &[bob, carol])).unwrap().id;
    let pictures = cast::uploaded(conn, bob, [1000]);
    for chat in [kept, group] {
        say(conn, chat, alice, (0..120).map(|number| number.to_string()));
        receipts::mark_read(conn, by(bob), chat, Seq::new(50)).unwrap();
        reactions::add(conn, by(carol), chat, Seq::new(7), "👍").unwrap();
        messages::send(conn, by(carol), chat, &Draft::text("answer").in_reply_to(Seq::new(8))).unwrap();
    }
    messages::send(conn, by(bob), group, &Draft::image(&pictures)).unwrap();
    groups::delete(conn, by(alice), group).unwrap();
    assert_eq!(retention::purge_chat(conn, month_ago()), Ok(None));
    let soon = Utc::now() + TimeDelta::days(1);
    let (mut messages, mut gone) = (0, Vec::new());
    while let Some(purge) = retention::purge_chat(conn, soon).unwrap() {
        messages += purge.messages;
        gone.extend(purge.is_gone.then_some(purge.chat_id));
    }
    assert_eq!((messages, gone), (124, vec![group]));
    assert_eq!(database.column("SELECT id FROM chats"), [kept.to_string()]);
    assert_eq!(database.value("SELECT file_key FROM unused_files"), pictures[0].storage_key.to_string());
    assert_eq!(database.value("SELECT count(*) FROM uploads"), "0");
    assert_eq!(database.value("SELECT count(*) FROM messages"), "122");
    assert_consistent(&database);
}

#[test]
fn an_upload_that_nobody_attached_is_removed_and_its_files_are_listed() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    let pictures = cast::uploaded(conn, alice, [1, 2, 3]);
    messages::send(conn, by(alice), chat, &Draft::image(&pictures[..1])).unwrap();
    let small = uploads::Processed { medium_key: Some("medium"), ..Default::default() };
    uploads::process(conn, &pictures[1].storage_key, &small).unwrap();
    assert_eq!(uploads::discard(conn, TimeDelta::days(1), 10), Ok(0));
    assert_eq!(uploads::discard(conn, TimeDelta::zero(), 1), Ok(1));
    assert_eq!(uploads::discard(conn, TimeDelta::zero(), 10), Ok(1));
    assert_eq!(database.value("SELECT count(*) FROM unused_files"), "3");
    assert_eq!(database.value("SELECT count(*) FROM uploads"), "1");
}

#[test]
fn the_picture_of_a_purged_group_is_listed_as_unused() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    conn.batch_execute("UPDATE chats SET avatar_url = 'pictures/hikers'").unwrap();
    groups::delete(conn, by(alice), chat).unwrap();
    while retention::purge_chat(conn, Utc::now() + TimeDelta::days(1)).unwrap().is_some() {}
    assert_eq!(database.value("SELECT count(*) FROM chats"), "0");
    assert_eq!(database.column("SELECT file_key FROM unused_files"), ["pictures/hikers"]);
}

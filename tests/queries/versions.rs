//! Each change takes its chat's next version, and times along versions and seqs do not run backwards.

use std::collections::BTreeSet;

use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{accounts, contacts, reactions};
use messenger_db::seq::Seq;
use messenger_db::version::Version;

use super::cast::{self, at_once, by};
use super::consistency::assert_consistent;
use crate::support::TestDatabase;

fn crowded(database: &TestDatabase, count: usize) -> (ChatId, Vec<UserId>) {
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, count);
    (groups::create(conn, by(crowd[0]), &NewGroup::new("Crowd", &crowd)).unwrap().id, crowd)
}

#[test]
fn every_change_that_a_member_can_see_takes_the_next_version() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let dora = cast::user(conn, "dora");
    let seq = Seq::new(2);
    let mut versions = vec![
        messages::send(conn, by(bob), chat, &Draft::text("At nein?")).unwrap().message.version,
        messages::edit(conn, by(bob), chat, seq, "At nine?").unwrap().version,
        reactions::add(conn, by(carol), chat, seq, "👍").unwrap().version,
        reactions::remove(conn, by(carol), chat, seq, "👍").unwrap().version,
        messages::delete(conn, by(bob), chat, seq).unwrap().message.version,
        groups::rename(conn, by(alice), chat, "Climbers").unwrap().message.version,
        groups::promote(conn, by(alice), chat, bob).unwrap().unwrap().version,
        groups::demote(conn, by(alice), chat, bob).unwrap().unwrap().version,
        groups::add(conn, by(alice), chat, dora).unwrap().message.version,
        groups::remove(conn, by(alice), chat, dora).unwrap().version,
    ];
    assert_eq!(versions, (2..=11).map(Version::new).collect::<Vec<_>>());
    // Two roles change.
    versions.push(groups::transfer_ownership(conn, by(alice), chat, bob).unwrap().version);
    // The owner leaves, and has a successor.
    versions.extend(groups::leave(conn, by(bob), chat).unwrap().messages.iter().map(|message| message.version));
    versions.push(groups::delete(conn, by(alice), chat).unwrap().message.version);
    assert_eq!(versions[10..], [13, 14, 15, 16].map(Version::new));
    // What changes nothing takes none.
    assert_eq!(database.value("SELECT version FROM chat_heads"), "16");
    assert_consistent(&database);
}

#[test]
fn what_changes_nothing_takes_no_version() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let sent = messages::send(conn, by(bob), chat, &Draft::text("At nine?")).unwrap().message;
    let given = reactions::add(conn, by(carol), chat, sent.seq, "👍").unwrap();
    let again = reactions::add(conn, by(carol), chat, sent.seq, "👍").unwrap();
    assert_eq!((again.changed, again.version, &again.reactions), (false, given.version, &given.reactions));
    assert!(!reactions::remove(conn, by(alice), chat, sent.seq, "👍").unwrap().changed);
    assert_eq!(messages::edit(conn, by(bob), chat, sent.seq, "At nine?").unwrap(), sent);
    assert!(messages::edit(conn, by(alice), chat, sent.seq, "At ten?").is_err());
    assert!(messages::delete(conn, by(carol), chat, sent.seq).is_err());
    assert_eq!(groups::demote(conn, by(alice), chat, bob), Ok(None));
    contacts::request(conn, by(alice), bob).unwrap();
    contacts::request(conn, by(alice), bob).unwrap();
    assert_eq!(database.value("SELECT version FROM chat_heads"), given.version.to_string());
    assert_eq!(database.value("SELECT count(*) FROM user_changes WHERE kind = 'contact_changed'"), "2");
    assert_consistent(&database);
}

#[test]
fn another_name_is_a_change_of_each_of_ones_chats_and_of_each_contact() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (_, [alice, ..]) = cast::group(conn);
    let dora = cast::user(conn, "dora");
    cast::direct(conn, alice, dora);
    let named = accounts::ProfileChanges { display_name: Some(Some("Alice L.")), ..Default::default() };
    accounts::update_profile(conn, by(alice), &named).unwrap();
    let changes = "SELECT count(*) FROM chat_changes WHERE kind = 'profile_changed'";
    assert_eq!(database.value(changes), "2");
    let told = "SELECT count(DISTINCT user_id) FROM user_changes WHERE kind = 'profile_changed'";
    assert_eq!(database.value(told), "2");
    assert_consistent(&database);
}

#[test]
fn times_do_not_run_backwards_along_the_messages_and_edits_of_a_chat() {
    let database = TestDatabase::migrated();
    let (chat, crowd) = crowded(&database, 8);
    let edited = at_once(&database, 8, |number, conn| {
        (0..60)
            .map(|round| {
                messages::send(conn, by(crowd[number]), chat, &Draft::text("…")).unwrap();
                // The first message that a person sent, whoever it was, is edited on all connections.
                let words = format!("{number}.{round}");
                let first = messages::get(conn, by(crowd[0]), chat, Seq::new(2)).unwrap();
                let edit = messages::edit(conn, by(first.sender_id.unwrap()), chat, first.seq, &words).unwrap();
                (edit.version, edit.edited_at.unwrap(), edit.content)
            })
            .collect::<Vec<_>>()
    });
    let mut edits: Vec<_> = edited.into_iter().flatten().collect();
    edits.sort_unstable();
    assert!(edits.is_sorted_by_key(|(_, at, _)| *at), "an edit has a time before that of an earlier one");
    let back = "SELECT count(*) FROM (SELECT created_at < lag(created_at) OVER (ORDER BY seq) AS is_back FROM messages)
        AS message WHERE is_back";
    assert_eq!(database.value(back), "0");
    // The wording that stands is that of the largest version, and of the latest time.
    let stands = messages::get(&mut database.diesel(), by(crowd[0]), chat, Seq::new(2)).unwrap();
    let (version, at, content) = edits.pop().unwrap();
    assert_eq!((stands.version, stands.edited_at, stands.content), (version, Some(at), content));
    assert_consistent(&database);
}

#[test]
fn of_many_who_react_at_once_the_largest_version_shows_what_stands() {
    let database = TestDatabase::migrated();
    let (chat, crowd) = crowded(&database, 20);
    for _ in 0..10 {
        let seq = messages::send(&mut database.diesel(), by(crowd[0]), chat, &Draft::text("?")).unwrap().message.seq;
        let changed = at_once(&database, 20, |number, conn| {
            let given = reactions::add(conn, by(crowd[number]), chat, seq, ["👍", "🎉"][number % 2]).unwrap();
            let taken = (number % 5 == 0).then(|| reactions::remove(conn, by(crowd[number]), chat, seq, "👍").unwrap());
            [Some(given), taken]
        });
        let changed: Vec<_> = changed.into_iter().flatten().flatten().filter(|changed| changed.changed).collect();
        let versions: BTreeSet<_> = changed.iter().map(|changed| changed.version).collect();
        assert_eq!(versions.len(), changed.len(), "two changes have one version");
        let last = changed.iter().max_by_key(|changed| changed.version).unwrap();
        let counts: BTreeSet<_> =
            last.reactions.iter().map(|count| format!("{}{}", count.emoji, count.count)).collect();
        let stand = database.column(&format!(
            "SELECT emoji || count(*) FROM message_reactions WHERE message_seq = {seq} GROUP BY emoji"
        ));
        assert_eq!(counts, stand.into_iter().collect());
    }
    assert_consistent(&database);
}

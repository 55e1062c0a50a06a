//! Members who are named in a message: counted, found, and woken.

use chrono::TimeDelta;
use diesel::PgConnection;
use messenger_db::enums::DeviceType;
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::chat_settings::{self, Changes, FOR_EVER};
use messenger_db::queries::messages::{self, Draft, Outgoing, SendRefused};
use messenger_db::queries::push::{self, Address};
use messenger_db::queries::sessions::{self, Device};
use messenger_db::queries::{groups, inbox, receipts, unread};
use messenger_db::secrets::PushToken;
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::consistency::assert_consistent;
use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

fn call(conn: &mut PgConnection, chat: ChatId, user: UserId, named: &[UserId]) -> Seq {
    messages::send(conn, by(user), chat, &Draft::text("You!").mentioning(named)).unwrap().message.seq
}

fn counts(conn: &mut PgConnection, user: UserId) -> (i64, i64) {
    let entry = inbox::list(conn, by(user), None, Limit::MAX).unwrap().remove(0);
    (entry.unread_count, entry.mention_count)
}

#[test]
fn unread_mentions_are_counted_beside_unread_messages() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    cast::say(conn, chat, alice, ["two"]);
    let first = call(conn, chat, alice, &[bob, carol, bob, alice]);
    let second = call(conn, chat, alice, &[bob]);
    assert_eq!([bob, carol, alice].map(|user| counts(conn, user)), [(3, 2), (3, 1), (0, 0)]);
    let mut named = [bob, carol];
    named.sort_unstable();
    assert_eq!(messages::all_mentioned(conn, by(alice), chat, first), Ok(named.to_vec()));
    let eve = cast::user(conn, "eve");
    assert_eq!(messages::all_mentioned(conn, by(eve), chat, first), Ok(vec![]));
    assert_eq!(messages::list_mentions(conn, by(bob), chat, None, Limit::MAX), Ok(vec![first, second]));
    assert_eq!(messages::list_mentions(conn, by(bob), chat, None, Limit::new(1)), Ok(vec![first]));
    assert_eq!(messages::list_mentions(conn, by(bob), chat, Some(first), Limit::MAX), Ok(vec![second]));
    receipts::mark_read(conn, by(bob), chat, first).unwrap();
    assert_eq!(counts(conn, bob), (1, 1));
    // A mention that was deleted is none.
    messages::delete(conn, by(alice), chat, second).unwrap();
    assert_eq!(counts(conn, bob), (0, 0));
    assert_eq!(messages::list_mentions(conn, by(bob), chat, Some(first), Limit::MAX), Ok(vec![]));
    groups::leave(conn, by(bob), chat).unwrap();
    assert_eq!(messages::list_mentions(conn, by(bob), chat, None, Limit::MAX), Ok(vec![]));
    assert_consistent(&database);
}

#[test]
fn only_members_are_named_fifty_at_most_and_else_nothing_is_sent() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let eve = cast::user(conn, "eve");
    groups::remove(conn, by(alice), chat, carol).unwrap();
    let before = database.value("SELECT last_seq FROM chat_heads");
    for stranger in [eve, carol, UserId::new()] {
        let draft = Draft::text("You!").mentioning(vec![bob, stranger]);
        let refused = Err(Refused(SendRefused::MentionNotAMember));
        assert_eq!(messages::send(conn, by(alice), chat, &draft), refused);
    }
    let draft = Draft::text("You!").mentioning((0..51).map(|_| UserId::new()).collect::<Vec<_>>());
    assert_eq!(messages::send(conn, by(alice), chat, &draft), Err(Refused(SendRefused::TooManyMentions)));
    assert_eq!(database.value("SELECT last_seq FROM chat_heads"), before);
    assert_eq!(database.value("SELECT count(*) FROM message_mentions"), "0");
    // Sent again, it is the first.
    let draft = Draft::text("You!").mentioning(vec![bob; 50]);
    assert!(!messages::send(conn, by(alice), chat, &draft).unwrap().already_sent);
    assert!(messages::send(conn, by(alice), chat, &draft).unwrap().already_sent);
    assert_eq!(database.value("SELECT count(*) FROM message_mentions"), "1");
    assert_consistent(&database);
}

#[test]
fn who_is_named_several_times_and_who_writes_count_once_and_not_at_all_among_the_fifty() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let mut named = vec![bob, carol];
    for user in cast::crowd(conn, 48) {
        groups::add(conn, by(alice), chat, user).unwrap();
        named.push(user);
    }
    let twice: Vec<_> = named.iter().chain(&named).copied().chain([alice, alice]).collect();
    let seq = call(conn, chat, alice, &twice);
    named.sort_unstable();
    assert_eq!(messages::all_mentioned(conn, by(alice), chat, seq), Ok(named.clone()));
    let many = [twice.clone(), twice.iter().copied().chain([UserId::new()]).collect()];
    let many = many.map(|named| Outgoing::new(by(alice), chat, Draft::text("You!").mentioning(named)));
    let sent: Vec<_> = messages::send_many(conn, &many).unwrap().into_iter().map(|sent| sent.map(|_| ())).collect();
    assert_eq!(sent, [Ok(()), Err(SendRefused::TooManyMentions)]);
    assert_eq!(messages::all_mentioned(conn, by(alice), chat, seq.next()), Ok(named));
    assert_consistent(&database);
}

#[test]
fn a_muted_chat_wakes_and_counts_for_mentions_only() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let device = Device::new(DeviceType::Ios);
    let session = sessions::open(conn, bob, &device, TimeDelta::days(1)).unwrap().session.id;
    push::register(conn, by(bob), session, &Address::apns(PushToken::new("bob"))).unwrap();
    let muted = Changes { muted_until: Some(Some(FOR_EVER)), ..Changes::default() };
    chat_settings::change(conn, by(bob), chat, &muted).unwrap();
    let woken = |conn: &mut PgConnection, seq| -> Vec<_> {
        let targets = push::targets(conn, chat, seq).unwrap();
        targets.into_iter().map(|target| (target.user_id, target.badge, target.is_mentioned)).collect()
    };
    let seq = cast::say(conn, chat, alice, ["two"]);
    assert_eq!(woken(conn, seq), []);
    assert_eq!(unread::badge(conn, by(bob)), Ok(0));
    let seq = call(conn, chat, alice, &[bob]);
    assert_eq!(woken(conn, seq), [(bob, 1, true)]);
    assert_eq!(unread::badge(conn, by(bob)), Ok(1));
    assert_eq!(counts(conn, bob), (2, 1));
}

#[test]
fn a_message_without_mentions_costs_no_statement_more() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    let send = |conn: &mut PgConnection| messages::send(conn, by(alice), chat, &Draft::text("Hi")).unwrap();
    assert_eq!(server_statistics::statements(conn, send), 1);
}

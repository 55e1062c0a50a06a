//! The views answer what they promise, and look from Rust as they are.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use messenger_db::enums::DeliveryStatus::{self, Delivered, Pending, Read};
use messenger_db::ids::{ChatId, UserId};
use messenger_db::schema::{chats, users};
use messenger_db::views::{message_receipts, unread_counts};

use super::rows;

fn user(letter: char) -> UserId {
    format!("00000000-0000-7000-8000-00000000000{letter}").parse().unwrap()
}

fn group() -> ChatId {
    "00000000-0000-7000-8000-0000000000e2".parse().unwrap()
}

#[test]
fn unread_counts_are_what_people_wrote_since_and_did_not_delete() {
    let database = rows::populated();
    let counts = unread_counts::table
        .filter(unread_counts::chat_id.eq(group()))
        .order(unread_counts::user_id)
        .select((unread_counts::user_id, unread_counts::unread_count))
        .load::<(UserId, i64)>(&mut database.diesel());
    assert_eq!(counts, Ok(vec![(user('a'), 0), (user('b'), 2), (user('c'), 2)]));
}

#[test]
fn a_view_joins_the_tables_around_it() {
    let database = rows::populated();
    let named = unread_counts::table
        .inner_join(chats::table)
        .inner_join(users::table)
        .filter(unread_counts::unread_count.gt(0))
        .order(users::username)
        .select((users::username, chats::name, unread_counts::unread_count))
        .load::<(Option<String>, Option<String>, i64)>(&mut database.diesel());
    let row = |name: &str, count| (Some(name.to_owned()), Some("Hikers".to_owned()), count);
    assert_eq!(named, Ok(vec![row("Bob_1", 2), row("carol", 2)]));
}

#[test]
fn receipts_say_of_each_message_how_far_it_got_with_each_recipient() {
    let database = rows::populated();
    let receipts = message_receipts::table
        .filter(message_receipts::chat_id.eq(group()))
        .order((message_receipts::message_seq, message_receipts::user_id))
        .select((message_receipts::message_seq, message_receipts::user_id, message_receipts::status))
        .load::<(i64, UserId, DeliveryStatus)>(&mut database.diesel())
        .unwrap();
    let (alice, bob, carol) = (user('a'), user('b'), user('c'));
    assert_eq!(
        receipts,
        [
            (1, alice, Read),
            (1, bob, Read),
            (1, carol, Pending),
            // alice sent 2; bob sent 3 and 4.
            (2, bob, Delivered),
            (2, carol, Pending),
            (3, alice, Read),
            (3, carol, Pending),
            (4, alice, Read),
            (4, carol, Pending),
        ]
    );
}

#[test]
fn a_run_gives_each_of_its_messages_its_times() {
    let database = rows::populated();
    let times = message_receipts::table
        .filter(message_receipts::chat_id.eq(group()).and(message_receipts::user_id.eq(user('b'))))
        .order(message_receipts::message_seq)
        .select((message_receipts::message_seq, message_receipts::delivered_at, message_receipts::read_at))
        .load::<(i64, Option<DateTime<Utc>>, Option<DateTime<Utc>>)>(&mut database.diesel())
        .unwrap();
    let at = |time: &str| Some(time.parse::<DateTime<Utc>>().unwrap());
    assert_eq!(
        times,
        [(1, at("2026-01-01T11:00:00Z"), at("2026-01-01T11:05:00Z")), (2, at("2026-01-01T12:00:00Z"), None)]
    );
}

#[test]
fn members_receive_from_the_message_they_joined_at_until_they_left() {
    let database = rows::populated();
    let carol_receives = |change: &str| {
        database
            .execute(&format!(
                "UPDATE chat_participants SET {change} WHERE user_id = '{}' AND chat_id = '{}'",
                user('c'),
                group()
            ))
            .unwrap();
        message_receipts::table
            .filter(message_receipts::user_id.eq(user('c')))
            .order(message_receipts::message_seq)
            .select(message_receipts::message_seq)
            .load::<i64>(&mut database.diesel())
            .unwrap()
    };
    assert_eq!(carol_receives("joined_seq = 2"), [3, 4]);
    // By what was said then, whatever the clocks say.
    assert_eq!(carol_receives("joined_seq = 0, left_at = '2000-01-01', left_seq = 3"), [1, 2, 3]);
    assert_eq!(carol_receives("left_at = now() + interval '1 year', left_seq = 0"), [0_i64; 0]);
}

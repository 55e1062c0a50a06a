//! Every hot act rides the indexes that its documentation names, and no act reads a table from one end to the other.

use std::cell::Cell;

use diesel::PgConnection;
use diesel::connection::SimpleConnection as _;
use messenger_db::enums::{DeviceType, ImageType, UserStatus};
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::messages::{self, Draft, Picture};
use messenger_db::queries::sessions::{self, Device};
use messenger_db::queries::{
    accounts, attachments, blocks, contacts, direct_chats, history, inbox, pending, reactions, receipts, search, unread,
};
use uuid::Uuid;

use super::watch;
use crate::support::TestDatabase;

const ONE: UserId = UserId::from_uuid(Uuid::from_u128(1));
const TWO: UserId = UserId::from_uuid(Uuid::from_u128(2));
/// The chat of 200 members and 5,000 messages.
const LONG: ChatId = ChatId::from_uuid(Uuid::from_u128(1));
const SHORT: ChatId = ChatId::from_uuid(Uuid::from_u128(2));
/// The direct chat of the two.
const DIRECT: ChatId = ChatId::from_uuid(Uuid::from_u128(1001));

/// An act, what it has to ride, and how many entries of `messages_pkey` it may read at most.
type Ride<'a> = (&'a str, &'a dyn Fn(&mut PgConnection), &'a [&'a str], i64);

fn run<T, E: std::fmt::Debug>(outcome: Result<T, E>) {
    outcome.unwrap();
}

/// Whether somebody is a member is asked of the key, or of the index on who is now.
const MEMBER: &str = "chat_participants";
const SEND: &[&str] = &["chat_heads_pkey", "unread_messages_pkey", MEMBER];
const HISTORY: &[&str] =
    &["messages_pkey", "attachments_pkey", "message_reactions_pkey", "users_pkey", "chat_heads_pkey", MEMBER];
const INBOX: &[&str] = &["unread_messages_pkey", "chat_heads_pkey", "chats_pkey", "users_pkey"];
const UNREAD: &[&str] = &["unread_messages_pkey", "chat_heads_pkey"];

#[test]
#[allow(clippy::too_many_lines, reason = "a line or two for each act")]
fn every_hot_act_rides_the_indexes_that_its_documentation_names() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    conn.batch_execute(include_str!("plans.sql")).unwrap();
    conn.batch_execute("VACUUM ANALYZE").unwrap();
    let pictures = [Picture::new("p.jpg", ImageType::Jpeg, 1000, "k")];
    let page = Limit::default();
    let inbox_cursor = inbox::list(conn, ONE, None, Limit::new(3)).unwrap()[2].cursor();
    let hit = search::all(conn, ONE, "lake", None, Limit::new(20)).unwrap()[19].cursor();
    let (token, session) =
        sessions::open(conn, ONE, &Device::new(DeviceType::Web), chrono::TimeDelta::days(1)).unwrap();
    let part = Cell::new(50);
    let rides: &[Ride<'_>] = &[
        ("send", &|conn| run(messages::send(conn, LONG, TWO, &Draft::text("Hi"))), SEND, 0),
        ("send to a direct chat", &|conn| run(messages::send(conn, DIRECT, TWO, &Draft::text("Hi"))), SEND, 0),
        ("send an answer", &|conn| run(messages::send(conn, LONG, TWO, &Draft::text("Hi").in_reply_to(2500))), SEND, 2),
        ("send pictures", &|conn| run(messages::send(conn, LONG, TWO, &Draft::image(&pictures))), SEND, 2),
        ("get", &|conn| run(messages::get(conn, LONG, ONE, 2500)), &["messages_pkey", MEMBER], 1),
        (
            "find_by_id",
            &|conn| run(messages::find_by_id(conn, LONG, ONE, MessageId::from_uuid(Uuid::from_u128(7)))),
            &["messages_id_key", MEMBER],
            0,
        ),
        (
            "edit",
            &|conn| run(messages::edit(conn, LONG, ONE, 2500, &Uuid::now_v7().to_string())),
            &["messages_pkey", "chat_heads_pkey", "message_edits_pkey", MEMBER],
            // Of each version, and the versions before it stay for a while.
            40,
        ),
        ("edits", &|conn| run(messages::edits(conn, LONG, ONE, 2500)), &["message_edits_pkey", MEMBER], 1),
        ("latest", &|conn| run(history::latest(conn, LONG, ONE, page)), HISTORY, 60),
        ("before", &|conn| run(history::before(conn, LONG, ONE, 2500, page)), HISTORY, 60),
        ("after", &|conn| run(history::after(conn, LONG, ONE, 2500, page)), HISTORY, 60),
        ("around", &|conn| run(history::around(conn, LONG, ONE, 2500, page)), HISTORY, 60),
        (
            "around_id",
            &|conn| run(history::around_id(conn, LONG, ONE, MessageId::from_uuid(Uuid::from_u128(2500)), page)),
            &["messages_id_key", "messages_pkey", MEMBER],
            60,
        ),
        ("inbox", &|conn| run(inbox::list(conn, ONE, None, page)), INBOX, 0),
        ("the next page of an inbox", &|conn| run(inbox::list(conn, ONE, Some(inbox_cursor), page)), INBOX, 0),
        ("unread in a chat", &|conn| run(unread::find(conn, LONG, ONE)), UNREAD, 0),
        ("unread in all", &|conn| run(unread::total(conn, ONE)), UNREAD, 0),
        ("chats with unread", &|conn| run(unread::list(conn, ONE)), UNREAD, 0),
        (
            "pending",
            &|conn| run(pending::list(conn, ONE, None, page)),
            &["unread_messages_pkey", "messages_pkey", "attachments_pkey"],
            110,
        ),
        (
            "the next page of pending",
            &|conn| run(pending::list(conn, ONE, Some(pending::Cursor { chat_id: SHORT, seq: 55 }), page)),
            &["unread_messages_pkey", "messages_pkey", "attachments_pkey"],
            110,
        ),
        ("mark_delivered", &|conn| run(receipts::mark_delivered(conn, LONG, ONE, i64::MAX)), UNREAD, 0),
        (
            "mark_read",
            &|conn| run(receipts::mark_read(conn, LONG, ONE, i64::MAX)),
            &["unread_messages_pkey", "chat_heads_pkey", "message_delivery_pkey"],
            0,
        ),
        (
            "mark_read a part",
            &|conn| run(receipts::mark_read(conn, SHORT, ONE, part.replace(part.get() + 2))),
            &["unread_messages_pkey", "chat_heads_pkey", "message_delivery_pkey"],
            0,
        ),
        (
            "of_message",
            &|conn| run(receipts::of_message(conn, LONG, ONE, 4300)),
            &["messages_pkey", "chat_participants_pkey", "message_delivery_pkey"],
            4,
        ),
        (
            "counts",
            &|conn| run(receipts::counts(conn, LONG, ONE, 4301, 4350)),
            &["messages_pkey", "chat_participants_pkey", "unread_messages_pkey"],
            60,
        ),
        (
            "search all",
            &|conn| run(search::all(conn, ONE, "lake -17", None, page)),
            &["chat_participants_active_idx", "messages_chat_words_idx"],
            0,
        ),
        (
            "search all, next",
            &|conn| run(search::all(conn, ONE, "lake", Some(hit), page)),
            &["chat_participants_active_idx", "messages_chat_words_idx"],
            0,
        ),
        (
            "search in a chat",
            &|conn| run(search::in_chat(conn, LONG, ONE, "lake 17", None, page)),
            &["messages_chat_words_idx", MEMBER],
            0,
        ),
        (
            "search in a chat, next",
            &|conn| run(search::in_chat(conn, LONG, ONE, "lake", Some(2500), page)),
            &["messages_chat_words_idx", MEMBER],
            0,
        ),
        ("authenticate", &|conn| run(sessions::authenticate(conn, &token)), &["user_sessions_token_hash_key"], 0),
        ("connect", &|conn| run(sessions::connect(conn, session.id, "1")), &["user_sessions_pkey"], 0),
        ("disconnect", &|conn| run(sessions::disconnect(conn, session.id, "1")), &["user_sessions_pkey"], 0),
        ("devices", &|conn| run(sessions::list(conn, ONE)), &["user_sessions_user_idx"], 0),
        ("find_by_username", &|conn| run(accounts::find_by_username(conn, "User_7")), &["users_username_key"], 0),
        ("get account", &|conn| run(accounts::get(conn, ONE)), &["users_pkey"], 0),
        ("profiles", &|conn| run(accounts::list_profiles(conn, &[ONE, TWO])), &["users_pkey"], 0),
        ("set_presence", &|conn| run(accounts::set_presence(conn, ONE, UserStatus::Online)), &["users_pkey"], 0),
        ("mark_seen", &|conn| run(accounts::mark_seen(conn, ONE)), &["users_pkey"], 0),
        (
            "search users",
            &|conn| run(accounts::search(conn, "ser_19")),
            &["users_username_key", "users_username_trgm_idx"],
            0,
        ),
        ("search users, enough", &|conn| run(accounts::search(conn, "user_1")), &["users_username_key"], 0),
        ("react", &|conn| run(reactions::add(conn, LONG, ONE, 2501, "👍")), &["messages_pkey", MEMBER], 3),
        (
            "unreact",
            &|conn| run(reactions::remove(conn, LONG, ONE, 2501, "👍")),
            &["message_reactions_pkey", MEMBER],
            1,
        ),
        (
            "who reacted",
            &|conn| run(reactions::list(conn, LONG, ONE, 2500, None, None, page)),
            &["message_reactions_pkey", "users_pkey", MEMBER],
            0,
        ),
        (
            "pictures of a message",
            &|conn| run(attachments::of_message(conn, LONG, ONE, 2500)),
            &["attachments_pkey", "messages_pkey", MEMBER],
            4,
        ),
        ("gallery", &|conn| run(attachments::gallery(conn, LONG, ONE, None, page)), &["attachments_pkey", MEMBER], 0),
        (
            "gallery, next",
            &|conn| {
                run(attachments::gallery(
                    conn,
                    LONG,
                    ONE,
                    Some(attachments::Cursor { message_seq: 2500, position: 0 }),
                    page,
                ));
            },
            &["attachments_pkey", MEMBER],
            0,
        ),
        ("contacts", &|conn| run(contacts::list(conn, ONE)), &["contacts_pkey", "users_pkey"], 0),
        ("blocks", &|conn| run(blocks::list(conn, ONE)), &["blocks_pkey", "users_pkey"], 0),
        ("direct chat", &|conn| run(direct_chats::find_or_create(conn, ONE, TWO)), &["chats_direct_pair_key"], 0),
    ];
    let mut wrong = Vec::new();
    // The first time, a statement is planned for the values at hand; after some times, perhaps for any.
    for (when, times) in [("at first", 0), ("after a while", 10)] {
        for (name, act, expected, most) in rides {
            for _ in 0..times {
                act(conn);
            }
            let ridden = watch::rides_anywhere(conn, act);
            let rides = |index| ridden.iter().any(|(name, _)| name == index);
            let rides = |index| match index {
                MEMBER => rides("chat_participants_pkey") || rides("chat_participants_active_idx"),
                index => rides(index),
            };
            let scans = ridden.iter().any(|(name, _)| name.starts_with("all of "));
            let read = ridden.iter().find(|(name, _)| name == "messages_pkey").map_or(0, |(_, read)| *read);
            if scans || read > *most || !expected.iter().copied().all(rides) {
                wrong.push(format!("{name}, {when}: {ridden:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

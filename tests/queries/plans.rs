//! Every hot operation uses the indexes that its documentation names, and no operation reads a table from one end to the other.

use messenger_db::seq::Seq;
use std::cell::Cell;

use diesel::PgConnection;
use diesel::connection::SimpleConnection as _;
use messenger_db::enums::{DeviceType, UserStatus};
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::messages::{self, Draft, EditsFor};
use messenger_db::queries::sessions::{self, Device, Socket};
use messenger_db::queries::{
    accounts, attachments, blocks, contacts, direct_chats, history, inbox, pending, push, reactions, receipts, search,
    unread,
};
use uuid::Uuid;

use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

const ONE: UserId = UserId::from_uuid(Uuid::from_u128(1));
const TWO: UserId = UserId::from_uuid(Uuid::from_u128(2));
/// The chat of 200 members and 5,000 messages.
const LONG: ChatId = ChatId::from_uuid(Uuid::from_u128(1));
const SHORT: ChatId = ChatId::from_uuid(Uuid::from_u128(2));
/// The direct chat of the two.
const DIRECT: ChatId = ChatId::from_uuid(Uuid::from_u128(1001));

/// An operation, which indexes it has to use, and how many entries of `messages_pkey` it may read at most.
type Usage<'a> = (&'a str, &'a dyn Fn(&mut PgConnection), &'a [&'a str], i64);

fn run<T, E: std::fmt::Debug>(outcome: Result<T, E>) {
    outcome.unwrap();
}

/// Whether somebody is a member is asked of the key, or of the index on who is now.
const MEMBER: &str = "chat_participants";
const SEND: &[&str] = &["chat_heads_pkey", "unread_messages_pkey", MEMBER];
const HISTORY: &[&str] =
    &["messages_pkey", "attachments_pkey", "message_reactions_pkey", "users_pkey", "chat_heads_pkey", MEMBER];
const INBOX: &[&str] =
    &["unread_messages_pkey", "chat_heads_pkey", "chats_pkey", "users_pkey", "chat_participants_hiding_idx"];
const UNREAD: &[&str] = &["unread_messages_pkey", "chat_heads_pkey"];

#[test]
#[allow(clippy::too_many_lines, reason = "a line or two for each act")]
fn every_hot_operation_uses_the_indexes_that_its_documentation_names() {
    let database = TestDatabase::alone();
    let conn = &mut database.diesel();
    conn.batch_execute(include_str!("plans.sql")).unwrap();
    conn.batch_execute("VACUUM ANALYZE").unwrap();
    let page = Limit::default();
    let inbox_cursor = inbox::list(conn, by(ONE), None, Limit::new(3)).unwrap()[2].cursor();
    let hit = search::list(conn, by(ONE), "lake", None, Limit::new(20)).unwrap()[19].cursor();
    let sessions::Opened { token, session, .. } =
        sessions::open(conn, ONE, &Device::new(DeviceType::Web), chrono::TimeDelta::days(1)).unwrap();
    let socket = Socket::new("gateway-1", "1");
    let part = Cell::new(49);
    let operations: &[Usage<'_>] = &[
        ("send", &|conn| run(messages::send(conn, by(TWO), LONG, &Draft::text("Hi"))), SEND, 0),
        ("send to a direct chat", &|conn| run(messages::send(conn, by(TWO), DIRECT, &Draft::text("Hi"))), SEND, 0),
        (
            "send an answer",
            &|conn| run(messages::send(conn, by(TWO), LONG, &Draft::text("Hi").in_reply_to(Seq::new(2500)))),
            SEND,
            2,
        ),
        (
            "send pictures",
            &|conn| {
                let pictures = cast::uploaded(conn, TWO, [1000]);
                run(messages::send(conn, by(TWO), LONG, &Draft::image(&pictures)));
            },
            &["chat_heads_pkey", "unread_messages_pkey", "uploads_pkey", MEMBER],
            2,
        ),
        ("get", &|conn| run(messages::get(conn, by(ONE), LONG, Seq::new(2500))), &["messages_pkey", MEMBER], 1),
        (
            "find_by_id",
            &|conn| run(messages::find_by_id(conn, by(ONE), LONG, MessageId::from_uuid(Uuid::from_u128(7)))),
            &["messages_id_key", MEMBER],
            0,
        ),
        (
            "edit",
            &|conn| run(messages::edit(conn, by(ONE), LONG, Seq::new(2500), &Uuid::now_v7().to_string())),
            &["messages_pkey", "chat_heads_pkey", "message_edits_pkey", "unread_messages_pkey"],
            // Of each version, and the versions before it stay for a while.
            40,
        ),
        (
            "edits",
            &|conn| run(messages::list_edits(conn, by(ONE), LONG, Seq::new(2500), EditsFor::Members, None, Limit::MAX)),
            &["message_edits_pkey", "messages_pkey", MEMBER],
            // Whose it is: of each version, as above.
            40,
        ),
        ("latest", &|conn| run(history::latest(conn, by(ONE), LONG, page)), HISTORY, 60),
        ("before", &|conn| run(history::before(conn, by(ONE), LONG, Seq::new(2500), page)), HISTORY, 60),
        ("after", &|conn| run(history::after(conn, by(ONE), LONG, Seq::new(2500), page)), HISTORY, 60),
        ("around", &|conn| run(history::around(conn, by(ONE), LONG, Seq::new(2500), page)), HISTORY, 60),
        (
            "around_id",
            &|conn| run(history::around_id(conn, by(ONE), LONG, MessageId::from_uuid(Uuid::from_u128(2500)), page)),
            &["messages_id_key", "messages_pkey", MEMBER],
            60,
        ),
        ("inbox", &|conn| run(inbox::list(conn, by(ONE), None, page)), INBOX, 0),
        ("the next page of an inbox", &|conn| run(inbox::list(conn, by(ONE), Some(inbox_cursor), page)), INBOX, 0),
        ("unread in a chat", &|conn| run(unread::find(conn, by(ONE), LONG)), UNREAD, 0),
        ("unread in all", &|conn| run(unread::total(conn, by(ONE))), UNREAD, 0),
        ("chats with unread", &|conn| run(unread::all(conn, by(ONE))), UNREAD, 0),
        (
            "pending",
            &|conn| run(pending::list(conn, by(ONE), None, page)),
            &["unread_messages_pkey", "messages_pkey", "attachments_pkey"],
            110,
        ),
        (
            "the next page of pending",
            &|conn| run(pending::list(conn, by(ONE), Some(pending::Cursor::after(SHORT, Seq::new(55))), page)),
            &["unread_messages_pkey", "messages_pkey", "attachments_pkey"],
            110,
        ),
        ("mark_delivered", &|conn| run(receipts::mark_delivered(conn, by(ONE), LONG, Seq::MAX)), UNREAD, 0),
        (
            "mark_read",
            // Most times there is nothing to read.
            &|conn| run(receipts::mark_read(conn, by(ONE), LONG, Seq::MAX)),
            UNREAD,
            0,
        ),
        (
            "mark_read a part",
            // It looks for a run of what was received before, if anything was.
            &|conn| {
                let up_to = Seq::new(part.replace(part.get() + 1));
                run(receipts::mark_delivered(conn, by(ONE), SHORT, up_to));
                run(receipts::mark_read(conn, by(ONE), SHORT, up_to));
            },
            &["unread_messages_pkey", "chat_heads_pkey", "message_delivery_pkey"],
            0,
        ),
        (
            "of_message",
            &|conn| run(receipts::all(conn, by(ONE), LONG, Seq::new(4300))),
            &["messages_pkey", "chat_participants_pkey", "message_delivery_pkey"],
            4,
        ),
        (
            "counts",
            &|conn| run(receipts::count(conn, by(ONE), LONG, Seq::new(4301), Seq::new(4350))),
            &["messages_pkey", "chat_participants_pkey", "unread_messages_pkey"],
            60,
        ),
        (
            "search all",
            &|conn| run(search::list(conn, by(ONE), "lake -17", None, page)),
            &["chat_participants_active_idx", "messages_chat_words_idx"],
            0,
        ),
        (
            "search all, next",
            &|conn| run(search::list(conn, by(ONE), "lake", Some(hit), page)),
            &["chat_participants_active_idx", "messages_chat_words_idx"],
            0,
        ),
        (
            "search in a chat",
            &|conn| run(search::list_in_chat(conn, by(ONE), LONG, "lake 17", None, page)),
            &["messages_chat_words_idx", MEMBER],
            0,
        ),
        (
            "search in a chat, next",
            &|conn| run(search::list_in_chat(conn, by(ONE), LONG, "lake", Some(hit), page)),
            &["messages_chat_words_idx", MEMBER],
            0,
        ),
        ("authenticate", &|conn| run(sessions::authenticate(conn, &token)), &["user_sessions_token_hash_key"], 0),
        (
            "connect",
            &|conn| run(sessions::connect(conn, by(session.user_id), session.id, &socket)),
            &["user_sessions_pkey", "users_pkey"],
            0,
        ),
        (
            "disconnect",
            &|conn| run(sessions::disconnect(conn, by(session.user_id), session.id, &socket)),
            &["user_sessions_pkey", "users_pkey"],
            0,
        ),
        ("devices", &|conn| run(sessions::list(conn, by(ONE), None, page)), &["user_sessions_user_idx"], 0),
        ("touch", &|conn| run(sessions::touch(conn, by(ONE), session.id)), &["user_sessions_pkey"], 0),
        ("audience", &|conn| run(sessions::audience(conn, LONG)), &["user_sessions_user_idx", MEMBER], 0),
        ("sockets", &|conn| run(sessions::find_sockets(conn, &[ONE, TWO])), &["user_sessions_user_idx"], 0),
        (
            "watchers",
            &|conn| run(sessions::watchers(conn, by(ONE))),
            &["user_sessions_user_idx", "contacts_pkey", MEMBER],
            0,
        ),
        (
            "push",
            &|conn| run(push::targets(conn, LONG, Seq::new(4990))),
            &["messages_pkey", "unread_messages_pkey", "chat_settings_pkey", "push_tokens_user_idx", "chat_heads_pkey"],
            1,
        ),
        ("find_by_username", &|conn| run(accounts::find_by_username(conn, "User_7")), &["users_username_key"], 0),
        ("get account", &|conn| run(accounts::get(conn, by(ONE))), &["users_pkey"], 0),
        ("profiles", &|conn| run(accounts::find_profiles(conn, by(UserId::new()), &[ONE, TWO])), &["users_pkey"], 0),
        (
            "set_presence",
            &|conn| run(accounts::set_presence(conn, by(ONE), UserStatus::Online)),
            &["user_presence_pkey"],
            0,
        ),
        ("mark_seen", &|conn| run(accounts::mark_seen(conn, by(ONE))), &["user_presence_pkey"], 0),
        (
            "search users",
            &|conn| run(accounts::search(conn, by(UserId::new()), "ser_19")),
            &["users_username_key", "users_username_trgm_idx"],
            0,
        ),
        (
            "search users, enough",
            &|conn| run(accounts::search(conn, by(UserId::new()), "user_1")),
            &["users_username_key"],
            0,
        ),
        (
            "react",
            &|conn| run(reactions::add(conn, by(ONE), LONG, Seq::new(2501), "👍")),
            &["messages_pkey", MEMBER],
            3,
        ),
        (
            "unreact",
            &|conn| run(reactions::remove(conn, by(ONE), LONG, Seq::new(2501), "👍")),
            &["message_reactions_pkey", MEMBER],
            3,
        ),
        (
            "who reacted",
            &|conn| run(reactions::list(conn, by(ONE), LONG, Seq::new(2500), None, None, page)),
            &["message_reactions_pkey", "users_pkey", MEMBER],
            0,
        ),
        (
            "pictures of a message",
            &|conn| run(attachments::all(conn, by(ONE), LONG, Seq::new(2500))),
            &["attachments_pkey", "messages_pkey", MEMBER],
            4,
        ),
        ("gallery", &|conn| run(attachments::list(conn, by(ONE), LONG, None, page)), &["attachments_pkey", MEMBER], 0),
        (
            "gallery, next",
            &|conn| {
                run(attachments::list(conn, by(ONE), LONG, Some(attachments::Cursor::before(Seq::new(2500), 0)), page));
            },
            &["attachments_pkey", MEMBER],
            0,
        ),
        ("contacts", &|conn| run(contacts::all(conn, by(ONE))), &["contacts_pkey", "users_pkey"], 0),
        ("blocks", &|conn| run(blocks::all(conn, by(ONE))), &["blocks_pkey", "users_pkey"], 0),
        ("direct chat", &|conn| run(direct_chats::find_or_create(conn, by(ONE), TWO)), &["chats_direct_pair_key"], 0),
    ];
    let mut wrong = Vec::new();
    // The first time, a statement is planned for the values at hand; after some times, perhaps for any.
    for (when, times) in [("at first", 0), ("after a while", 10)] {
        for (name, act, expected, most) in operations {
            for _ in 0..times {
                act(conn);
            }
            let used = server_statistics::indexes_used_anywhere(conn, act);
            let uses = |index| used.iter().any(|(name, _)| name == index);
            let uses = |index| match index {
                MEMBER => uses("chat_participants_pkey") || uses("chat_participants_active_idx"),
                index => uses(index),
            };
            let scans = used.iter().any(|(name, _)| name.starts_with("all of "));
            let read = used.iter().find(|(name, _)| name == "messages_pkey").map_or(0, |(_, read)| *read);
            if scans || read > *most || !expected.iter().copied().all(uses) {
                wrong.push(format!("{name}, {when}: {used:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

//! Counts what is unread: one subtraction for each chat, whatever the backlog.

use diesel::prelude::*;

use super::functions::{int8, numeric_sum};
use crate::actor::Actor;
use crate::ids::ChatId;
use crate::schema::{chat_heads, unread_messages};

/// How many messages of a chat a user has not read, of whatever kind; `None` when the user is not a member now.
///
/// One statement, which locks nothing. Indexes: `unread_messages_pkey`, `chat_heads_pkey`.
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::{messages, unread};
///
/// messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?;
/// assert_eq!(unread::find(conn, bob, chat)?, Some(1));
/// assert_eq!(unread::find(conn, anna, chat)?, Some(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find(conn: &mut PgConnection, actor: Actor, chat_id: ChatId) -> QueryResult<Option<i64>> {
    let user_id = actor.user_id();
    unread_messages::table
        .inner_join(chat_heads::table.on(chat_heads::chat_id.eq(unread_messages::chat_id)))
        .filter(unread_messages::user_id.eq(user_id).and(unread_messages::chat_id.eq(chat_id)))
        .select(chat_heads::last_seq - unread_messages::last_read_seq)
        .first(conn)
        .optional()
}

/// How many messages a user has not read in all their chats: the number on the badge.
///
/// One statement, which locks nothing and reads no message; its cost follows the number of the user's chats. Indexes:
/// `unread_messages_pkey`, `chat_heads_pkey`.
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::{messages, unread};
///
/// messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?;
/// assert_eq!(unread::total(conn, bob)?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn total(conn: &mut PgConnection, actor: Actor) -> QueryResult<i64> {
    let user_id = actor.user_id();
    unread_messages::table
        .inner_join(chat_heads::table.on(chat_heads::chat_id.eq(unread_messages::chat_id)))
        .filter(unread_messages::user_id.eq(user_id))
        .select(int8(numeric_sum(chat_heads::last_seq - unread_messages::last_read_seq)))
        .first::<Option<i64>>(conn)
        .map(Option::unwrap_or_default)
}

/// The chats in which a user has something unread, and how much, the latest message first.
///
/// One statement, which locks nothing and reads no message. It gives all of them: as many as the user has chats, at
/// most. Indexes: `unread_messages_pkey`, `chat_heads_pkey`.
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::{messages, unread};
///
/// assert_eq!(unread::all(conn, bob)?, []);
/// messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?;
/// assert_eq!(unread::all(conn, bob)?, [(chat, 1)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all(conn: &mut PgConnection, actor: Actor) -> QueryResult<Vec<(ChatId, i64)>> {
    let user_id = actor.user_id();
    unread_messages::table
        .inner_join(chat_heads::table.on(chat_heads::chat_id.eq(unread_messages::chat_id)))
        .filter(unread_messages::user_id.eq(user_id))
        .filter(chat_heads::last_seq.gt(unread_messages::last_read_seq))
        .order((chat_heads::last_message_at.desc().nulls_last(), unread_messages::chat_id.desc()))
        .select((unread_messages::chat_id, chat_heads::last_seq - unread_messages::last_read_seq))
        .load(conn)
}

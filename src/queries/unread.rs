//! Counts what is unread: a subtraction for each chat, whatever the backlog.
//!
//! What the system wrote does not count, and what was deleted before it was read does not either, whoever caused it. Nor
//! does what one wrote oneself, because writing reads what is above. So `unread` is the newest seq less the last that was
//! read, less the messages between them that do not count; those are found by the index `messages_uncounted_idx`, which
//! has an entry for each message of the system and each deletion, and nothing for a send. A chat whose newest such message
//! was read, as its head says (`last_uncounted_seq`), costs the subtraction only; any other one look at that index, and an
//! entry read for each such message that is unread. A deletion writes nothing for each reader.

use diesel::dsl::{auto_type, case_when};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::functions::{int8, numeric_sum};
use super::statement::statement;
use crate::actor::Actor;
use crate::ids::{ChatId, UserId, sql_types};
use crate::schema::{chat_heads, messages, unread_messages};
use crate::views::inbox_entries;

/// How many messages the member of the row has not read.
#[auto_type]
fn unread_count() -> _ {
    // No member wrote what the system wrote. A comparison with its kind would be a parameter, which no partial index
    // can be chosen for.
    let uncounted = messages::table
        .filter(messages::chat_id.eq(unread_messages::chat_id))
        .filter(messages::seq.gt(unread_messages::last_read_seq))
        .filter(messages::sender_id.is_null().or(messages::deleted_at.is_not_null()))
        .count()
        .single_value()
        .assume_not_null();
    let has_uncounted = chat_heads::last_uncounted_seq.gt(unread_messages::last_read_seq);
    let between = chat_heads::last_seq - unread_messages::last_read_seq;
    between - case_when(has_uncounted, uncounted).otherwise(0_i64.into_sql::<BigInt>())
}

statement! {
    /// The number on the badge.
    Badge { user_id: UserId as sql_types::UserId } -> (BigInt,) = "badge.sql"
}

/// How many messages of a chat a user has not read, but for those of the system and deleted ones; `None` when the user is
/// not a member now.
///
/// One statement, which locks nothing. Indexes: `unread_messages_pkey`, `chat_heads_pkey`, `messages_uncounted_idx`.
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
        .select(unread_count())
        .first(conn)
        .optional()
}

/// How many messages a user has not read in all their chats, muted, archived and hidden ones included; see [`badge`].
///
/// One statement, which locks nothing; its cost follows the number of the user's chats. Indexes: `unread_messages_pkey`,
/// `chat_heads_pkey`, `messages_uncounted_idx`.
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
    inbox_entries::table
        .filter(inbox_entries::user_id.eq(actor.user_id()))
        .select(int8(numeric_sum(inbox_entries::unread_count)))
        .first::<Option<i64>>(conn)
        .map(Option::unwrap_or_default)
}

/// The number on the badge of the user's devices: the unread messages of the chats that are not muted, and the unread
/// mentions of those that are. Chats in the archive count as those in the inbox do, and so do chats that are hidden until something
/// new is said: mark a chat as read when it is hidden, where it shall not. That a chat is marked as unread does not count.
///
/// One statement, which locks nothing; its cost follows the number of the user's chats. Indexes: `unread_messages_pkey`,
/// `chat_heads_pkey`, `chat_settings_pkey`, `messages_uncounted_idx`, `message_mentions_user_idx`.
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::chat_settings::{self, Changes, FOR_EVER};
/// use messenger_db::queries::{messages, unread};
///
/// messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?;
/// assert_eq!(unread::badge(conn, bob)?, 1);
/// chat_settings::change(conn, bob, chat, &Changes { muted_until: Some(Some(FOR_EVER)), ..Changes::default() })?;
/// assert_eq!((unread::badge(conn, bob)?, unread::total(conn, bob)?), (0, 1));
///
/// let named = messages::Draft::text("Bob?").mentioning(vec![bob.user_id()]);
/// messages::send(conn, anna, chat, &named)?;
/// assert_eq!((unread::badge(conn, bob)?, unread::total(conn, bob)?), (1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn badge(conn: &mut PgConnection, actor: Actor) -> QueryResult<i64> {
    let (badge,) = Badge { user_id: actor.user_id() }.get_result(conn)?;
    Ok(badge)
}

/// The chats in which a user has something unread, and how much, the latest message first; muted, archived and hidden ones
/// included.
///
/// One statement, which locks nothing. It gives all of them: as many as the user has chats, at most. Indexes:
/// `unread_messages_pkey`, `chat_heads_pkey`, `messages_uncounted_idx`.
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
    inbox_entries::table
        .filter(inbox_entries::user_id.eq(actor.user_id()))
        .filter(inbox_entries::unread_count.gt(0))
        .order((inbox_entries::last_message_at.desc().nulls_last(), inbox_entries::about_chat_id.desc()))
        .select((inbox_entries::about_chat_id, inbox_entries::unread_count))
        .load(conn)
}

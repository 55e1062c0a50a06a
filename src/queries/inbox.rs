//! Lists a user's chats, the latest activity first.

use chrono::{DateTime, Utc};
use diesel::dsl::{auto_type, case_when};
use diesel::prelude::*;

use super::functions::time_or;
use super::profile::Profile;
use crate::actor::Actor;
use crate::cursor::{self, place};
use crate::enums::{ChatKind, MessageKind};
use crate::ids::{ChatId, UserId};
use crate::page::Limit;
use crate::schema::{chat_heads, chats, unread_messages, users};
use crate::seq::Seq;

/// A chat in the list of a member.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry {
    /// Which chat.
    pub chat_id: ChatId,
    /// Direct or group.
    pub kind: ChatKind,
    /// The group's name; a direct chat shows the [`other`](Self::other).
    pub name: Option<String>,
    /// The group's picture.
    pub avatar_url: Option<String>,
    /// How many members it has.
    pub member_count: i32,
    /// The other member of a direct chat, and whether they are there.
    pub other: Option<Profile>,
    /// What was said last.
    pub last: Last,
    /// How many messages, of whatever kind, the user has not read.
    pub unread_count: i64,
    /// When the newest message was sent; without one, when the chat was opened.
    pub active_at: DateTime<Utc>,
}

/// The newest message of a chat, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Last {
    /// Its number; 0 when nothing was said yet.
    pub seq: Seq,
    /// Who sent it; `None` for a system message.
    pub sender_id: Option<UserId>,
    /// What it is.
    pub kind: Option<MessageKind>,
    /// The first 100 characters of it; `None` when it has no words, or was deleted.
    pub preview: Option<String>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
}

/// Where a page of an inbox ended, and the next begins.
pub type Cursor = cursor::Cursor<Place>;

place! {
    /// The last entry of a page.
    #[derive(Copy)]
    Place = 1 { active_at: DateTime<Utc>, chat_id: ChatId }
}

impl Entry {
    /// The cursor of a page that ends with this entry.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor::new(Place { active_at: self.active_at, chat_id: self.chat_id })
    }
}

/// A user's chats, the latest activity first; of chats active at the same instant, the one with the higher id.
///
/// `after` is the [cursor](Entry::cursor) of the last entry that the user has. A chat in which something is said
/// while the user leafs through moves to the front, and is not on a later page.
///
/// One statement, which locks nothing and reads no message. It starts from the user's positions; its cost follows the
/// number of the user's chats, not their length. Indexes: `unread_messages_pkey`, then `chat_heads_pkey`,
/// `chats_pkey` and `users_pkey`.
///
/// # Errors
///
/// Those of the database. Whoever is in no chat has an empty list.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{inbox, messages};
///
/// messages::send(conn, anna, chat, &messages::Draft::text("Are you there?"))?;
/// let entries = inbox::list(conn, bob, None, Limit::default())?;
/// assert_eq!(entries[0].last.preview.as_deref(), Some("Are you there?"));
/// assert_eq!(entries[0].unread_count, 1);
/// assert_eq!(entries[0].other.as_ref().map(|other| other.id), Some(anna.user_id()));
///
/// let next = inbox::list(conn, bob, Some(entries[0].cursor()), Limit::default())?;
/// assert_eq!(next, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list(conn: &mut PgConnection, actor: Actor, after: Option<Cursor>, limit: Limit) -> QueryResult<Vec<Entry>> {
    let user_id = actor.user_id();
    let Some(&Place { active_at: instant, chat_id }) = after.as_ref().map(Cursor::place) else {
        return entries(user_id).limit(limit.get()).load(conn);
    };
    entries(user_id)
        .filter(active_at().lt(instant).or(active_at().eq(instant).and(unread_messages::chat_id.lt(chat_id))))
        .limit(limit.get())
        .load(conn)
}

#[auto_type]
fn active_at() -> _ {
    time_or(chat_heads::last_message_at, chats::created_at)
}

#[auto_type]
fn entries(user_id: UserId) -> _ {
    let other = case_when(chats::direct_low.eq(user_id), chats::direct_high).otherwise(chats::direct_low);
    let entry = (
        unread_messages::chat_id,
        chats::kind,
        chats::name,
        chats::avatar_url,
        chats::member_count,
        (
            users::id,
            users::username,
            users::display_name,
            users::avatar_url,
            users::status,
            users::last_seen_at,
            users::deleted_at,
        )
            .nullable(),
        (
            chat_heads::last_seq,
            chat_heads::last_sender_id,
            chat_heads::last_kind,
            chat_heads::last_preview,
            chat_heads::last_message_at,
        ),
        chat_heads::last_seq - unread_messages::last_read_seq,
        active_at(),
    );
    unread_messages::table
        .inner_join(chat_heads::table.on(chat_heads::chat_id.eq(unread_messages::chat_id)))
        .inner_join(chats::table.on(chats::id.eq(unread_messages::chat_id)))
        .left_join(users::table.on(users::id.nullable().eq(other)))
        .filter(unread_messages::user_id.eq(user_id))
        .order((active_at().desc(), unread_messages::chat_id.desc()))
        .select(entry)
}

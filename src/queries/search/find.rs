//! Searches the messages of the chats that the user is in now, but no deleted or system ones.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};

use super::super::statement::{Columns, statement};
use super::super::time;
use super::Highlight;
use super::query::{MAX_QUERY, Query, check};
use crate::actor::Actor;
use crate::cursor::{self, place};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::models::Message;
use crate::page::Limit;
use crate::queries::predicates::membership;
use crate::seq::Seq;

/// Why nothing was searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SearchRefused {
    /// The user is not a member of the chat now, or there is no such chat.
    #[error("the user is not a member of the chat")]
    NotAMember,
    /// The query has more than [`MAX_QUERY`] characters.
    #[error("a query has at most {MAX_QUERY} characters")]
    QueryTooLong,
}

refusals! { SearchRefused {
    NotAMember: Forbidden = "not_a_member",
    QueryTooLong: Invalid = "query_too_long",
} }

/// A message that was found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Hit {
    /// The message.
    pub message: Message,
    /// Where in it.
    pub highlight: Highlight,
}

/// Where a page of hits ended, and the next begins.
pub type Cursor = cursor::Cursor<Place>;

place! {
    /// The last hit of a page.
    #[derive(Copy)]
    Place = 3 { created_at: DateTime<Utc>, chat_id: ChatId, seq: Seq }
}

impl Hit {
    /// The cursor of a page that ends with this hit.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        let &Message { created_at, chat_id, seq, .. } = &self.message;
        Cursor::new(Place { created_at, chat_id, seq })
    }
}

statement! {
    SearchAll {
        user_id: UserId as sql::UserId,
        text: String as Text,
        created_at: Option<DateTime<Utc>> as Nullable<Timestamptz>,
        before_chat_id: Option<ChatId> as Nullable<sql::ChatId>,
        seq: Option<Seq> as Nullable<BigInt>,
        limit: i64 as BigInt,
        sender_id: Option<UserId> as Nullable<sql::UserId>,
        since: Option<DateTime<Utc>> as Nullable<Timestamptz>,
        until: Option<DateTime<Utc>> as Nullable<Timestamptz>,
        has_pictures: bool as Bool,
        mentions_actor: bool as Bool,
    } -> (Columns<Message>, Nullable<Array<Text>>) = "all.sql"
}

statement! {
    SearchInChat {
        user_id: UserId as sql::UserId,
        text: String as Text,
        created_at: Option<DateTime<Utc>> as Nullable<Timestamptz>,
        before_chat_id: Option<ChatId> as Nullable<sql::ChatId>,
        seq: Option<Seq> as Nullable<BigInt>,
        limit: i64 as BigInt,
        sender_id: Option<UserId> as Nullable<sql::UserId>,
        since: Option<DateTime<Utc>> as Nullable<Timestamptz>,
        until: Option<DateTime<Utc>> as Nullable<Timestamptz>,
        has_pictures: bool as Bool,
        chat_id: ChatId as sql::ChatId,
        mentions_actor: bool as Bool,
    } -> (Columns<Message>, Nullable<Array<Text>>) = "in_chat.sql"
}

/// Searches all chats of a user: the newest hit first; of one instant, by chat, then by seq.
///
/// A query is a text or a [`Query`], which says what the text means and has filters. `before` is the
/// [cursor](Hit::cursor) of the last hit that the user has.
///
/// Anybody may, in the chats that they are in now. Whoever is in no chat finds nothing.
///
/// One statement, which locks nothing. Its cost follows the user's chats and how often the words are in them, not
/// everyone's messages: for each chat that the user is in (index `chat_participants_active_idx`) it asks
/// `messages_chat_words_idx`, where the words of each chat lie by themselves.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`QueryTooLong`](SearchRefused::QueryTooLong): the query has more than [`MAX_QUERY`] characters.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{messages, search};
///
/// for words in ["Meet me at the Café Central", "or meet me at the lake"] {
///     messages::send(conn, anna, chat, &messages::Draft::text(words))?;
/// }
/// let hits = search::list(conn, bob, "-lake meeting", None, Limit::default())?;
/// assert_eq!(hits.len(), 1);
/// assert_eq!(hits[0].highlight.words().collect::<Vec<_>>(), ["Meet"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list<'a>(
    conn: &mut PgConnection,
    actor: Actor,
    query: impl Into<Query<'a>>,
    before: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Hit>, Error<SearchRefused>> {
    let query = query.into();
    let before = before.map(|cursor| *cursor.place());
    let found = SearchAll {
        user_id: actor.user_id(),
        text: check(query.text)?,
        created_at: before.map(|place| place.created_at),
        before_chat_id: before.map(|place| place.chat_id),
        seq: before.map(|place| place.seq),
        limit: limit.get(),
        sender_id: query.sender_id,
        since: query.since.map(time::storable),
        until: query.until.map(time::storable),
        has_pictures: query.has_pictures,
        mentions_actor: query.mentions_actor,
    };
    Ok(found.load(conn)?.into_iter().map(hit).collect())
}

/// Searches one chat, in the order of [`list`]: the newest hit first. `before` is the [cursor](Hit::cursor) of the last
/// hit that the user has.
///
/// A query is a text or a [`Query`], which says what the text means and has filters.
///
/// The members of the chat may.
///
/// One statement, which locks nothing; one more when it finds nothing, to find out why. Its cost follows how often the
/// words are in the chat. Index: `messages_chat_words_idx`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](SearchRefused::NotAMember): the user is not a member of the chat now, or there is no such chat.
/// * [`QueryTooLong`](SearchRefused::QueryTooLong): the query has more than [`MAX_QUERY`] characters.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{messages, search};
///
/// messages::send(conn, anna, chat, &messages::Draft::text("Meet me at the Café Central"))?;
/// let hits = search::list_in_chat(conn, bob, chat, "\"cafe central\"", None, Limit::default())?;
/// assert_eq!(hits[0].message.seq.get(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list_in_chat<'a>(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    query: impl Into<Query<'a>>,
    before: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Hit>, Error<SearchRefused>> {
    let user_id = actor.user_id();
    let query = query.into();
    let before = before.map(|cursor| *cursor.place());
    let found = SearchInChat {
        user_id,
        text: check(query.text)?,
        created_at: before.map(|place| place.created_at),
        before_chat_id: before.map(|place| place.chat_id),
        seq: before.map(|place| place.seq),
        limit: limit.get(),
        sender_id: query.sender_id,
        since: query.since.map(time::storable),
        until: query.until.map(time::storable),
        has_pictures: query.has_pictures,
        chat_id,
        mentions_actor: query.mentions_actor,
    };
    let rows = found.load(conn)?;
    if rows.is_empty() && !diesel::select(exists(membership(chat_id, user_id))).get_result(conn)? {
        return Err(Error::Refused(SearchRefused::NotAMember));
    }
    Ok(rows.into_iter().map(hit).collect())
}

fn hit((message, marks): (Message, Option<Vec<String>>)) -> Hit {
    let highlight = Highlight::of(message.content.as_deref().unwrap_or_default(), &marks.unwrap_or_default());
    Hit { message, highlight }
}

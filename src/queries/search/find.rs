//! Searches the messages of the chats that the user is in now, but no deleted or system ones.

use chrono::{DateTime, Utc};
use diesel::dsl::{auto_type, exists};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};

use super::super::statement::{Columns, statement};
use super::Highlight;
use super::full_text::{
    Messenger, chat_query, chat_query_decides, chat_query_pattern, chat_words, matches, to_tsvector, translate,
    ts_headline, websearch_to_tsquery,
};
use super::highlight::{OPTIONS, REPLACED, REPLACEMENT};
use crate::actor::Actor;
use crate::cursor::{self, place};
use crate::enums::MessageKind;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::models::Message;
use crate::page::Limit;
use crate::queries::predicates::membership;
use crate::schema::messages;
use crate::seq::Seq;

/// How many characters a query may have: 1,000.
pub const MAX_QUERY: usize = 1_000;

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

// SQL text, because Diesel's DSL has no LATERAL. Without it, PostgreSQL reads chats from end to end, or all messages.
statement! {
    SearchAll {
        user_id: UserId as sql::UserId,
        query: String as Text,
        created_at: Option<DateTime<Utc>> as Nullable<Timestamptz>,
        chat_id: Option<ChatId> as Nullable<sql::ChatId>,
        seq: Option<Seq> as Nullable<BigInt>,
        limit: i64 as BigInt,
        replaced: &'static str as Text,
        replacement: &'static str as Text,
        options: &'static str as Text,
    } -> (Columns<Message>, Nullable<Text>) = "all.sql"
}

/// Searches all chats of a user: the newest hit first; of one instant, by chat, then by seq.
///
/// The query is what a person types into a search box: `words` that all have to be there, `"a phrase"`, `this or that`,
/// `-not this`. Whatever is typed is valid; nothing but stop words finds nothing. Accents and English endings do not
/// matter. A word of more than 2,000 bytes is not found. `before` is the [cursor](Hit::cursor) of the last hit that the
/// user has.
///
/// One statement, which locks nothing. Its cost follows the user's chats and how often the words are in them, not
/// everyone's messages: for each chat that the user is in, `chat_participants_active_idx`, it asks
/// `messages_chat_words_idx`, where the words of each chat lie by themselves. Only the hits of the page are
/// highlighted.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`QueryTooLong`](SearchRefused::QueryTooLong): the query has more than [`MAX_QUERY`] characters.
///
/// Whoever is in no chat finds nothing.
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
/// let hits = search::list(conn, bob, "meeting -lake", None, Limit::default())?;
/// assert_eq!(hits.len(), 1);
/// assert_eq!(hits[0].highlight.words().collect::<Vec<_>>(), ["Meet"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list(
    conn: &mut PgConnection,
    actor: Actor,
    query: &str,
    before: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Hit>, Error<SearchRefused>> {
    let user_id = actor.user_id();
    let rows = SearchAll {
        user_id,
        query: check(query)?,
        created_at: before.map(|cursor| cursor.place().created_at),
        chat_id: before.map(|cursor| cursor.place().chat_id),
        seq: before.map(|cursor| cursor.place().seq),
        limit: limit.get(),
        replaced: REPLACED,
        replacement: REPLACEMENT,
        options: OPTIONS,
    };
    Ok(rows.load(conn)?.into_iter().map(hit).collect())
}

/// Searches one chat: the newest hit first. `before` is the seq of the last hit that the user has.
///
/// For the query, see [`list`].
///
/// One statement, which locks nothing; one more when it finds nothing, to find out why. Its cost follows how often the
/// words are in the chat. Index: `messages_chat_words_idx`. Only the hits of the page are highlighted.
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
pub fn list_in_chat(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    query: &str,
    before: Option<Seq>,
    limit: Limit,
) -> Result<Vec<Hit>, Error<SearchRefused>> {
    let user_id = actor.user_id();
    let query = &check(query)?;
    let membership = membership(chat_id, user_id);
    let rows = messages::table
        .filter(messages::chat_id.eq(chat_id).and(is_hit(chat_id, query)))
        .filter(messages::seq.lt(before.unwrap_or(Seq::MAX)))
        .filter(exists(membership))
        .order(messages::seq.desc())
        .limit(limit.get())
        .select((Message::as_select(), headline(query)))
        .load::<(Message, Option<String>)>(conn)?;
    if rows.is_empty() && !diesel::select(exists(membership)).get_result(conn)? {
        return Err(Error::Refused(SearchRefused::NotAMember));
    }
    Ok(rows.into_iter().map(hit).collect())
}

/// The query as the database takes it. A NUL would be its error, and no message has one; so would be 33 signs of
/// negation in a row, and two mean as much.
fn check(query: &str) -> Result<String, Error<SearchRefused>> {
    if query.chars().nth(MAX_QUERY).is_some() {
        return Err(Error::Refused(SearchRefused::QueryTooLong));
    }
    let mut negations = 0;
    let taken = query.chars().filter(|character| {
        negations = match character {
            '-' => negations + 1,
            // What websearch_to_tsquery passes over.
            '!' | '&' | '|' | '(' | ')' | '<' | '\0' => negations,
            blank if blank.is_whitespace() => negations,
            _ => 0,
        };
        *character != '-' || negations <= 2
    });
    Ok(taken.map(|character| if character == '\0' { ' ' } else { character }).collect())
}

// What was deleted has no content, and is not in the index.
#[allow(clippy::elidable_lifetime_names, reason = "auto_type needs the name")]
#[auto_type]
fn is_hit<'a>(chat_id: ChatId, query: &'a str) -> _ {
    let system: MessageKind = MessageKind::System;
    let pattern = chat_query_pattern(websearch_to_tsquery(Messenger, query));
    let indexed = chat_words(messages::chat_id, to_tsvector(Messenger, messages::content));
    let found = matches(indexed, chat_query(chat_id, pattern));
    let decided = chat_query_decides(websearch_to_tsquery(Messenger, query));
    let asked = matches(to_tsvector(Messenger, messages::content), websearch_to_tsquery(Messenger, query));
    found.and(decided.or(asked)).and(messages::kind.ne(system))
}

// PostgreSQL sees that it is expensive and computes it after the limit, for the rows of the page only.
#[allow(clippy::elidable_lifetime_names, reason = "auto_type needs the name")]
#[auto_type]
fn headline<'a>(query: &'a str) -> _ {
    let (replaced, replacement): (&'static str, &'static str) = (REPLACED, REPLACEMENT);
    let options: &'static str = OPTIONS;
    let content = translate(messages::content, replaced, replacement);
    let wanted = websearch_to_tsquery(Messenger, query);
    ts_headline(Messenger, content, wanted, options)
}

fn hit((message, headline): (Message, Option<String>)) -> Hit {
    Hit { highlight: Highlight::parse(headline.as_deref().unwrap_or_default()), message }
}

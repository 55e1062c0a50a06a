//! Reactions to messages: each emoji once, as long as the message is there.

mod emoji;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};

use super::profile::{self, Profile, seen_by};
use super::statement::statement;
use super::{atomic, nul_character};
use crate::actor::Actor;
use crate::cursor::{self, place};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::page::Limit;
use crate::queries::predicates::is_member;
use crate::queries::visibility::{MemberSees, SeesReaction};
use crate::schema::{chat_participants, message_reactions, messages, users};
use crate::seq::Seq;
use crate::version::Version;
use crate::views::presence_entries;

/// Why a reaction was not given, taken back or shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReactionRefused {
    /// The user is not a member of the chat now, or there is no such chat.
    #[error("the user is not a member of the chat")]
    NotAMember,
    /// The chat has no such message, or it was deleted.
    #[error("there is no such message in the chat")]
    MessageNotFound,
    /// In a direct chat, the user has blocked the other.
    #[error("the user has blocked the other")]
    Blocked,
    /// In a direct chat, the other has closed the account, or has blocked the user: it is not told which.
    #[error("the other cannot be reached")]
    Unreachable,
    /// It is no emoji of Unicode's list, nor the `:name:` of one of the service's own.
    #[error("it is no emoji")]
    EmojiRefused,
    /// The user has given the message 20 reactions.
    #[error("a member gives a message at most 20 reactions")]
    TooMany,
}

refusals! { ReactionRefused {
    NotAMember: Forbidden = "not_a_member" if "message_reactions_user_is_participant_fkey",
    MessageNotFound: NotFound = "message_not_found" if "message_reactions_message_fkey",
    Blocked: Forbidden = "blocked",
    Unreachable: Forbidden = "unreachable",
    EmojiRefused: Invalid = "emoji_invalid" if "message_reactions_emoji_check",
    TooMany: Conflict = "too_many_reactions" if "message_reactions_of_one_check",
} }

/// A message's reactions, after a reaction was given or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Changed {
    /// Whether anything changed: the same reaction twice is one.
    pub changed: bool,
    /// The version of the chat then. Of two of these about one message, the one with the larger version is the later.
    pub version: Version,
    /// The 20 most frequent reactions to the message then, the one that was first given first.
    pub reactions: Vec<Count>,
}

/// How often an emoji was given to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Count {
    /// The emoji.
    pub emoji: String,
    /// How many gave it.
    pub count: i64,
}

/// Somebody who reacted to a message.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reactor {
    /// Who.
    pub profile: Profile,
    /// With which emoji.
    pub emoji: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Where a page of reactions ended, and the next begins.
pub type Cursor = cursor::Cursor<Place>;

place! {
    /// The last reaction of a page.
    Place = 4 { created_at: DateTime<Utc>, user_id: UserId, emoji: String }
}

impl Reactor {
    /// The cursor of a page that ends with this reaction.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor::new(Place { created_at: self.created_at, user_id: self.profile.id, emoji: self.emoji.clone() })
    }
}

/// A member reacts to a message with an emoji. Gives the message's reactions then, and whether this one is new.
///
/// An emoji is one of Unicode's list, with or without U+FE0F, which is one and the same; or the `:name:` of one of the
/// service's own, `A-Za-z0-9_+-` between colons, at most 64 bytes. A member gives a message at most 20.
///
/// A reaction and the deletion of its message do not pass each other: whichever comes second waits, and a message that
/// was deleted gets none.
///
/// One round trip, which is a transaction of its own: the function `change_reaction`. It locks the head, once it is known
/// that the member may. Indexes: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](ReactionRefused::NotAMember): the user is not a member of the chat now, or there is no such chat.
/// * [`MessageNotFound`](ReactionRefused::MessageNotFound): the chat has no such message, or it was deleted.
/// * [`Blocked`](ReactionRefused::Blocked): in a direct chat, the user has blocked the other.
/// * [`Unreachable`](ReactionRefused::Unreachable): in a direct chat, the other has closed the account, or has blocked
///   the user: it is not told which.
/// * [`TooMany`](ReactionRefused::TooMany): the user has given the message 20 reactions.
/// * [`EmojiRefused`](ReactionRefused::EmojiRefused): it is no emoji of Unicode's list, nor the `:name:` of
///   one of the service's own.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::{messages, reactions};
///
/// let seq = messages::send(conn, anna, chat, &messages::Draft::text("We made it!"))?.message.seq;
/// assert!(reactions::add(conn, bob, chat, seq, "🎉")?.changed);
/// assert!(!reactions::add(conn, bob, chat, seq, "🎉")?.changed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn add(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
    emoji: &str,
) -> Result<Changed, Error<ReactionRefused>> {
    change(conn, actor, chat_id, seq, emoji, true)
}

/// A member takes a reaction of their own back. Gives the message's reactions then, and whether there was one.
///
/// One round trip, like [`add`]. Indexes: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](ReactionRefused::NotAMember): the user is not a member of the chat now, or there is no such chat.
/// * [`MessageNotFound`](ReactionRefused::MessageNotFound): the chat has no such message, or it was deleted.
/// * [`EmojiRefused`](ReactionRefused::EmojiRefused): it is no emoji of Unicode's list, nor the `:name:` of
///   one of the service's own.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::{messages, reactions};
///
/// let seq = messages::send(conn, anna, chat, &messages::Draft::text("We made it!"))?.message.seq;
/// reactions::add(conn, bob, chat, seq, "🎉")?;
/// assert!(reactions::remove(conn, bob, chat, seq, "🎉")?.changed);
/// assert!(!reactions::remove(conn, bob, chat, seq, "🎉")?.changed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn remove(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
    emoji: &str,
) -> Result<Changed, Error<ReactionRefused>> {
    change(conn, actor, chat_id, seq, emoji, false)
}

statement! {
    /// What came of it, the version of the chat, and the emojis with their counts.
    ChangeReaction {
        chat_id: ChatId as sql::ChatId,
        user_id: UserId as sql::UserId,
        seq: Seq as BigInt,
        emoji: String as Text,
        is_given: bool as Bool,
    } -> (Text, Nullable<BigInt>, Nullable<Array<Text>>, Nullable<Array<BigInt>>) = "change.sql"
}

type Outcome = (String, Option<Version>, Option<Vec<String>>, Option<Vec<i64>>);

fn change(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
    emoji: &str,
    is_given: bool,
) -> Result<Changed, Error<ReactionRefused>> {
    let emoji = emoji::canonical(emoji).ok_or(Error::Refused(ReactionRefused::EmojiRefused))?.into_owned();
    let changing = ChangeReaction { chat_id, user_id: actor.user_id(), seq, emoji, is_given };
    atomic::statement(conn, |conn| {
        let (outcome, version, emojis, counts) = changing.get_result::<Outcome>(conn)?;
        let changed = match outcome.as_str() {
            "changed" => true,
            "unchanged" => false,
            "not_found" => return Err(Error::Refused(ReactionRefused::MessageNotFound)),
            "unreachable" => return Err(Error::Refused(ReactionRefused::Unreachable)),
            "blocked" => return Err(Error::Refused(ReactionRefused::Blocked)),
            _ => return Err(Error::Refused(ReactionRefused::NotAMember)),
        };
        let reactions = emojis.unwrap_or_default().into_iter().zip(counts.unwrap_or_default());
        Ok(Changed {
            changed,
            version: version.unwrap_or(Version::ZERO),
            reactions: reactions.map(|(emoji, count)| Count { emoji, count }).collect(),
        })
    })
}

/// Who reacted to a message, and how: in the order in which they did, and of one instant by user, then emoji.
///
/// With an emoji, who reacted with that one. `after` is the [cursor](Reactor::cursor) of the last reaction that the
/// reader has.
///
/// One statement, which locks nothing; one more when it finds nothing, to find out why. Indexes:
/// `message_reactions_pkey`, `users_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](ReactionRefused::NotAMember): the user is not a member of the chat now, or there is no such chat.
/// * [`MessageNotFound`](ReactionRefused::MessageNotFound): the chat has no such message, or it was deleted.
/// * [`EmojiRefused`](ReactionRefused::EmojiRefused): it is no emoji of Unicode's list, nor the `:name:` of
///   one of the service's own.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{messages, reactions};
///
/// let seq = messages::send(conn, anna, chat, &messages::Draft::text("We made it!"))?.message.seq;
/// reactions::add(conn, bob, chat, seq, "🎉")?;
/// let reactors = reactions::list(conn, anna, chat, seq, None, None, Limit::default())?;
/// assert_eq!((reactors[0].profile.id, reactors[0].emoji.as_str()), (bob.user_id(), "🎉"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
    emoji: Option<&str>,
    after: Option<&Cursor>,
    limit: Limit,
) -> Result<Vec<Reactor>, Error<ReactionRefused>> {
    let reader = actor.user_id();
    let emoji = match emoji.map(emoji::canonical) {
        None => None,
        Some(Some(emoji)) => Some(emoji),
        Some(None) => return Err(Error::Refused(ReactionRefused::EmojiRefused)),
    };
    if nul_character::in_any([after.map(|cursor| cursor.place().emoji.as_str())]) {
        return Err(Error::Refused(ReactionRefused::EmojiRefused));
    }
    let mut page = message_reactions::table
        .inner_join(users::table.on(users::id.eq(message_reactions::user_id)))
        .left_join(presence_entries::table.on(presence_entries::user_id.eq(users::id)))
        .filter(message_reactions::chat_id.eq(chat_id).and(message_reactions::message_seq.eq(seq)))
        .filter(SeesReaction { chat_id, reader })
        .order((message_reactions::created_at, message_reactions::user_id, message_reactions::emoji))
        .limit(limit.get())
        .select((seen_by(reader), message_reactions::emoji, message_reactions::created_at))
        .into_boxed();
    if let Some(emoji) = emoji {
        page = page.filter(message_reactions::emoji.eq(emoji.into_owned()));
    }
    if let Some(Place { created_at, user_id, emoji }) = after.map(Cursor::place) {
        let later = message_reactions::created_at.gt(created_at);
        let same = message_reactions::created_at.eq(created_at);
        let by_later_user = message_reactions::user_id.gt(user_id);
        let by_same_user = message_reactions::user_id.eq(user_id).and(message_reactions::emoji.gt(emoji));
        page = page.filter(later.or(same.and(by_later_user.or(by_same_user))));
    }
    let mut page: Vec<Reactor> = page.load(conn)?;
    profile::complete(conn, page.iter_mut().map(|reactor| &mut reactor.profile))?;
    if page.is_empty() {
        is_there(conn, chat_id, reader, seq)?;
    }
    Ok(page)
}

/// Refuses whoever is not a member, and a message that is not there.
fn is_there(conn: &mut PgConnection, chat_id: ChatId, user_id: UserId, seq: Seq) -> Result<(), Error<ReactionRefused>> {
    let of_chat = messages::chat_id
        .eq(chat_participants::chat_id)
        .and(messages::seq.eq(seq))
        .and(messages::deleted_at.is_null())
        .and(MemberSees);
    chat_participants::table
        .left_join(messages::table.on(of_chat))
        .filter(is_member(chat_id, user_id))
        .select(messages::seq.nullable())
        .first::<Option<Seq>>(conn)
        .optional()?
        .ok_or(Error::Refused(ReactionRefused::NotAMember))?
        .ok_or(Error::Refused(ReactionRefused::MessageNotFound))?;
    Ok(())
}

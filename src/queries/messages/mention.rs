//! Names members in a message, and tells who is named.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::send::SendRefused;
use crate::actor::Actor;
use crate::error::Error;
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::page::Limit;
use crate::queries::statement::statement;
use crate::queries::visibility::SeesMention;
use crate::schema::message_mentions;
use crate::seq::Seq;

/// The most members that a message names.
const MOST: usize = 50;

statement! {
    /// Those of the named who are members now.
    Mention {
        chat_id: ChatId as sql::ChatId,
        seq: Seq as BigInt,
        users: Vec<UserId> as Array<sql::UserId>,
    } -> (sql::UserId,) = "mention.sql"
}

/// Whether these are more than a message names.
pub(super) fn are_too_many(sender: UserId, mentions: &[UserId]) -> bool {
    mentions.len() > MOST && named(sender, mentions).len() > MOST
}

/// Each of them once, without the sender, in the order of their ids.
fn named(sender: UserId, mentions: &[UserId]) -> Vec<UserId> {
    let mut users: Vec<_> = mentions.iter().copied().filter(|user| *user != sender).collect();
    users.sort_unstable();
    users.dedup();
    users
}

/// Names these members, in the transaction of the send that numbered the message; refused if one of them is no member.
pub(super) fn mention(
    conn: &mut PgConnection,
    chat_id: ChatId,
    seq: Seq,
    sender: UserId,
    mentions: &[UserId],
) -> Result<(), Error<SendRefused>> {
    let users = named(sender, mentions);
    if users.is_empty() {
        return Ok(());
    }
    let count = users.len();
    let named: Vec<(UserId,)> = Mention { chat_id, seq, users }.load(conn)?;
    if named.len() == count { Ok(()) } else { Err(Error::Refused(SendRefused::MentionNotAMember)) }
}

/// Whom a message names, in the order of their ids: 50 at most. A deleted message names nobody. Empty, too, for whoever is
/// no member of the chat now.
///
/// One statement, which locks nothing. Indexes: `message_mentions_pkey`, `chat_participants_pkey`.
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::messages::{self, Draft};
///
/// let draft = Draft::text("Bob, are you there?").mentioning(vec![bob.user_id()]);
/// let seq = messages::send(conn, anna, chat, &draft)?.message.seq;
/// assert_eq!(messages::all_mentioned(conn, anna, chat, seq)?, [bob.user_id()]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all_mentioned(conn: &mut PgConnection, actor: Actor, chat_id: ChatId, seq: Seq) -> QueryResult<Vec<UserId>> {
    message_mentions::table
        .filter(message_mentions::chat_id.eq(chat_id).and(message_mentions::message_seq.eq(seq)))
        .filter(SeesMention { chat_id, reader: actor.user_id() })
        .order(message_mentions::user_id)
        .select(message_mentions::user_id)
        .load(conn)
}

/// The messages of a chat that name the actor, the earliest first: for jumping from one to the next. The messages
/// themselves are [`history`](crate::queries::history)'s. Empty for whoever is no member now.
///
/// `after` is the seq of the last that the reader has, or has read; without it, the page begins at the first message.
///
/// One statement, which locks nothing. Indexes: `message_mentions_user_idx`, `chat_participants_pkey`.
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::messages::{self, Draft};
///
/// let draft = Draft::text("Bob, are you there?").mentioning(vec![bob.user_id()]);
/// let seq = messages::send(conn, anna, chat, &draft)?.message.seq;
/// assert_eq!(messages::list_mentions(conn, bob, chat, None, Limit::default())?, [seq]);
/// assert_eq!(messages::list_mentions(conn, bob, chat, Some(seq), Limit::default())?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list_mentions(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    after: Option<Seq>,
    limit: Limit,
) -> QueryResult<Vec<Seq>> {
    let user_id = actor.user_id();
    message_mentions::table
        .filter(message_mentions::chat_id.eq(chat_id).and(message_mentions::user_id.eq(user_id)))
        .filter(message_mentions::message_seq.gt(after.unwrap_or(Seq::ZERO)))
        .filter(SeesMention { chat_id, reader: user_id })
        .order(message_mentions::message_seq)
        .limit(limit.get())
        .select(message_mentions::message_seq)
        .load(conn)
}

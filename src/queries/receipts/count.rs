//! Counts who received and who read the messages of a page.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::super::statement::statement;
use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types};
use crate::page::Limit;
use crate::queries::predicates::membership;
use crate::seq::Seq;

/// How far a message got with those it was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counts {
    /// The message's number in its chat.
    pub seq: Seq,
    /// To how many it was sent: who was a member then, but for the sender.
    pub recipients: i64,
    /// How many of them received it, whether or not they read it.
    pub delivered: i64,
    /// How many of them read it.
    pub read: i64,
}

/// Why nothing was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CountRefused {
    /// The reader is not a member of the chat now, or there is no such chat.
    #[error("the reader is not a member of the chat")]
    NotAMember,
}

refusals! { CountRefused {
    NotAMember: Forbidden = "not_a_member",
} }

// SQL text, because Diesel's DSL has no `WITH`, and without it every message is compared with every member: in a chat
// of 300, a page of 50 costs several times as much.
statement! {
    PageCounts {
        chat_id: ChatId as sql_types::ChatId,
        reader: UserId as sql_types::UserId,
        first: Seq as BigInt,
        last: Seq as BigInt,
    } -> (BigInt, BigInt, BigInt, BigInt) = "count.sql"
}

/// How many received and read each message of a page, from the first seq to the last, in the chat's order. Of more
/// than 100 messages, the first 100.
///
/// It is what [`all`](super::all) says of each of them to the actor, counted, in one statement for the whole page.
///
/// One statement, which locks nothing; one more when it finds nothing, to find out why. Indexes: `messages_pkey`,
/// `chat_participants_pkey`, `unread_messages_pkey`, `users_pkey`, `blocks_pkey`, `contacts_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](CountRefused::NotAMember): the reader is not a member of the chat now, or there is no such chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::{messages, receipts};
/// use messenger_db::seq::Seq;
///
/// for words in ["Hello!", "Are you there?"] {
///     messages::send(conn, anna, chat, &messages::Draft::text(words))?;
/// }
/// receipts::mark_delivered(conn, bob, chat, Seq::new(2))?;
/// receipts::mark_read(conn, bob, chat, Seq::FIRST)?;
/// let counts = receipts::count(conn, anna, chat, Seq::FIRST, Seq::new(2))?;
/// assert_eq!((counts[0].recipients, counts[0].delivered, counts[0].read), (1, 1, 1));
/// assert_eq!((counts[1].recipients, counts[1].delivered, counts[1].read), (1, 1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn count(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    first: Seq,
    last: Seq,
) -> Result<Vec<Counts>, Error<CountRefused>> {
    let reader = actor.user_id();
    // Seqs begin at 1; the statement subtracts from the first.
    let first = first.max(Seq::FIRST);
    let last = last.min(first.forward(Limit::MAX.get() - 1));
    let counts = PageCounts { chat_id, reader, first, last }.load::<Counts>(conn)?;
    if counts.is_empty() {
        let membership = membership(chat_id, reader);
        if !diesel::select(exists(membership)).get_result(conn)? {
            return Err(Error::Refused(CountRefused::NotAMember));
        }
    }
    Ok(counts)
}

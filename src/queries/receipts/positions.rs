//! Gives how far each member of a chat has received and read it.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::super::statement::statement;
use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types};
use crate::seq::Seq;

/// How far a member has received and read a chat. Both only grow while they are a member: of two of these, the larger
/// wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Position {
    /// Who.
    pub user_id: UserId,
    /// Up to which message they have received it.
    pub last_delivered_seq: Seq,
    /// Up to which message they have read it.
    pub last_read_seq: Seq,
}

/// Why positions were not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PositionsRefused {
    /// The reader is not a member of the chat now, or there is no such chat.
    #[error("the reader is not a member of the chat")]
    NotAMember,
}

refusals! { PositionsRefused {
    NotAMember: Forbidden = "not_a_member",
} }

statement! {
    Positions {
        chat_id: ChatId as sql_types::ChatId,
        reader: UserId as sql_types::UserId,
    } -> (sql_types::UserId, BigInt, BigInt) = "positions.sql"
}

/// How far each member of a chat has received and read it, in the order of their ids; 300 at most. What a device asks when
/// it shows a chat, to draw the ticks of all messages: it asks nothing more for each message.
///
/// Any member may. A member who has blocked the actor stands where they stood then. Of one who does not
/// show the actor what they read ([`privacy`](crate::queries::privacy)), or is not shown it by the actor, it is not told what they
/// have read: 0.
///
/// One statement, which locks nothing. Indexes: `chat_participants_pkey`, `unread_messages_pkey`, `users_pkey`, `blocks_pkey`,
/// `contacts_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](PositionsRefused::NotAMember): the reader is not a member of the chat now, or there is no such chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::{messages, receipts};
///
/// let seq = messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?.message.seq;
/// receipts::mark_read(conn, bob, chat, seq)?;
/// assert!(receipts::positions(conn, anna, chat)?.iter().all(|position| position.last_read_seq == seq));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn positions(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
) -> Result<Vec<Position>, Error<PositionsRefused>> {
    let reader = actor.user_id();
    let positions: Vec<Position> = Positions { chat_id, reader }.load(conn)?;
    // The reader is one of them.
    if positions.is_empty() { Err(Error::Refused(PositionsRefused::NotAMember)) } else { Ok(positions) }
}

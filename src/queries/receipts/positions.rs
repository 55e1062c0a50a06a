//! Gives how far each member of a chat has received and read it.

use diesel::dsl::{case_when, exists};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::queries::predicates::is_member_of;
use crate::schema::{blocks, chat_participants, unread_messages};
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

/// How far each member of a chat has received and read it, in the order of their ids; 300 at most. What a device asks when
/// it shows a chat, to draw the ticks of all messages: it asks nothing more for each message.
///
/// Any member may. Of a member who has blocked the actor, it is not told what they have read: 0.
///
/// One statement, which locks nothing. Indexes: `chat_participants_pkey`, `unread_messages_pkey`, `blocks_pkey`.
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
    let own = diesel::alias!(unread_messages as own);
    let is_reader = own
        .filter(own.field(unread_messages::user_id).eq(reader))
        .filter(own.field(unread_messages::chat_id).eq(chat_id));
    let has_blocked = blocks::table
        .filter(blocks::blocker_id.eq(chat_participants::user_id).and(blocks::blocked_id.eq(reader)))
        .select(blocks::blocker_id);
    let read = case_when(exists(has_blocked), 0_i64.into_sql::<BigInt>()).otherwise(unread_messages::last_read_seq);
    let positions: Vec<Position> = chat_participants::table
        .inner_join(
            unread_messages::table
                .on(unread_messages::user_id.eq(chat_participants::user_id).and(unread_messages::chat_id.eq(chat_id))),
        )
        .filter(is_member_of(chat_id))
        .filter(exists(is_reader))
        .order(chat_participants::user_id)
        .select((chat_participants::user_id, unread_messages::last_delivered_seq, read))
        .load(conn)?;
    // The reader is one of them.
    if positions.is_empty() { Err(Error::Refused(PositionsRefused::NotAMember)) } else { Ok(positions) }
}

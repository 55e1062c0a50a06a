//! Gives how far a message got with each of its recipients.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::actor::Actor;
use crate::enums::DeliveryStatus;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::queries::predicates::is_member;
use crate::schema::{blocks, chat_participants, messages};
use crate::seq::Seq;
use crate::views::message_receipts;

/// How far a message got with one of its recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Receipt {
    /// The recipient.
    pub user_id: UserId,
    /// How far it got.
    pub status: DeliveryStatus,
    /// When it was received; `None` while it is pending.
    pub delivered_at: Option<DateTime<Utc>>,
    /// When it was read; `None`: not yet.
    pub read_at: Option<DateTime<Utc>>,
}

/// Why receipts were not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptsRefused {
    /// The reader is not a member of the chat now, or there is no such chat.
    #[error("the reader is not a member of the chat")]
    NotAMember,
    /// The chat has no such message.
    #[error("there is no such message in the chat")]
    MessageNotFound,
}

refusals! { ReceiptsRefused {
    NotAMember: Forbidden = "not_a_member",
    MessageNotFound: NotFound = "message_not_found",
} }

/// Each recipient of a message, how far it got with them, and when: who read it first, then who received it first,
/// then by user.
///
/// Recipients are those who were members when it was sent, but for the sender; of a system message, all of them. Who
/// left since is still there; who joined again since is not, because they begin anew.
///
/// One statement, which locks nothing. Indexes: `messages_pkey`, `chat_participants_pkey`, and for each recipient
/// `message_delivery_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](ReceiptsRefused::NotAMember): the reader is not a member of the chat now, or there is no such
///   chat.
/// * [`MessageNotFound`](ReceiptsRefused::MessageNotFound): the chat has no such message.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::enums::DeliveryStatus;
/// use messenger_db::queries::{messages, receipts};
///
/// let seq = messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?.message.seq;
/// receipts::mark_read(conn, bob, chat, seq)?;
/// let receipts = receipts::all(conn, anna, chat, seq)?;
/// assert_eq!((receipts[0].user_id, receipts[0].status), (bob.user_id(), DeliveryStatus::Read));
/// assert!(receipts[0].read_at.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
) -> Result<Vec<Receipt>, Error<ReceiptsRefused>> {
    let reader = actor.user_id();
    let of_chat = messages::chat_id.eq(chat_participants::chat_id).and(messages::seq.eq(seq));
    let of_message =
        message_receipts::chat_id.eq(messages::chat_id).and(message_receipts::message_seq.eq(messages::seq));
    let rows = chat_participants::table
        .left_join(messages::table.on(of_chat))
        .left_join(message_receipts::table.on(of_message))
        .filter(is_member(chat_id, reader))
        .order((
            message_receipts::read_at.asc().nulls_last(),
            message_receipts::delivered_at.asc().nulls_last(),
            message_receipts::user_id,
        ))
        .select((
            messages::seq.nullable(),
            (
                message_receipts::user_id,
                message_receipts::status,
                message_receipts::delivered_at,
                message_receipts::read_at,
            )
                .nullable(),
        ))
        .load::<(Option<Seq>, Option<Receipt>)>(conn)?;
    match rows.first() {
        None => Err(Error::Refused(ReceiptsRefused::NotAMember)),
        Some((None, _)) => Err(Error::Refused(ReceiptsRefused::MessageNotFound)),
        Some(_) => Ok(veil(conn, reader, rows.into_iter().filter_map(|(_, receipt)| receipt).collect())?),
    }
}

/// Without what those who have blocked the reader have read: they have received it, as far as the reader learns.
fn veil(conn: &mut PgConnection, reader: UserId, mut receipts: Vec<Receipt>) -> QueryResult<Vec<Receipt>> {
    let read: Vec<UserId> =
        receipts.iter().filter(|receipt| receipt.read_at.is_some()).map(|receipt| receipt.user_id).collect();
    if read.is_empty() {
        return Ok(receipts);
    }
    let blockers: Vec<UserId> = blocks::table
        .filter(blocks::blocker_id.eq_any(read).and(blocks::blocked_id.eq(reader)))
        .select(blocks::blocker_id)
        .load(conn)?;
    if blockers.is_empty() {
        return Ok(receipts);
    }
    for receipt in receipts.iter_mut().filter(|receipt| blockers.contains(&receipt.user_id)) {
        (receipt.status, receipt.read_at) = (DeliveryStatus::Delivered, None);
    }
    // In the order of the statement, which would tell otherwise.
    let last_is_none = |time: Option<DateTime<Utc>>| (time.is_none(), time);
    receipts
        .sort_by_key(|receipt| (last_is_none(receipt.read_at), last_is_none(receipt.delivered_at), receipt.user_id));
    Ok(receipts)
}

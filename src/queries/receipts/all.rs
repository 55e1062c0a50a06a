//! Gives how far a message got with each of its recipients.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Timestamptz};

use super::super::statement::statement;

use crate::actor::Actor;
use crate::enums::DeliveryStatus;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types};
use crate::queries::predicates::is_member;
use crate::queries::visibility::MemberSees;
use crate::schema::{chat_participants, messages};
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

impl Receipt {
    const fn pending(user_id: UserId) -> Self {
        Self { user_id, status: DeliveryStatus::Pending, delivered_at: None, read_at: None }
    }
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
/// The members may. Who has blocked the actor has received nothing since, as far as the actor learns; who does not show the actor
/// what they read ([`privacy`](crate::queries::privacy)), or is not shown it by the actor, has not read it.
///
/// Two statements, which lock nothing; the second only when somebody has received it. Indexes: `messages_pkey`,
/// `chat_participants_pkey`, `users_pkey`, `blocks_pkey`, `contacts_pkey`, and for each recipient `message_delivery_pkey`.
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
    let of_chat = messages::chat_id.eq(chat_participants::chat_id).and(messages::seq.eq(seq)).and(MemberSees);
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

statement! {
    /// Whose reading the reader does not see by choice, and who has blocked the reader, since when.
    Hidden {
        reader: UserId as sql_types::UserId,
        users: Vec<UserId> as Array<sql_types::UserId>,
    } -> (sql_types::UserId, Bool, Nullable<Timestamptz>) = "hidden.sql"
}

/// Without what is not shown to the reader: of who has blocked them, anything since; of others, that they have read.
fn veil(conn: &mut PgConnection, reader: UserId, mut receipts: Vec<Receipt>) -> QueryResult<Vec<Receipt>> {
    let users: Vec<UserId> = receipts
        .iter()
        .filter(|receipt| receipt.delivered_at.is_some() && receipt.user_id != reader)
        .map(|receipt| receipt.user_id)
        .collect();
    if users.is_empty() {
        return Ok(receipts);
    }
    let hidden: Vec<(UserId, bool, Option<DateTime<Utc>>)> = Hidden { reader, users }.load(conn)?;
    let hidden: HashMap<_, _> = hidden.into_iter().map(|(user, chosen, blocked)| (user, (chosen, blocked))).collect();
    if hidden.is_empty() {
        return Ok(receipts);
    }
    for receipt in &mut receipts {
        let Some(&(is_hidden, blocked_at)) = hidden.get(&receipt.user_id) else { continue };
        let is_since =
            |time: Option<DateTime<Utc>>| blocked_at.is_some_and(|blocked| time.is_some_and(|time| time > blocked));
        if is_since(receipt.delivered_at) {
            *receipt = Receipt::pending(receipt.user_id);
        } else if receipt.read_at.is_some() && (is_hidden || is_since(receipt.read_at)) {
            (receipt.status, receipt.read_at) = (DeliveryStatus::Delivered, None);
        }
    }
    // In the order of the statement, which would tell otherwise.
    let last_is_none = |time: Option<DateTime<Utc>>| (time.is_none(), time);
    receipts
        .sort_by_key(|receipt| (last_is_none(receipt.read_at), last_is_none(receipt.delivered_at), receipt.user_id));
    Ok(receipts)
}

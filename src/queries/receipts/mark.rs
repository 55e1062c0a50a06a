//! Marks as received or read: up to a message, in one statement, and never backwards.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::super::durability;
use super::super::statement::statement;
use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types};
use crate::seq::Seq;

/// What an operation of marking changed: the messages after `after_seq`, up to `through_seq`. None when the two are the
/// same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Marked {
    /// Where the member was before.
    pub after_seq: Seq,
    /// Where the member is now.
    pub through_seq: Seq,
    /// Up to which message the member had received before. Marking as read receives too.
    pub delivered_after_seq: Seq,
    /// Up to which message the member has received now.
    pub delivered_through_seq: Seq,
}

impl Marked {
    /// Whether nothing changed: everything up to the message was marked before.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.after_seq.get() == self.through_seq.get()
    }
}

/// Why messages were not marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MarkRefused {
    /// The user is not a member of the chat now, or there is no such chat.
    #[error("the user is not a member of the chat")]
    NotAMember,
}

refusals! { MarkRefused {
    NotAMember: Forbidden = "not_a_member",
} }

statement! {
    /// Where the user was and is.
    MarkDelivered {
        chat_id: ChatId as sql_types::ChatId,
        user_id: UserId as sql_types::UserId,
        seq: Seq as BigInt,
        is_alone: bool as Bool,
    } -> (Nullable<BigInt>, Nullable<BigInt>, Nullable<Text>) = "mark_delivered.sql"
}

statement! {
    /// Where the user was and is, in what was read and in what was received.
    MarkRead {
        chat_id: ChatId as sql_types::ChatId,
        user_id: UserId as sql_types::UserId,
        seq: Seq as BigInt,
        is_alone: bool as Bool,
    } -> (Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<Text>) = "mark_read.sql"
}

/// A device of a member has received everything up to a message; beyond the newest message, up to that one.
///
/// What another device, or an earlier call, has marked stays as it is, with its time: two devices at once mark what
/// one of them would have marked.
///
/// One round trip, which is a transaction of its own: a function of the database. It locks the member's own position, and
/// nothing when there is nothing to move. Indexes: `unread_messages_pkey`, `chat_heads_pkey`; the update of the position is
/// HOT.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](MarkRefused::NotAMember): the user is not a member of the chat now, or there is no such chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::enums::DeliveryStatus;
/// use messenger_db::queries::{messages, receipts};
///
/// let seq = messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?.message.seq;
/// receipts::mark_delivered(conn, bob, chat, seq)?;
/// assert_eq!(receipts::all(conn, anna, chat, seq)?[0].status, DeliveryStatus::Delivered);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mark_delivered(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
) -> Result<Marked, Error<MarkRefused>> {
    let marking = MarkDelivered { chat_id, user_id: actor.user_id(), seq, is_alone: durability::is_alone(conn) };
    match marking.get_result::<(Option<Seq>, Option<Seq>, Option<String>)>(conn)? {
        (Some(after_seq), Some(through_seq), _) => {
            Ok(Marked { after_seq, through_seq, delivered_after_seq: after_seq, delivered_through_seq: through_seq })
        }
        _ => Err(Error::Refused(MarkRefused::NotAMember)),
    }
}

/// A member has read everything up to a message; beyond the newest message, up to that one. What was not received
/// before is received now too.
///
/// What another device, or an earlier call, has marked stays as it is, with its time: two devices at once mark what
/// one of them would have marked. Costs the same however much was unread.
///
/// One round trip, which is a transaction of its own: a function of the database. It locks the member's own position, and
/// nothing when there is nothing to move. Indexes: `unread_messages_pkey`, `chat_heads_pkey`, `message_delivery_pkey`; the
/// update of the position is HOT.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](MarkRefused::NotAMember): the user is not a member of the chat now, or there is no such chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::{messages, receipts, unread};
/// use messenger_db::seq::Seq;
///
/// for words in ["Hello!", "Are you there?"] {
///     messages::send(conn, anna, chat, &messages::Draft::text(words))?;
/// }
/// let marked = receipts::mark_read(conn, bob, chat, Seq::new(2))?;
/// assert_eq!((marked.after_seq, marked.through_seq), (Seq::ZERO, Seq::new(2)));
/// assert_eq!(unread::total(conn, bob)?, 0);
///
/// // Never backwards.
/// assert!(receipts::mark_read(conn, bob, chat, Seq::FIRST)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mark_read(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
) -> Result<Marked, Error<MarkRefused>> {
    let marking = MarkRead { chat_id, user_id: actor.user_id(), seq, is_alone: durability::is_alone(conn) };
    match marking.get_result::<(Option<Seq>, Option<Seq>, Option<Seq>, Option<Seq>, Option<String>)>(conn)? {
        (Some(after_seq), Some(through_seq), Some(delivered_after_seq), Some(delivered_through_seq), _) => {
            Ok(Marked { after_seq, through_seq, delivered_after_seq, delivered_through_seq })
        }
        _ => Err(Error::Refused(MarkRefused::NotAMember)),
    }
}

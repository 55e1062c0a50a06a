//! Marks for many callers in one statement: one round trip, and one commit, for all.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};

use super::super::durability;
use super::super::statement::statement;
use super::mark::{MarkRefused, Marked};
use crate::actor::Actor;
use crate::ids::{ChatId, UserId, sql_types};
use crate::seq::Seq;

/// Up to which message of a chat somebody has received, or read, everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub(crate) actor: Actor,
    pub(crate) chat_id: ChatId,
    seq: Seq,
    is_read: bool,
}

impl Mark {
    /// As [`mark_read`](super::mark_read).
    #[must_use]
    pub const fn read(actor: Actor, chat_id: ChatId, seq: Seq) -> Self {
        Self { actor, chat_id, seq, is_read: true }
    }

    /// As [`mark_delivered`](super::mark_delivered).
    #[must_use]
    pub const fn delivered(actor: Actor, chat_id: ChatId, seq: Seq) -> Self {
        Self { actor, chat_id, seq, is_read: false }
    }
}

statement! {
    /// Where each user was and is, in what was read or received, and in what was received.
    MarkMany {
        chat_ids: Vec<ChatId> as Array<sql_types::ChatId>,
        user_ids: Vec<UserId> as Array<sql_types::UserId>,
        seqs: Vec<Seq> as Array<BigInt>,
        are_read: Vec<bool> as Array<Bool>,
        is_alone: bool as Bool,
    } -> (BigInt, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<Text>) = "mark_many.sql"
}

type Row = (i64, Option<Seq>, Option<Seq>, Option<Seq>, Option<Seq>, Option<String>);

/// Marks as received or read, each as [`mark_read`](super::mark_read) and [`mark_delivered`](super::mark_delivered) do: what
/// each of them gives, in the order of `marks`. One that is refused does not undo the others. Each is done on behalf of its own
/// [`Actor`].
///
/// One round trip, which is a transaction of its own. Locks and indexes are those of the two; the positions are taken in the
/// order of chats and users, so that two calls that have several in common do not wait for each other in a circle.
/// [`service::Receipts`](crate::service::Receipts) collects them.
///
/// # Errors
///
/// For each mark, its [`MarkRefused`]; Diesel's error for all: then nothing was marked.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::receipts::{self, Mark};
/// use messenger_db::queries::{messages, unread};
///
/// let seq = messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?.message.seq;
/// let marked = receipts::mark_many(conn, &[Mark::delivered(bob, chat, seq), Mark::read(bob, chat, seq)])?;
/// assert!(marked.iter().all(|one| one.is_ok()));
/// assert_eq!(unread::total(conn, bob)?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mark_many(conn: &mut PgConnection, marks: &[Mark]) -> QueryResult<Vec<Result<Marked, MarkRefused>>> {
    let marking = MarkMany {
        chat_ids: marks.iter().map(|mark| mark.chat_id).collect(),
        user_ids: marks.iter().map(|mark| mark.actor.user_id()).collect(),
        seqs: marks.iter().map(|mark| mark.seq).collect(),
        are_read: marks.iter().map(|mark| mark.is_read).collect(),
        is_alone: durability::is_alone(conn),
    };
    let mut rows = marking.load::<Row>(conn)?;
    rows.sort_by_key(|(place, ..)| *place);
    let marked = rows.into_iter().map(|row| match row {
        (_, Some(after_seq), Some(through_seq), Some(delivered_after_seq), Some(delivered_through_seq), _) => {
            Ok(Marked { after_seq, through_seq, delivered_after_seq, delivered_through_seq })
        }
        _ => Err(MarkRefused::NotAMember),
    });
    Ok(marked.collect())
}

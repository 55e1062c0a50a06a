//! Deletes a message for one member, and clears a chat for one member: nobody else learns of it.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::super::statement::statement;
use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::seq::Seq;

/// How many messages of a chat a member deletes for themselves at most: 1,000.
pub const MAX_HIDDEN: usize = 1000;

/// Why a message was not deleted for the actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HideRefused {
    /// The actor is not a member of the chat now, or there is no such chat.
    #[error("the actor is not a member of the chat")]
    NotAMember,
    /// There is no such message, or the actor has cleared the chat beyond it.
    #[error("there is no such message")]
    NotFound,
    /// The actor has deleted 1,000 messages of the chat for themselves.
    #[error("the actor has deleted 1,000 messages of the chat for themselves; clear it")]
    TooMany,
}

refusals! { HideRefused {
    NotAMember: Forbidden = "not_a_member",
    NotFound: NotFound = "message_not_found",
    TooMany: Conflict = "too_many_hidden" if "chat_participants_hidden_seqs_check",
} }

/// Why a chat was not cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClearRefused {
    /// The actor is not a member of the chat now, or there is no such chat.
    #[error("the actor is not a member of the chat")]
    NotAMember,
}

refusals! { ClearRefused {
    NotAMember: Forbidden = "not_a_member",
} }

statement! {
    HideMessage {
        chat_id: ChatId as sql::ChatId,
        user_id: UserId as sql::UserId,
        seq: Seq as BigInt,
    } -> (Text,) = "hide.sql"
}

statement! {
    ClearChat {
        chat_id: ChatId as sql::ChatId,
        user_id: UserId as sql::UserId,
        through: Seq as BigInt,
    } -> (Nullable<BigInt>,) = "clear.sql"
}

/// Deletes a message for the actor alone, and says whether it was there for them: no operation that reads shows it to them any
/// more, and an answer to it quotes nothing. In the inbox, the newest message is then
/// [hidden](crate::queries::inbox::Last::is_hidden). Everybody else sees it as before. It cannot be taken back, and stays so
/// when the actor leaves and joins again.
///
/// A member may, of any message, also of the system. Who deletes it has read everything up to it. At most [`MAX_HIDDEN`] messages
/// of a chat, without those that retention has removed: [`clear`] makes room.
///
/// The actor's other devices find it in their [`changes`](crate::queries::changes::Page::hidden).
///
/// One round trip, which is a transaction of its own: the function `hide_message`. It locks the membership, the position and the
/// counter of the actor's log. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](HideRefused::NotAMember): the actor is not a member of the chat now, or there is no such chat.
/// * [`NotFound`](HideRefused::NotFound): there is no such message, or the actor has cleared the chat beyond it.
/// * [`TooMany`](HideRefused::TooMany): the actor has deleted 1,000 messages of the chat for themselves.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::messages::{self, Draft};
///
/// let seq = messages::send(conn, anna, chat, &Draft::text("Hello!"))?.message.seq;
/// assert!(messages::hide(conn, bob, chat, seq)?);
/// assert!(messages::get(conn, bob, chat, seq).is_err());
/// assert!(messages::get(conn, anna, chat, seq).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn hide(conn: &mut PgConnection, actor: Actor, chat_id: ChatId, seq: Seq) -> Result<bool, Error<HideRefused>> {
    let (outcome,) = HideMessage { chat_id, user_id: actor.user_id(), seq }.get_result::<(String,)>(conn)?;
    match outcome.as_str() {
        "changed" => Ok(true),
        "unchanged" => Ok(false),
        "not_found" => Err(Error::Refused(HideRefused::NotFound)),
        "too_many" => Err(Error::Refused(HideRefused::TooMany)),
        _ => Err(Error::Refused(HideRefused::NotAMember)),
    }
}

/// Clears a chat for the actor alone, up to a message or, beyond the newest, up to that one; and gives where history begins for the
/// actor now. No operation that reads shows them what is before. Everybody else sees it as before. It cannot be taken back, and
/// stays so when the actor leaves and joins again.
///
/// A member may, of direct chats and groups. Who clears it has read everything up to there. The chat stays in the inbox: to take
/// it out, hide it ([`chat_settings`](crate::queries::chat_settings)).
///
/// The actor's other devices find it in their [`changes`](crate::queries::changes::Page::hidden).
///
/// One round trip, which is a transaction of its own: the function `clear_chat`. It locks the membership, the position and the
/// counter of the actor's log; and writes the same however long the chat is. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](ClearRefused::NotAMember): the actor is not a member of the chat now, or there is no such chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::history;
/// use messenger_db::queries::messages::{self, Draft};
/// use messenger_db::seq::Seq;
///
/// messages::send(conn, anna, chat, &Draft::text("Hello!"))?;
/// assert_eq!(messages::clear(conn, bob, chat, Seq::MAX)?, Seq::new(2));
/// assert!(history::latest(conn, bob, chat, Limit::default())?.entries.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn clear(conn: &mut PgConnection, actor: Actor, chat_id: ChatId, through: Seq) -> Result<Seq, Error<ClearRefused>> {
    let (cleared,) = ClearChat { chat_id, user_id: actor.user_id(), through }.get_result::<(Option<Seq>,)>(conn)?;
    cleared.map(Seq::next).ok_or(Error::Refused(ClearRefused::NotAMember))
}

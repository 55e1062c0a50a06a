//! Says that what a service keeps beside a message changed: the votes of a poll, for one.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::super::atomic;
use super::super::statement::statement;
use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::seq::Seq;
use crate::version::Version;

/// Why a message was not touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TouchRefused {
    /// The actor is not a member of the chat now, or there is no such chat.
    #[error("the actor is not a member of the chat")]
    NotAMember,
    /// In a direct chat, the actor has blocked the other.
    #[error("the actor has blocked the other")]
    Blocked,
    /// In a direct chat, the other has closed the account, or has blocked the actor: it is not told which.
    #[error("the other cannot be reached")]
    Unreachable,
    /// There is no such message, or it was deleted, or the actor does not see it.
    #[error("there is no such message")]
    NotFound,
}

refusals! { TouchRefused {
    NotAMember: Forbidden = "not_a_member" if "messages_sender_is_participant_fkey",
    Blocked: Forbidden = "blocked",
    Unreachable: Forbidden = "unreachable",
    NotFound: NotFound = "message_not_found" if "messages_deleted_is_empty_check",
} }

statement! {
    /// What came of it, and the chat's version.
    TouchMessage {
        chat_id: ChatId as sql::ChatId,
        user_id: UserId as sql::UserId,
        seq: Seq as BigInt,
    } -> (Text, Nullable<BigInt>) = "touch.sql"
}

/// Says that what the service keeps beside a message in [tables of its own](crate::own_tables) changed, and gives the chat's
/// next version. Devices that were away find the message in [`changes`](crate::queries::changes), and ask for what belongs to
/// it. The message itself stays as it is, and so does its own version.
///
/// Every member who sees the message may, also of a message of the system; in a direct chat, while neither of the two blocks
/// the other.
///
/// Call it first in the transaction that writes the service's own rows. Until that ends, no membership of the chat ends, and
/// the message is not deleted. A block that comes meanwhile counts from the next call on. Two who touch messages
/// of one chat come after each other.
///
/// One round trip: the function `touch_message`. It locks the actor's account `FOR KEY SHARE`, as a foreign key to it does, and
/// then the chat's head, once it is known that the actor may. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](TouchRefused::NotAMember): the actor is not a member of the chat now, or there is no such chat.
/// * [`Blocked`](TouchRefused::Blocked): in a direct chat, the actor has blocked the other.
/// * [`Unreachable`](TouchRefused::Unreachable): in a direct chat, the other has closed the account, or has blocked the
///   actor: it is not told which.
/// * [`NotFound`](TouchRefused::NotFound): there is no such message, or it was deleted, or the actor does not see it.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use diesel::Connection;
/// use messenger_db::error::Error;
/// use messenger_db::page::Limit;
/// use messenger_db::queries::messages::{self, Draft, TouchRefused};
/// use messenger_db::queries::changes;
///
/// let poll = messages::send(conn, anna, chat, &Draft::text("Tea or coffee?"))?.message;
/// let state = changes::begin(conn, anna)?;
///
/// let version = conn.transaction(|conn| {
///     let version = messages::touch(conn, bob, chat, poll.seq)?;
///     // … insert Bob's vote into a table of the service's …
///     Ok::<_, Error<TouchRefused>>(version)
/// })?;
/// assert!(version > poll.version);
///
/// let page = changes::list(conn, anna, &state, Limit::default())?;
/// assert_eq!(page.chats[0].messages[0].message.seq, poll.seq);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn touch(conn: &mut PgConnection, actor: Actor, chat_id: ChatId, seq: Seq) -> Result<Version, Error<TouchRefused>> {
    let touching = TouchMessage { chat_id, user_id: actor.user_id(), seq };
    atomic::statement(conn, |conn| {
        let (outcome, version) = touching.get_result::<(String, Option<Version>)>(conn)?;
        match (outcome.as_str(), version) {
            ("blocked", _) => Err(Error::Refused(TouchRefused::Blocked)),
            ("unreachable", _) => Err(Error::Refused(TouchRefused::Unreachable)),
            ("not_found", _) => Err(Error::Refused(TouchRefused::NotFound)),
            (_, Some(version)) => Ok(version),
            _ => Err(Error::Refused(TouchRefused::NotAMember)),
        }
    })
}

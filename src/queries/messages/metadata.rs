//! Sets the metadata of a message after it was sent: the preview of its link, for one.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text};
use serde_json::Value;

use super::super::statement::{Columns, statement};
use super::super::{atomic, json, nul_character};
use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::models::Message;
use crate::seq::Seq;
use crate::version::Version;

/// Why the metadata of a message was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataRefused {
    /// The actor is not a member of the chat now, or there is no such chat.
    #[error("the actor is not a member of the chat")]
    NotAMember,
    /// In a direct chat, the actor has blocked the other.
    #[error("the actor has blocked the other")]
    Blocked,
    /// In a direct chat, the other has closed the account, or has blocked the actor.
    #[error("the other cannot be reached")]
    Unreachable,
    /// There is no such message, or it was deleted, or the actor does not see it.
    #[error("there is no such message")]
    NotFound,
    /// Somebody else sent it, or the system.
    #[error("only its sender may set the metadata of a message")]
    NotAllowed,
    /// The message is no longer of that version: it has other words, or other metadata.
    #[error("the message was changed meanwhile")]
    ChangedMeanwhile,
    /// The metadata is not a JSON object.
    #[error("metadata is not an object")]
    NotAnObject,
    /// The metadata is nested deeper than 100 levels: it could not be read again.
    #[error("metadata is nested deeper than 100 levels")]
    TooDeep,
    /// The metadata is larger than 16 KiB.
    #[error("metadata is larger than 16 KiB")]
    TooLarge,
    /// A text has a NUL in it, which PostgreSQL cannot store.
    #[error("a text with a NUL in it cannot be stored")]
    ContainsNul,
}

refusals! { MetadataRefused {
    NotAMember: Forbidden = "not_a_member",
    Blocked: Forbidden = "blocked",
    Unreachable: Forbidden = "unreachable",
    NotFound: NotFound = "message_not_found",
    NotAllowed: Forbidden = "not_allowed",
    ChangedMeanwhile: Conflict = "message_changed_meanwhile" if "messages_version_check",
    NotAnObject: Invalid = "metadata_not_an_object" if "messages_metadata_check",
    TooDeep: Invalid = "metadata_too_deep",
    TooLarge: Invalid = "metadata_too_large" if "messages_metadata_size_check",
    ContainsNul: Invalid = "contains_nul",
} }

statement! {
    /// What came of it, and the message.
    SetMetadata {
        chat_id: ChatId as sql::ChatId,
        sender: UserId as sql::UserId,
        seq: Seq as BigInt,
        version: Version as BigInt,
        metadata: Value as Jsonb,
    } -> (Text, Nullable<Columns<Message>>) = "metadata.sql"
}

/// Sets the metadata of a message, in place of what it had, and gives the message with its new version.
///
/// The service of its sender does it once it has what belongs to the words, such as the preview of a link. An
/// [edit](super::edit()) empties the metadata. So `version` is that of the message whose words were looked at: when they
/// were edited meanwhile, nothing is set. Members' devices find the message in [`changes`](crate::queries::changes).
///
/// Its sender may, while a member.
///
/// At most 16 KiB, as PostgreSQL writes it, and 100 levels.
///
/// One round trip, which is a transaction of its own: the function `set_message_metadata`. It locks the head and the
/// message, in this order, once it is known that the actor may. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](MetadataRefused::NotAMember): the actor is not a member of the chat now, or there is no such chat.
/// * [`Blocked`](MetadataRefused::Blocked): in a direct chat, the actor has blocked the other.
/// * [`Unreachable`](MetadataRefused::Unreachable): in a direct chat, the other has closed the account, or has blocked the
///   actor.
/// * [`NotFound`](MetadataRefused::NotFound): there is no such message, or it was deleted, or the actor does not see it.
/// * [`NotAllowed`](MetadataRefused::NotAllowed): somebody else sent it, or the system.
/// * [`ChangedMeanwhile`](MetadataRefused::ChangedMeanwhile): the message is no longer of that version: it has other
///   words, or other metadata.
/// * [`NotAnObject`](MetadataRefused::NotAnObject): the metadata is not a JSON object.
/// * [`TooDeep`](MetadataRefused::TooDeep): the metadata is nested deeper than 100 levels: it could not be read again.
/// * [`TooLarge`](MetadataRefused::TooLarge): the metadata is larger than 16 KiB.
/// * [`ContainsNul`](MetadataRefused::ContainsNul): a text has a NUL in it, which PostgreSQL cannot store.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, _, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::messages::{self, Draft};
///
/// let sent = messages::send(conn, anna, chat, &Draft::text("https://example.com"))?.message;
/// let preview = serde_json::json!({ "preview": { "title": "Example Domain" } });
/// let shown = messages::set_metadata(conn, anna, chat, sent.seq, sent.version, &preview)?;
/// assert_eq!(shown.metadata, preview);
///
/// let edited = messages::edit(conn, anna, chat, sent.seq, "Never mind")?;
/// assert_eq!(edited.metadata, serde_json::json!({}));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn set_metadata(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
    version: Version,
    metadata: &Value,
) -> Result<Message, Error<MetadataRefused>> {
    if !metadata.is_object() {
        return Err(Error::Refused(MetadataRefused::NotAnObject));
    } else if json::is_too_deep(metadata) {
        return Err(Error::Refused(MetadataRefused::TooDeep));
    } else if json::is_too_large(metadata) {
        return Err(Error::Refused(MetadataRefused::TooLarge));
    } else if nul_character::in_json(metadata) {
        return Err(Error::Refused(MetadataRefused::ContainsNul));
    }
    let setting = SetMetadata { chat_id, sender: actor.user_id(), seq, version, metadata: metadata.clone() };
    atomic::statement(conn, |conn| {
        let (outcome, message) = setting.get_result::<(String, Option<Message>)>(conn)?;
        match (outcome.as_str(), message) {
            (_, Some(message)) => Ok(message),
            ("blocked", _) => Err(Error::Refused(MetadataRefused::Blocked)),
            ("unreachable", _) => Err(Error::Refused(MetadataRefused::Unreachable)),
            ("not_found", _) => Err(Error::Refused(MetadataRefused::NotFound)),
            ("not_allowed", _) => Err(Error::Refused(MetadataRefused::NotAllowed)),
            ("edited_meanwhile", _) => Err(Error::Refused(MetadataRefused::ChangedMeanwhile)),
            _ => Err(Error::Refused(MetadataRefused::NotAMember)),
        }
    })
}

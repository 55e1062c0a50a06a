//! Deletes a message: its place stays, and nothing that was in it.

use diesel::prelude::*;
use serde_json::{Map, Value};

use super::super::{chat_versions, unused_files};
use super::access::{empty_preview, hold_head, live_message, role};
use crate::actor::Actor;
use crate::enums::{ChatChangeKind, MessageKind, ParticipantRole};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::models::{Attachment, Message};
use crate::schema::{attachments, message_edits, message_mentions, message_reactions, messages, uploads};
use crate::seq::Seq;

/// A message that was deleted.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Deleted {
    /// What is left of it.
    pub message: Message,
    /// Its pictures, which the database no longer knows. Their files are on the list of
    /// [unused files](crate::queries::unused_files), copies included.
    pub attachments: Vec<Attachment>,
}

/// Why a message was not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeleteRefused {
    /// The actor is not a member of the chat now, or there is no such chat.
    #[error("the actor is not a member of the chat")]
    NotAMember,
    /// There is no such message, or it was deleted before.
    #[error("there is no such message")]
    NotFound,
    /// Somebody else sent it, and the actor is a plain member; or it is the system's.
    #[error("only its sender, the owner and admins may delete a message, and nobody may delete a system message")]
    NotAllowed,
}

refusals! { DeleteRefused {
    NotAMember: Forbidden = "not_a_member",
    NotFound: NotFound = "message_not_found",
    NotAllowed: Forbidden = "not_allowed",
} }

/// Deletes a message: words, metadata, earlier wordings, reactions and pictures are gone; seq, sender and times stay,
/// and answers to it still point at its place. The files of its pictures are on the list of
/// [unused files](crate::queries::unused_files), until the service has deleted them.
///
/// Its sender may, while a member; in a group, the owner and admins may delete anyone's. What the system wrote stays.
/// If the message is the newest of its chat, the inbox no longer shows its words; nobody's position moves.
///
/// A transaction. It locks the head and the message, in this order, once it is known that the actor may. Whoever edits it
/// or reacts to it at the same time comes before, and is deleted too, or finds it gone. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](DeleteRefused::NotAMember): the actor is not a member of the chat now, or there is no such chat.
/// * [`NotFound`](DeleteRefused::NotFound): there is no such message, or it was deleted before, or the actor does not see it.
/// * [`NotAllowed`](DeleteRefused::NotAllowed): somebody else sent it, and the actor is a plain member; or it is the
///   system's.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob] = ["alice", "bob"].map(|name| messenger_db::doctest::user(conn, name));
/// # use messenger_db::queries::groups::{self, NewGroup};
/// use messenger_db::queries::messages::{self, Draft};
/// # let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?;
///
/// let sent = messages::send(conn, bob, group.id, &Draft::text("Oh no"))?.message;
/// let deleted = messages::delete(conn, bob, group.id, sent.seq)?.message;
/// assert_eq!((deleted.seq, deleted.content), (sent.seq, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn delete(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
) -> Result<Deleted, Error<DeleteRefused>> {
    let actor = actor.user_id();
    conn.transaction(|conn| {
        // Whoever may not is told so without a lock.
        may_delete(conn, chat_id, actor, seq)?;
        hold_head(conn, chat_id)?;
        may_delete(conn, chat_id, actor, seq)?;
        Ok(empty(conn, chat_id, seq, actor)?)
    })
}

fn may_delete(conn: &mut PgConnection, chat_id: ChatId, actor: UserId, seq: Seq) -> Result<(), Error<DeleteRefused>> {
    let Some(role) = role(conn, chat_id, actor)? else {
        return Err(Error::Refused(DeleteRefused::NotAMember));
    };
    let Some(message) = live_message(conn, chat_id, seq, actor)? else {
        return Err(Error::Refused(DeleteRefused::NotFound));
    };
    let own = message.sender_id == Some(actor);
    if message.kind == MessageKind::System || !(own || role != ParticipantRole::Member) {
        return Err(Error::Refused(DeleteRefused::NotAllowed));
    }
    Ok(())
}

/// Empties a message whose head is held.
fn empty(conn: &mut PgConnection, chat_id: ChatId, seq: Seq, actor: UserId) -> QueryResult<Deleted> {
    let (version, deleted_at) =
        chat_versions::next(conn, chat_id, ChatChangeKind::MessageDeleted, Some(seq), Some(actor))?;
    empty_preview(conn, chat_id, seq)?;
    diesel::delete(message_edits::table)
        .filter(message_edits::chat_id.eq(chat_id).and(message_edits::message_seq.eq(seq)))
        .execute(conn)?;
    diesel::delete(message_reactions::table)
        .filter(message_reactions::chat_id.eq(chat_id).and(message_reactions::message_seq.eq(seq)))
        .execute(conn)?;
    diesel::delete(message_mentions::table)
        .filter(message_mentions::chat_id.eq(chat_id).and(message_mentions::message_seq.eq(seq)))
        .execute(conn)?;
    let mut attachments = diesel::delete(attachments::table)
        .filter(attachments::chat_id.eq(chat_id).and(attachments::message_seq.eq(seq)))
        .returning(Attachment::as_returning())
        .get_results(conn)?;
    let keys: Vec<_> = attachments.iter().map(|attachment: &Attachment| attachment.storage_key.as_str()).collect();
    if !keys.is_empty() {
        diesel::delete(uploads::table.filter(uploads::storage_key.eq_any(keys))).execute(conn)?;
    }
    let files = attachments.iter().cloned().flat_map(|attachment| {
        let Attachment { storage_key, medium_key, thumbnail_key, .. } = attachment;
        [Some(storage_key), medium_key, thumbnail_key].into_iter().flatten()
    });
    unused_files::queue(conn, files.collect())?;
    attachments.sort_unstable_by_key(|attachment| attachment.position);
    let message = diesel::update(messages::table.find((chat_id, seq)))
        .set((
            messages::content.eq(None::<&str>),
            messages::metadata.eq(Value::Object(Map::new())),
            messages::deleted_at.eq(deleted_at),
            messages::version.eq(version),
        ))
        .returning(Message::as_returning())
        .get_result(conn)?;
    Ok(Deleted { message, attachments })
}

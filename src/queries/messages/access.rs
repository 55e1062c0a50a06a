//! Reads and locks what the deletion of a message needs: the role of who deletes it, the head, then the message.

use diesel::prelude::*;

use crate::enums::ParticipantRole;
use crate::ids::{ChatId, UserId};
use crate::models::Message;
use crate::queries::predicates::is_member;
use crate::queries::visibility::SeesMessage;
use crate::schema::{chat_heads, chat_participants, messages};
use crate::seq::Seq;

/// What the user is in the chat. `None`: no member now.
pub(super) fn role(conn: &mut PgConnection, chat_id: ChatId, user_id: UserId) -> QueryResult<Option<ParticipantRole>> {
    chat_participants::table.filter(is_member(chat_id, user_id)).select(chat_participants::role).first(conn).optional()
}

/// Holds the head, so that nobody sends, edits, deletes, reacts, comes or goes until the transaction ends. What is read
/// afterwards stays true.
pub(super) fn hold_head(conn: &mut PgConnection, chat_id: ChatId) -> QueryResult<()> {
    chat_heads::table.find(chat_id).select(chat_heads::chat_id).for_no_key_update().first::<ChatId>(conn).optional()?;
    Ok(())
}

/// The message, if it is there, was not deleted, and the reader sees it.
pub(super) fn live_message(
    conn: &mut PgConnection,
    chat_id: ChatId,
    seq: Seq,
    reader: UserId,
) -> QueryResult<Option<Message>> {
    messages::table
        .find((chat_id, seq))
        .filter(messages::deleted_at.is_null())
        .filter(SeesMessage { chat_id, reader })
        .select(Message::as_select())
        .first(conn)
        .optional()
}

/// Shows no words in the inbox, if the message is the newest of its chat.
pub(super) fn empty_preview(conn: &mut PgConnection, chat_id: ChatId, seq: Seq) -> QueryResult<()> {
    diesel::update(chat_heads::table.find(chat_id).filter(chat_heads::last_seq.eq(seq)))
        .set(chat_heads::last_preview.eq(None::<&str>))
        .execute(conn)?;
    Ok(())
}

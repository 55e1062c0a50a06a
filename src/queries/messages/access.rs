//! Locks what one message needs to be changed: the membership of who changes it, then the head, then the
//! message.

use diesel::prelude::*;

use crate::enums::ParticipantRole;
use crate::ids::{ChatId, UserId};
use crate::models::Message;
use crate::queries::predicates::is_member;
use crate::schema::{chat_heads, chat_participants, messages};
use crate::seq::Seq;

/// What the user is in the chat, held until the end of the transaction. `None`: no member now.
pub(super) fn hold_role(
    conn: &mut PgConnection,
    chat_id: ChatId,
    user_id: UserId,
) -> QueryResult<Option<ParticipantRole>> {
    chat_participants::table
        .filter(is_member(chat_id, user_id))
        .select(chat_participants::role)
        .for_share()
        .first(conn)
        .optional()
}

/// The message, if it is there and was not deleted, held so that nobody else edits it, deletes it or reacts to it.
pub(super) fn hold_message(conn: &mut PgConnection, chat_id: ChatId, seq: Seq) -> QueryResult<Option<Message>> {
    messages::table
        .find((chat_id, seq))
        .filter(messages::deleted_at.is_null())
        .select(Message::as_select())
        .for_no_key_update()
        .first(conn)
        .optional()
}

/// Shows other words in the inbox, if the message is the newest of its chat; none, if it has none.
///
/// Before the message is locked: a send holds the head when it looks at the message that it answers. A message that is
/// not the newest now never is again.
pub(super) fn change_preview(
    conn: &mut PgConnection,
    chat_id: ChatId,
    seq: Seq,
    preview: Option<&str>,
) -> QueryResult<()> {
    diesel::update(chat_heads::table.find(chat_id).filter(chat_heads::last_seq.eq(seq)))
        .set(chat_heads::last_preview.eq(preview))
        .execute(conn)?;
    Ok(())
}

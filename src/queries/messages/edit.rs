//! Edits a message: by its sender, with every earlier wording kept.

use diesel::dsl::{exists, max, now};
use diesel::prelude::*;

use super::super::nul_character;
use super::access::{change_preview, hold_message, hold_role};
use super::draft::preview;
use crate::actor::Actor;
use crate::enums::MessageKind;
use crate::error::{Error, refusals};
use crate::ids::ChatId;
use crate::models::{Message, NewMessageEdit};
use crate::queries::predicates::blocks_within;
use crate::schema::{message_edits, messages};
use crate::seq::Seq;

/// Why a message was not edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditRefused {
    /// The editor is not a member of the chat now, or there is no such chat.
    #[error("the editor is not a member of the chat")]
    NotAMember,
    /// There is no such message, or it was deleted.
    #[error("there is no such message")]
    NotFound,
    /// In a direct chat, one of the two has blocked the other.
    #[error("one of the two has blocked the other")]
    Blocked,
    /// Somebody else sent it, or the system.
    #[error("only its sender edits a message")]
    NotAllowed,
    /// A text without words.
    #[error("there is nothing in it")]
    Empty,
    /// More than 10,000 characters.
    #[error("it has more than 10,000 characters")]
    TooLong,
    /// A text has a NUL in it, which PostgreSQL cannot store.
    #[error("a text with a NUL in it cannot be stored")]
    ContainsNul,
}

refusals! { EditRefused {
    NotAMember: Forbidden = "not_a_member",
    NotFound: NotFound = "message_not_found",
    Blocked: Forbidden = "blocked",
    NotAllowed: Forbidden = "not_allowed",
    Empty: Invalid = "message_empty",
    TooLong: Invalid = "message_too_long" if "messages_content_check",
    ContainsNul: Invalid = "contains_nul",
} }

/// Gives a message other words. Those that it had are kept, see [`all_edits`](super::all_edits); its pictures stay as
/// they are.
///
/// Only its sender may, while a member, and in a direct chat while neither of the two blocks the other. No words take
/// an image's words away. The words that it has already change nothing, so that a retry leaves no version of its own.
/// If the message is the newest of its chat, the inbox shows the new words; nobody's position moves.
///
/// A transaction. It locks the editor's membership (shared), the head if the message is the newest, and the message, in
/// this order. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](EditRefused::NotAMember): the editor is not a member of the chat now, or there is no such chat.
/// * [`NotFound`](EditRefused::NotFound): there is no such message, or it was deleted.
/// * [`Blocked`](EditRefused::Blocked): in a direct chat, one of the two has blocked the other.
/// * [`NotAllowed`](EditRefused::NotAllowed): somebody else sent it, or the system.
/// * [`Empty`](EditRefused::Empty): a text without words.
/// * [`TooLong`](EditRefused::TooLong): more than 10,000 characters.
/// * [`ContainsNul`](EditRefused::ContainsNul): a text has a NUL in it, which PostgreSQL cannot store.
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
/// let sent = messages::send(conn, bob, group.id, &Draft::text("At nein?"))?.message;
/// let edited = messages::edit(conn, bob, group.id, sent.seq, "At nine?")?;
/// assert_eq!(edited.content.as_deref(), Some("At nine?"));
/// assert_eq!(messages::all_edits(conn, alice, group.id, sent.seq)?[0].content.as_deref(), Some("At nein?"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn edit(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
    content: &str,
) -> Result<Message, Error<EditRefused>> {
    let editor = actor.user_id();
    let content = (!content.is_empty()).then_some(content);
    if nul_character::in_any([content]) {
        return Err(Error::Refused(EditRefused::ContainsNul));
    }
    conn.transaction(|conn| {
        if hold_role(conn, chat_id, editor)?.is_none() {
            return Err(Error::Refused(EditRefused::NotAMember));
        }
        if diesel::select(exists(blocks_within(chat_id))).get_result(conn)? {
            return Err(Error::Refused(EditRefused::Blocked));
        }
        change_preview(conn, chat_id, seq, content.map(preview))?;
        let Some(message) = hold_message(conn, chat_id, seq)? else {
            return Err(Error::Refused(EditRefused::NotFound));
        };
        if message.sender_id != Some(editor) {
            return Err(Error::Refused(EditRefused::NotAllowed));
        }
        if content.is_none() && message.kind == MessageKind::Text {
            return Err(Error::Refused(EditRefused::Empty));
        }
        if content == message.content.as_deref() {
            return Ok(message);
        }
        let versions = message_edits::table
            .filter(message_edits::chat_id.eq(chat_id).and(message_edits::message_seq.eq(seq)))
            .select(max(message_edits::version))
            .get_result::<Option<i32>>(conn)?;
        diesel::insert_into(message_edits::table)
            .values(NewMessageEdit {
                chat_id,
                message_seq: seq,
                version: versions.unwrap_or(0) + 1,
                content: message.content.as_deref(),
            })
            .execute(conn)?;
        let edited = diesel::update(messages::table.find((chat_id, seq)))
            .set((messages::content.eq(content), messages::edited_at.eq(now)))
            .returning(Message::as_returning())
            .get_result(conn)?;
        Ok(edited)
    })
}

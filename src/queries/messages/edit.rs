//! Edits a message: by its sender, with every earlier wording kept.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::super::statement::{Columns, statement};
use super::super::{atomic, nul_character, text};
use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::models::Message;
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
    /// In a direct chat, the editor has blocked the other.
    #[error("the editor has blocked the other")]
    Blocked,
    /// In a direct chat, the other has closed the account, or has blocked the editor: it is not told which.
    #[error("the other cannot be reached")]
    Unreachable,
    /// Somebody else sent it, or the system.
    #[error("only its sender may edit a message")]
    NotAllowed,
    /// A text of which nothing is seen.
    #[error("it has neither visible text nor a picture")]
    Empty,
    /// More than 10,000 characters, or 40,000 bytes.
    #[error("it has more than 10,000 characters, or 40,000 bytes")]
    TooLong,
    /// It was edited 1,000 times.
    #[error("it was edited 1,000 times")]
    TooManyEdits,
    /// A text has a NUL in it, which PostgreSQL cannot store.
    #[error("a text with a NUL in it cannot be stored")]
    ContainsNul,
}

refusals! { EditRefused {
    NotAMember: Forbidden = "not_a_member" if "messages_sender_is_participant_fkey",
    NotFound: NotFound = "message_not_found" if "messages_deleted_is_empty_check",
    Blocked: Forbidden = "blocked",
    Unreachable: Forbidden = "unreachable",
    NotAllowed: Forbidden = "not_allowed",
    Empty: Invalid = "message_empty" if "messages_text_has_content_check",
    TooLong: Invalid = "message_too_long" if "messages_content_check",
    TooManyEdits: Conflict = "too_many_edits" if "message_edits_version_check",
    ContainsNul: Invalid = "contains_nul",
} }

statement! {
    /// What came of an edit, and the message.
    EditMessage {
        chat_id: ChatId as sql::ChatId,
        editor: UserId as sql::UserId,
        seq: Seq as BigInt,
        content: Option<String> as Nullable<Text>,
    } -> (Text, Nullable<Columns<Message>>) = "edit.sql"
}

/// Gives a message other words. Those that it had are kept, see [`list_edits`](super::list_edits()); its pictures stay as
/// they are, and its metadata is emptied, because it belonged to the former words: see
/// [`set_metadata`](super::set_metadata()).
///
/// Only its sender may, while a member, and in a direct chat while neither of the two blocks the other. No words take
/// an image's words away. The words that it has already change nothing, so that a retry leaves no version of its own.
/// If the message is the newest of its chat, the inbox shows the new words; nobody's position moves.
///
/// The message has the version and the time of the edit: the wording that stands has the largest of each, in whatever
/// order two edits of one message arrive somewhere.
///
/// One round trip, which is a transaction of its own: the function `edit_message`. It locks the head and the message, in
/// this order, once it is known that the editor may. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](EditRefused::NotAMember): the editor is not a member of the chat now, or there is no such chat.
/// * [`NotFound`](EditRefused::NotFound): there is no such message, or it was deleted.
/// * [`Blocked`](EditRefused::Blocked): in a direct chat, the editor has blocked the other.
/// * [`Unreachable`](EditRefused::Unreachable): in a direct chat, the other has closed the account, or has blocked the
///   editor: it is not told which.
/// * [`NotAllowed`](EditRefused::NotAllowed): somebody else sent it, or the system.
/// * [`Empty`](EditRefused::Empty): a text of which nothing is seen.
/// * [`TooLong`](EditRefused::TooLong): more than 10,000 characters, or 40,000 bytes.
/// * [`TooManyEdits`](EditRefused::TooManyEdits): it was edited 1,000 times.
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
    let content = (!text::is_blank(content)).then_some(content);
    if content.is_some_and(text::is_long_message) {
        return Err(Error::Refused(EditRefused::TooLong));
    }
    if nul_character::in_any([content]) {
        return Err(Error::Refused(EditRefused::ContainsNul));
    }
    let editing = EditMessage { chat_id, editor, seq, content: content.map(str::to_owned) };
    atomic::statement(conn, |conn| {
        let (outcome, message) = editing.get_result::<(String, Option<Message>)>(conn)?;
        match (outcome.as_str(), message) {
            (_, Some(message)) => Ok(message),
            ("not_found", _) => Err(Error::Refused(EditRefused::NotFound)),
            ("unreachable", _) => Err(Error::Refused(EditRefused::Unreachable)),
            ("blocked", _) => Err(Error::Refused(EditRefused::Blocked)),
            ("not_allowed", _) => Err(Error::Refused(EditRefused::NotAllowed)),
            ("empty", _) => Err(Error::Refused(EditRefused::Empty)),
            _ => Err(Error::Refused(EditRefused::NotAMember)),
        }
    })
}

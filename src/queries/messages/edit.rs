//! Edits a message: by its sender, with every earlier wording kept.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::super::statement::{Columns, statement};
use super::super::{atomic, nul_character};
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
    NotAMember: Forbidden = "not_a_member" if "messages_sender_is_participant_fkey",
    NotFound: NotFound = "message_not_found" if "messages_deleted_is_empty_check",
    Blocked: Forbidden = "blocked",
    NotAllowed: Forbidden = "not_allowed",
    Empty: Invalid = "message_empty",
    TooLong: Invalid = "message_too_long" if "messages_content_check",
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

/// Gives a message other words. Those that it had are kept, see [`all_edits`](super::all_edits); its pictures stay as
/// they are.
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
    let editing = EditMessage { chat_id, editor, seq, content: content.map(str::to_owned) };
    atomic::statement(conn, |conn| {
        let (outcome, message) = editing.get_result::<(String, Option<Message>)>(conn)?;
        match (outcome.as_str(), message) {
            (_, Some(message)) => Ok(message),
            ("not_found", _) => Err(Error::Refused(EditRefused::NotFound)),
            ("blocked", _) => Err(Error::Refused(EditRefused::Blocked)),
            ("not_allowed", _) => Err(Error::Refused(EditRefused::NotAllowed)),
            ("empty", _) => Err(Error::Refused(EditRefused::Empty)),
            _ => Err(Error::Refused(EditRefused::NotAMember)),
        }
    })
}

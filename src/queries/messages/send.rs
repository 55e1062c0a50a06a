//! Sends a message: numbering, idempotency, limits; in one round trip.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, SmallInt, Text, Timestamptz};
use serde_json::{Map, Value};

use super::super::statement::statement;
use super::super::{atomic, json, text};
use super::draft::{Draft, Picture, contains_nul};
use super::mention;
use crate::actor::Actor;
use crate::enums::MessageKind;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, MessageId, UserId, sql_types as sql};
use crate::models::Message;
use crate::queries::visibility::SeesMessage;
use crate::schema::messages;
use crate::schema::sql_types::MessageKind as MessageKindSql;
use crate::seq::Seq;
use crate::version::Version;
use crate::violation;

/// A message that was sent.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sent {
    /// The message as it stands, without words if the sender does not see it any more. Of a new one, metadata is what was given;
    /// read again, its numbers may look different: PostgreSQL keeps `1e17` as `100000000000000000`.
    pub message: Message,
    /// Whether it had been sent before, and nothing was done.
    pub already_sent: bool,
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendRefused {
    /// The sender is not a member of the chat now, or there is no such chat.
    #[error("the sender is not a member of the chat")]
    NotAMember,
    /// In a direct chat, the sender has blocked the other.
    #[error("the sender has blocked the other")]
    Blocked,
    /// In a direct chat, the other has closed the account, or has blocked the sender: it is not told which.
    #[error("the other cannot be reached")]
    Unreachable,
    /// The message that it answers is not an earlier one of this chat, or the sender does not see it.
    #[error("the message that it answers is not in the chat")]
    ReplyNotFound,
    /// Another member has sent a message of this id.
    #[error("another member has sent a message of this id")]
    IdTaken,
    /// A text of which nothing is seen, or an image without pictures.
    #[error("it has neither visible text nor a picture")]
    Empty,
    /// More than 10,000 characters, or 40,000 bytes.
    #[error("it has more than 10,000 characters, or 40,000 bytes")]
    TooLong,
    /// The metadata is not a JSON object.
    #[error("its metadata is not an object")]
    MetadataNotAnObject,
    /// The metadata is nested deeper than 100 levels: it could not be read again.
    #[error("its metadata is nested deeper than 100 levels")]
    MetadataTooDeep,
    /// The metadata is larger than 16 KiB.
    #[error("its metadata is larger than 16 KiB")]
    MetadataTooLarge,
    /// More than five pictures.
    #[error("it has more than five pictures")]
    TooManyPictures,
    /// A picture is no upload of the sender's, or was attached before.
    #[error("a picture of it is no upload of the sender's, or was attached before")]
    UploadNotFound,
    /// A picture's file name is empty, or longer than 255 characters.
    #[error("a picture's file name has 1 to 255 characters")]
    FileNameInvalid,
    /// It names somebody who is not a member of the chat now.
    #[error("it names somebody who is not a member of the chat")]
    MentionNotAMember,
    /// It names more than 50 members.
    #[error("it names more than 50 members")]
    TooManyMentions,
    /// A text has a NUL in it, which PostgreSQL cannot store.
    #[error("a text with a NUL in it cannot be stored")]
    ContainsNul,
}

refusals! { SendRefused {
    NotAMember: Forbidden = "not_a_member" if "messages_sender_is_participant_fkey",
    Blocked: Forbidden = "blocked",
    Unreachable: Forbidden = "unreachable",
    ReplyNotFound: NotFound = "reply_not_found" if "messages_reply_in_chat_fkey" | "messages_reply_to_earlier_check",
    IdTaken: Conflict = "message_id_taken",
    Empty: Invalid = "message_empty" if "messages_text_has_content_check",
    TooLong: Invalid = "message_too_long" if "messages_content_check",
    MetadataNotAnObject: Invalid = "metadata_not_an_object" if "messages_metadata_check",
    MetadataTooDeep: Invalid = "metadata_too_deep",
    MetadataTooLarge: Invalid = "metadata_too_large" if "messages_metadata_size_check",
    TooManyPictures: Invalid = "too_many_pictures",
    UploadNotFound: NotFound = "upload_not_found",
    FileNameInvalid: Invalid = "file_name_invalid" if "attachments_file_name_check",
    MentionNotAMember: Conflict = "mention_not_a_member",
    TooManyMentions: Invalid = "too_many_mentions",
    ContainsNul: Invalid = "contains_nul",
} }

statement! {
    /// The seq, the version and the time of a message; the migration that makes the function says what it does.
    SendMessage {
        chat_id: ChatId as sql::ChatId,
        sender_id: UserId as sql::UserId,
        id: MessageId as sql::MessageId,
        kind: MessageKind as MessageKindSql,
        content: Option<String> as Nullable<Text>,
        metadata: Option<Value> as Nullable<Jsonb>,
        reply_to_seq: Option<Seq> as Nullable<BigInt>,
    } -> (Nullable<BigInt>, Nullable<BigInt>, Nullable<Timestamptz>) = "send.sql"
}

statement! {
    /// The places of the pictures that were attached.
    Attach {
        chat_id: ChatId as sql::ChatId,
        seq: Seq as BigInt,
        storage_keys: Vec<String> as Array<Text>,
        file_names: Vec<String> as Array<Text>,
        sender_id: UserId as sql::UserId,
        created_at: DateTime<Utc> as Timestamptz,
    } -> (SmallInt,) = "attach.sql"
}

/// Sends a message: it gets the next number of the chat, the chat's head shows it, and the sender has read and received
/// everything up to it. Nobody else's position moves, so that it is unread for them.
///
/// The message has the chat's next version, and the time at which it was numbered: along the seqs of a chat, times do not
/// run backwards, but for imported messages, which keep their own.
///
/// The sender is a member when the message is numbered. In a direct chat nothing is sent when one of the two had
/// blocked the other before the send began: one that waits for its turn meanwhile goes through. That they are still
/// contacts does not matter. Nothing is sent to somebody who has closed the account.
///
/// It is idempotent on the draft's id: sent again, by the same sender and at whatever concurrency, it gives the first
/// message as it stands now, be it edited or deleted meanwhile, and does nothing, also where it would be refused as a new one,
/// because somebody was blocked since or the answered message is not seen any more. What else the second draft holds is not
/// compared; what nobody could send, such as an empty text, is refused all the same. Of a message that the sender does not see any
/// more, because they deleted it for themselves, cleared the chat or joined it again since, content and metadata are left out. Once
/// retention has removed it, its id is new again. The id of another member's message is refused. A reply may answer a deleted
/// message: it was there when the answer was written.
///
/// One round trip, which is a transaction of its own: the function `send_message`. With pictures, or with mentions, a
/// transaction with one more statement for each. It locks the head and the sender's position, in this order; so sends to one chat
/// happen one after the other, and a send and the end of the sender's membership, which deletes the position, never overlap. Index:
/// the primary keys, and `messages_id_key`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](SendRefused::NotAMember): the sender is not a member of the chat now, or there is no such chat.
/// * [`Blocked`](SendRefused::Blocked): in a direct chat, the sender has blocked the other.
/// * [`Unreachable`](SendRefused::Unreachable): in a direct chat, the other has closed the account, or has blocked the
///   sender: it is not told which.
/// * [`ReplyNotFound`](SendRefused::ReplyNotFound): the message that it answers is not an earlier one of this chat,
///   or the sender does not see it.
/// * [`IdTaken`](SendRefused::IdTaken): another member has sent a message of this id.
/// * [`Empty`](SendRefused::Empty): a text of which nothing is seen, or an image without pictures.
/// * [`TooLong`](SendRefused::TooLong): more than 10,000 characters, or 40,000 bytes.
/// * [`MetadataNotAnObject`](SendRefused::MetadataNotAnObject): the metadata is not a JSON object.
/// * [`MetadataTooDeep`](SendRefused::MetadataTooDeep): the metadata is nested deeper than 100 levels: it could not be
///   read again.
/// * [`MetadataTooLarge`](SendRefused::MetadataTooLarge): the metadata is larger than 16 KiB.
/// * [`TooManyPictures`](SendRefused::TooManyPictures): more than five pictures.
/// * [`UploadNotFound`](SendRefused::UploadNotFound): a picture is no upload of the sender's, or was attached before.
/// * [`FileNameInvalid`](SendRefused::FileNameInvalid): a picture's file name is empty, or longer than 255 characters.
/// * [`MentionNotAMember`](SendRefused::MentionNotAMember): it names somebody who is not a member of the chat now.
/// * [`TooManyMentions`](SendRefused::TooManyMentions): it names more than 50 members.
/// * [`ContainsNul`](SendRefused::ContainsNul): a text has a NUL in it, which PostgreSQL cannot store.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob] = ["alice", "bob"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::queries::groups::{self, NewGroup};
/// use messenger_db::queries::messages::{self, Draft};
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?;
/// let draft = Draft::text("Shall we meet at nine?");
/// let sent = messages::send(conn, bob, group.id, &draft)?;
/// assert_eq!(sent.message.content.as_deref(), Some("Shall we meet at nine?"));
///
/// // The answer was lost on the way, so the client tries again.
/// let again = messages::send(conn, bob, group.id, &draft)?;
/// assert!(again.already_sent);
/// assert_eq!(again.message, sent.message);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn send(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    draft: &Draft<'_>,
) -> Result<Sent, Error<SendRefused>> {
    let sender_id = actor.user_id();
    if let Some(refused) = refused(sender_id, draft) {
        return Err(Error::Refused(refused));
    }
    let sent = if draft.is_plain() {
        atomic::statement(conn, |conn| number(conn, chat_id, sender_id, draft))
    } else {
        conn.transaction(|conn| {
            let message = number(conn, chat_id, sender_id, draft)?;
            attach(conn, &message, &draft.pictures)?;
            mention::mention(conn, chat_id, message.seq, sender_id, &draft.mentions)?;
            Ok(message)
        })
    };
    match sent {
        Ok(message) => Ok(Sent { message, already_sent: false }),
        Err(Error::Database(error)) if is_of_a_known_id(&error) => known(conn, chat_id, sender_id, draft),
        Err(Error::Refused(refused)) => unless_sent(conn, chat_id, sender_id, draft, refused),
        Err(error) => Err(error),
    }
}

/// What is refused now may have been sent before: since then the other has blocked the sender, or has closed the account, or the
/// answered message is not seen any more.
pub(super) fn unless_sent(
    conn: &mut PgConnection,
    chat_id: ChatId,
    sender_id: UserId,
    draft: &Draft<'_>,
    refused: SendRefused,
) -> Result<Sent, Error<SendRefused>> {
    if !matches!(refused, SendRefused::Blocked | SendRefused::Unreachable | SendRefused::ReplyNotFound) {
        return Err(Error::Refused(refused));
    }
    match known(conn, chat_id, sender_id, draft) {
        Err(Error::Refused(_) | Error::Database(DieselError::NotFound)) => Err(Error::Refused(refused)),
        sent => sent,
    }
}

/// Why a draft of that sender is not sent, whereto ever.
pub(super) fn refused(sender_id: UserId, draft: &Draft<'_>) -> Option<SendRefused> {
    // Words of which nothing is seen are none.
    match (draft.kind, draft.words(), draft.pictures.as_ref()) {
        (MessageKind::Image, _, []) | (MessageKind::Text, None, _) => Some(SendRefused::Empty),
        (_, Some(content), _) if text::is_long_message(content) => Some(SendRefused::TooLong),
        (_, _, [_, _, _, _, _, _, ..]) => Some(SendRefused::TooManyPictures),
        _ if mention::are_too_many(sender_id, &draft.mentions) => Some(SendRefused::TooManyMentions),
        _ if draft.metadata.as_deref().is_some_and(json::is_too_deep) => Some(SendRefused::MetadataTooDeep),
        _ if draft.metadata.as_deref().is_some_and(json::is_too_large) => Some(SendRefused::MetadataTooLarge),
        _ if contains_nul(draft.content.as_deref(), draft.metadata.as_deref(), texts(&draft.pictures)) => {
            Some(SendRefused::ContainsNul)
        }
        _ => None,
    }
}

/// The constraint that refuses an id that is in the chat already.
pub(super) const ID_CONSTRAINT: &str = "messages_id_key";

/// Whether a message of that id is committed, or of this transaction.
pub(super) fn is_of_a_known_id(error: &DieselError) -> bool {
    violation::constraint(error) == Some(ID_CONSTRAINT)
}

/// The message that has the draft's id already, without its words where the sender does not see it any more.
pub(super) fn known(
    conn: &mut PgConnection,
    chat_id: ChatId,
    sender_id: UserId,
    draft: &Draft<'_>,
) -> Result<Sent, Error<SendRefused>> {
    let mut message: Message = messages::table
        .filter(messages::chat_id.eq(chat_id).and(messages::id.eq(draft.id)))
        .select(Message::as_select())
        .first(conn)?;
    if message.sender_id != Some(sender_id) {
        return Err(Error::Refused(SendRefused::IdTaken));
    }
    let seen = messages::table.find((chat_id, message.seq)).filter(SeesMessage { chat_id, reader: sender_id });
    if !diesel::select(exists(seen)).get_result(conn)? {
        (message.content, message.metadata) = (None, Value::Object(Map::new()));
    }
    Ok(Sent { message, already_sent: true })
}

fn number(
    conn: &mut PgConnection,
    chat_id: ChatId,
    sender_id: UserId,
    draft: &Draft<'_>,
) -> Result<Message, Error<SendRefused>> {
    let sending = SendMessage {
        chat_id,
        sender_id,
        id: draft.id,
        kind: draft.kind,
        content: draft.words().map(str::to_owned),
        metadata: draft.metadata.as_deref().cloned(),
        reply_to_seq: draft.reply_to_seq,
    };
    numbered(chat_id, sender_id, draft, sending.get_result(conn)?).map_err(Error::Refused)
}

/// What the function gave: a seq, a version and a time, or why there are none.
pub(super) type Numbered = (Option<Seq>, Option<Version>, Option<DateTime<Utc>>);

/// The message of a draft that was numbered, or why it was not.
pub(super) fn numbered(
    chat_id: ChatId,
    sender_id: UserId,
    draft: &Draft<'_>,
    numbered: Numbered,
) -> Result<Message, SendRefused> {
    match numbered {
        (Some(seq), Some(version), Some(created_at)) => Ok(Message {
            chat_id,
            seq,
            id: draft.id,
            sender_id: Some(sender_id),
            kind: draft.kind,
            content: draft.words().map(str::to_owned),
            metadata: draft.metadata.as_deref().cloned().unwrap_or_else(|| Value::Object(Map::new())),
            reply_to_seq: draft.reply_to_seq,
            created_at,
            edited_at: None,
            deleted_at: None,
            version,
        }),
        (Some(Seq::ZERO), ..) => Err(SendRefused::Blocked),
        (Some(_), ..) => Err(SendRefused::Unreachable),
        _ => Err(SendRefused::NotAMember),
    }
}

/// The texts of the pictures.
fn texts<'a>(pictures: &'a [Picture<'_>]) -> impl Iterator<Item = Option<&'a str>> {
    pictures.iter().flat_map(|picture| [Some(picture.file_name.as_ref()), Some(picture.storage_key.as_ref())])
}

/// Attaches the uploads, each once; refused if one of them is not the sender's to attach.
fn attach(conn: &mut PgConnection, message: &Message, pictures: &[Picture<'_>]) -> Result<(), Error<SendRefused>> {
    let Some(sender_id) = message.sender_id.filter(|_| !pictures.is_empty()) else { return Ok(()) };
    let attaching = Attach {
        chat_id: message.chat_id,
        seq: message.seq,
        storage_keys: pictures.iter().map(|picture| picture.storage_key.clone().into_owned()).collect(),
        file_names: pictures.iter().map(|picture| picture.file_name.clone().into_owned()).collect(),
        sender_id,
        created_at: message.created_at,
    };
    let attached: Vec<(i16,)> = attaching.load(conn)?;
    if attached.len() == pictures.len() { Ok(()) } else { Err(Error::Refused(SendRefused::UploadNotFound)) }
}

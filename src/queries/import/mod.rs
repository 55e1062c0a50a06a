//! Imports history from elsewhere: in batches, with its own times, senders and ids, and no message twice.

mod by_chat;
mod item;
mod number;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::sql as plain;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool};
use serde_json::{Map, Value};

pub use item::{Imported, Picture};
use number::Numbered;

use super::functions::clock_timestamp;
use super::statement::statement;
use super::{json, messages as sent, text, time};
use crate::enums::{ImageType, MessageKind};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, MessageId, UserId, sql_types as sql};
use crate::schema::{attachments, messages};
use crate::seq::Seq;
use crate::version::Version;

/// Whether the members of a chat have read what is imported into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// They have read and received it, and with it all that was there before.
    Read,
    /// It is unread and pending for them, as if it had just been sent.
    Unread,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How many messages are new.
    pub imported: usize,
    /// How many were there already, and were left as they are.
    pub already_there: usize,
}

/// Why a batch was not imported: nothing of it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportRefused {
    /// There is no such chat, or it was deleted.
    #[error("there is no chat {0}")]
    ChatNotFound(ChatId),
    /// What this message answers is not in its chat, nor before it in the batch.
    #[error("message {0} answers a message that is not before it in its chat")]
    ReplyNotFound(MessageId),
    /// A sender is no member of the chat, and never was.
    #[error("a sender was never a member of the chat")]
    SenderNotFound,
    /// Nothing of a text is seen.
    #[error("the text has no visible character")]
    Empty,
    /// A message has more than 10,000 characters, or 40,000 bytes.
    #[error("a message has more than 10,000 characters, or 40,000 bytes")]
    TooLong,
    /// Metadata is not a JSON object.
    #[error("metadata is not an object")]
    MetadataNotAnObject,
    /// A message has more than five pictures, or pictures that nobody sent.
    #[error("message {0} has too many pictures")]
    TooManyPictures(MessageId),
    /// A picture is larger than 10 MiB, empty, or described by what cannot be.
    #[error("a picture is too large, or not described as one")]
    PictureRefused,
    /// The metadata of this message is nested deeper than 100 levels: it could not be read again.
    #[error("the metadata of message {0} is nested deeper than 100 levels")]
    MetadataTooDeep(MessageId),
    /// The metadata of this message is larger than 16 KiB.
    #[error("the metadata of message {0} is larger than 16 KiB")]
    MetadataTooLarge(MessageId),
    /// This message was sent or edited more than a minute from now, or before the year 1.
    #[error("message {0} was sent or edited in the future, or before the year 1")]
    TimeRefused(MessageId),
    /// A text of this message has a NUL in it, which PostgreSQL cannot store.
    #[error("a text of message {0} has a NUL in it, and cannot be stored")]
    ContainsNul(MessageId),
}

refusals! { ImportRefused {
    ChatNotFound: NotFound = "chat_not_found",
    ReplyNotFound: NotFound = "reply_not_found",
    SenderNotFound: NotFound = "sender_not_found" if "messages_sender_is_participant_fkey",
    Empty: Invalid = "message_empty" if "messages_text_has_content_check",
    TooLong: Invalid = "message_too_long" if "messages_content_check",
    MetadataNotAnObject: Invalid = "metadata_not_an_object" if "messages_metadata_check",
    TooManyPictures: Invalid = "too_many_pictures",
    PictureRefused: Invalid = "picture_invalid" if_any "attachments_",
    MetadataTooDeep: Invalid = "metadata_too_deep",
    MetadataTooLarge: Invalid = "metadata_too_large",
    TimeRefused: Invalid = "time_invalid",
    ContainsNul: Invalid = "contains_nul",
} }

/// Imports a batch of messages: all of it, or nothing.
///
/// In each chat they are numbered on from its newest, in the order of the batch: so give the oldest first, and import a
/// chat before people write in it. Who they are for has to be there: the chats, and the senders as members, or former
/// ones. What is in its chat already, by its id, is left as it is; so after a crash, import everything again, or from
/// any place before the crash, and there are no duplicates. The heads of the chats are moved, and, with
/// [`History::Read`], the positions of their members: that they received and read it is then written down as of now,
/// in one run for each member, chat and batch.
///
/// A message from the future is refused, because it would stay at the top of everybody's list; one of up to a minute from
/// now, by another machine's clock, is stored as of now.
///
/// Nobody is asked whether they may: this is for operators, who may everything. Sends to the chats wait meanwhile, so
/// batches of a thousand to ten thousand are a good size, and one chat's messages belong together. What a person said who was
/// [erased](crate::queries::erasure) comes back with it: leave it out, or erase the person again.
///
/// A transaction. It locks the chats, their heads and, with [`History::Read`], the positions of their members, each in
/// the order of their ids. A statement for all chats; where the database is distributed by chat, one for each. Index:
/// `messages_id_key`, and the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`ChatNotFound`](ImportRefused::ChatNotFound): there is no such chat, or it was deleted.
/// * [`ReplyNotFound`](ImportRefused::ReplyNotFound): what this message answers is not in its chat, nor before it in
///   the batch.
/// * [`SenderNotFound`](ImportRefused::SenderNotFound): a sender is no member of the chat, and never was.
/// * [`Empty`](ImportRefused::Empty): the text has no visible character.
/// * [`TooLong`](ImportRefused::TooLong): a message has more than 10,000 characters, or 40,000 bytes.
/// * [`MetadataNotAnObject`](ImportRefused::MetadataNotAnObject): metadata is not a JSON object.
/// * [`TooManyPictures`](ImportRefused::TooManyPictures): a message has more than five pictures, or pictures that
///   nobody sent.
/// * [`PictureRefused`](ImportRefused::PictureRefused): a picture is larger than 10 MiB, empty, or described by what
///   cannot be.
/// * [`MetadataTooDeep`](ImportRefused::MetadataTooDeep): the metadata of this message is nested deeper than 100
///   levels: it could not be read again.
/// * [`MetadataTooLarge`](ImportRefused::MetadataTooLarge): the metadata of this message is larger than 16 KiB.
/// * [`TimeRefused`](ImportRefused::TimeRefused): this message was sent or edited more than a minute from now, or
///   before the year 1.
/// * [`ContainsNul`](ImportRefused::ContainsNul): a text of this message has a NUL in it, which PostgreSQL cannot
///   store.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob] = ["alice", "bob"].map(|name| messenger_db::doctest::user(conn, name));
/// # use messenger_db::queries::groups::{self, NewGroup};
/// # use messenger_db::ids::MessageId;
/// use messenger_db::queries::import::{self, History, Imported, Tally};
/// # let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?;
///
/// let (asked, answered) = ("2019-05-04T09:00:00Z".parse()?, "2019-05-04T09:01:00Z".parse()?);
/// let question = Imported::text(group.id, MessageId::new(), alice.user_id(), asked, "Up the hill?");
/// let mut answer = Imported::text(group.id, MessageId::new(), bob.user_id(), answered, "Up the hill.");
/// answer.reply_to = Some(question.id);
/// let batch = [question, answer];
///
/// assert_eq!(import::messages(conn, &batch, History::Read)?, Tally { imported: 2, already_there: 0 });
/// // Interrupted, and begun again.
/// assert_eq!(import::messages(conn, &batch, History::Read)?, Tally { imported: 0, already_there: 2 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn messages(
    conn: &mut PgConnection,
    batch: &[Imported<'_>],
    history: History,
) -> Result<Tally, Error<ImportRefused>> {
    let too_many = |message: &&Imported<'_>| {
        message.pictures.len() > 5 || (message.sender_id.is_none() && !message.pictures.is_empty())
    };
    if let Some(message) = batch.iter().find(too_many) {
        return Err(Error::Refused(ImportRefused::TooManyPictures(message.id)));
    }
    let is_empty =
        |message: &Imported<'_>| message.kind() == MessageKind::Text && message.content.is_some_and(text::is_blank);
    if batch.iter().any(is_empty) {
        return Err(Error::Refused(ImportRefused::Empty));
    }
    let is_too_deep = |message: &&Imported<'_>| message.metadata.is_some_and(json::is_too_deep);
    if let Some(message) = batch.iter().find(is_too_deep) {
        return Err(Error::Refused(ImportRefused::MetadataTooDeep(message.id)));
    }
    if let Some(message) = batch.iter().find(|message| message.metadata.is_some_and(json::is_too_large)) {
        return Err(Error::Refused(ImportRefused::MetadataTooLarge(message.id)));
    }
    if batch.iter().any(|message| message.content.is_some_and(text::is_long_message)) {
        return Err(Error::Refused(ImportRefused::TooLong));
    }
    let has_nul = |message: &&Imported<'_>| {
        let texts = message.pictures.iter().flat_map(Picture::texts);
        sent::contains_nul(message.content, message.metadata, texts)
    };
    if let Some(message) = batch.iter().find(has_nul) {
        return Err(Error::Refused(ImportRefused::ContainsNul(message.id)));
    }
    let mut chats: Vec<ChatId> = batch.iter().map(|message| message.chat_id).collect();
    chats.sort_unstable();
    chats.dedup();
    conn.transaction(|conn| {
        let asked = (clock_timestamp(), plain::<Bool>("keeps_inbox()"));
        let (now, is_distributed) = diesel::select(asked).get_result::<(DateTime<Utc>, bool)>(conn)?;
        if let Some(message) = batch.iter().find(|message| !message.times().all(|time| is_past(time, now))) {
            return Err(Error::Refused(ImportRefused::TimeRefused(message.id)));
        }
        let (mut heads, versions) = number::lock(conn, &chats, is_distributed)?;
        let before = heads.clone();
        let new = number::number(conn, batch, &mut heads, is_distributed)?;
        let tally = Tally { imported: new.len(), already_there: batch.len() - new.len() };
        insert(conn, &new, now, |chat_id, seq| {
            let before = before.get(&chat_id).copied().unwrap_or(Seq::ZERO);
            let version = versions.get(&chat_id).copied().unwrap_or(Version::ZERO);
            Version::new(version.get().saturating_add(seq.since(before)))
        })?;
        heads.retain(|chat, seq| before.get(chat) != Some(seq));
        if is_distributed {
            let head = |(chat, seq)| (chat, before.get(&chat).copied().unwrap_or(Seq::ZERO), seq);
            let mut heads: Vec<_> = heads.into_iter().map(head).collect();
            heads.sort_unstable();
            by_chat::move_heads(conn, &heads)?;
            if history == History::Read {
                by_chat::move_positions(conn, &heads)?;
            }
            return Ok(tally);
        }
        let (chats, seqs): (Vec<_>, Vec<_>) = heads.into_iter().unzip();
        MoveHeads { chats: chats.clone(), seqs }.execute(conn)?;
        if history == History::Read {
            move_positions(conn, chats)?;
        }
        Ok(tally)
    })
}

statement! {
    /// Moves the heads of some chats to the messages of these numbers.
    MoveHeads {
        chats: Vec<ChatId> as Array<sql::ChatId>,
        seqs: Vec<Seq> as Array<BigInt>,
    } -> (BigInt) = "heads.sql"
}

// Diesel's FOR NO KEY UPDATE has no OF.
statement! {
    /// Locks the positions of all members of some chats.
    LockPositions { chats: Vec<ChatId> as Array<sql::ChatId> } -> (BigInt) = "lock_positions.sql"
}

statement! {
    /// Moves the positions of all members of some chats to their heads.
    MovePositions { chats: Vec<ChatId> as Array<sql::ChatId> } -> (BigInt) = "positions.sql"
}

fn move_positions(conn: &mut PgConnection, chats: Vec<ChatId>) -> QueryResult<()> {
    LockPositions { chats: chats.clone() }.execute(conn)?;
    MovePositions { chats }.execute(conn)?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = messages, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct Row<'a> {
    chat_id: ChatId,
    seq: Seq,
    id: MessageId,
    sender_id: Option<UserId>,
    kind: MessageKind,
    content: Option<&'a str>,
    metadata: &'a Value,
    reply_to_seq: Option<Seq>,
    created_at: DateTime<Utc>,
    edited_at: Option<DateTime<Utc>>,
    version: Version,
}

#[derive(Insertable)]
#[diesel(table_name = attachments, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct PictureRow<'a> {
    chat_id: ChatId,
    message_seq: Seq,
    position: i16,
    file_name: &'a str,
    mime_type: ImageType,
    byte_size: i32,
    storage_key: &'a str,
    medium_key: Option<&'a str>,
    thumbnail_key: Option<&'a str>,
    width: Option<i32>,
    height: Option<i32>,
    created_at: DateTime<Utc>,
}

/// Whether what happened then has happened: the clocks of two machines may differ by a minute.
fn is_past(time: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    time::is_storable(time) && time <= now + TimeDelta::minutes(1)
}

fn insert(
    conn: &mut PgConnection,
    new: &[Numbered<'_>],
    now: DateTime<Utc>,
    version: impl Fn(ChatId, Seq) -> Version,
) -> QueryResult<()> {
    let nothing = Value::Object(Map::new());
    let rows: Vec<_> = new
        .iter()
        .map(|&Numbered { message, seq, reply_to_seq }| Row {
            chat_id: message.chat_id,
            seq,
            id: message.id,
            sender_id: message.sender_id,
            kind: message.kind(),
            content: message.content.filter(|content| !text::is_blank(content)),
            metadata: message.metadata.unwrap_or(&nothing),
            reply_to_seq,
            created_at: message.created_at.min(now),
            edited_at: message.edited_at.map(|time| time.min(now)),
            version: version(message.chat_id, seq),
        })
        .collect();
    diesel::copy_from(messages::table).from_insertable(&rows).execute(conn)?;
    let pictures: Vec<_> = new
        .iter()
        .flat_map(|&Numbered { message, seq, .. }| {
            (0..).zip(message.pictures).map(move |(position, picture)| PictureRow {
                chat_id: message.chat_id,
                message_seq: seq,
                position,
                file_name: picture.file_name,
                mime_type: picture.mime_type,
                byte_size: picture.byte_size,
                storage_key: picture.storage_key,
                medium_key: picture.medium_key,
                thumbnail_key: picture.thumbnail_key,
                width: picture.width,
                height: picture.height,
                created_at: message.created_at.min(now),
            })
        })
        .collect();
    if !pictures.is_empty() {
        diesel::copy_from(attachments::table).from_insertable(&pictures).execute(conn)?;
    }
    Ok(())
}

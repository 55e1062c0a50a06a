//! A message that was sent elsewhere, and when.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::enums::{ImageType, MessageKind};
use crate::ids::{ChatId, MessageId, UserId};

/// A message that was sent elsewhere.
#[derive(Debug, Clone)]
pub struct Imported<'a> {
    /// The chat that it goes to.
    pub chat_id: ChatId,
    /// What it is called: the same each time that the same message is imported.
    pub id: MessageId,
    /// Who sent it, a member of the chat or one who was. `None`: the system.
    pub sender_id: Option<UserId>,
    /// Its words.
    pub content: Option<&'a str>,
    /// A JSON object for the application.
    pub metadata: Option<&'a Value>,
    /// The message that it answers: an earlier one of the chat, in the database or in the batch.
    pub reply_to: Option<MessageId>,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When it was last edited, if it was. Its earlier wordings are not imported.
    pub edited_at: Option<DateTime<Utc>>,
    /// Its pictures, at most five.
    pub pictures: &'a [Picture<'a>],
}

/// A picture of an imported message: its bytes are in the object store already, and the operator's word for its keys is
/// taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture<'a> {
    /// What the sender's device called it, 1 to 255 characters.
    pub file_name: &'a str,
    /// What kind of picture it is.
    pub mime_type: ImageType,
    /// How large it is, 1 byte to 10 MiB.
    pub byte_size: i32,
    /// Its key in the object store.
    pub storage_key: &'a str,
    /// The key of a copy of medium size, when there is one already.
    pub medium_key: Option<&'a str>,
    /// The key of a small copy, when there is one already.
    pub thumbnail_key: Option<&'a str>,
    /// Its width in pixels, when it was measured.
    pub width: Option<i32>,
    /// Its height in pixels, when it was measured.
    pub height: Option<i32>,
}

impl<'a> Picture<'a> {
    /// A picture of which nothing more is known.
    #[must_use]
    pub const fn new(file_name: &'a str, mime_type: ImageType, byte_size: i32, storage_key: &'a str) -> Self {
        Self {
            file_name,
            mime_type,
            byte_size,
            storage_key,
            medium_key: None,
            thumbnail_key: None,
            width: None,
            height: None,
        }
    }

    /// Its texts.
    pub(super) const fn texts(&self) -> [Option<&'a str>; 4] {
        [Some(self.file_name), Some(self.storage_key), self.medium_key, self.thumbnail_key]
    }
}

impl<'a> Imported<'a> {
    /// Words that somebody sent.
    #[must_use]
    pub const fn text(
        chat_id: ChatId,
        id: MessageId,
        sender_id: UserId,
        created_at: DateTime<Utc>,
        content: &'a str,
    ) -> Self {
        Self {
            chat_id,
            id,
            sender_id: Some(sender_id),
            content: Some(content),
            metadata: None,
            reply_to: None,
            created_at,
            edited_at: None,
            pictures: &[],
        }
    }

    /// Pictures that somebody sent.
    #[must_use]
    pub const fn image(
        chat_id: ChatId,
        id: MessageId,
        sender_id: UserId,
        created_at: DateTime<Utc>,
        pictures: &'a [Picture<'a>],
    ) -> Self {
        Self { content: None, pictures, ..Self::text(chat_id, id, sender_id, created_at, "") }
    }

    /// What happened in the chat, as the metadata says.
    #[must_use]
    pub const fn system(chat_id: ChatId, id: MessageId, created_at: DateTime<Utc>, metadata: &'a Value) -> Self {
        Self {
            chat_id,
            id,
            sender_id: None,
            content: None,
            metadata: Some(metadata),
            reply_to: None,
            created_at,
            edited_at: None,
            pictures: &[],
        }
    }

    /// When it was sent, and edited.
    pub(super) fn times(&self) -> impl Iterator<Item = DateTime<Utc>> {
        std::iter::once(self.created_at).chain(self.edited_at)
    }

    pub(super) const fn kind(&self) -> MessageKind {
        match (self.sender_id, self.pictures) {
            (None, _) => MessageKind::System,
            (Some(_), []) => MessageKind::Text,
            (Some(_), _) => MessageKind::Image,
        }
    }
}

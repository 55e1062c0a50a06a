//! A message that was sent elsewhere, and when.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::enums::MessageKind;
use crate::ids::{ChatId, MessageId, UserId};
use crate::queries::messages::Picture;

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

    pub(super) const fn kind(&self) -> MessageKind {
        match (self.sender_id, self.pictures) {
            (None, _) => MessageKind::System,
            (Some(_), []) => MessageKind::Text,
            (Some(_), _) => MessageKind::Image,
        }
    }
}

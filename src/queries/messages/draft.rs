//! Decides what a message to send is: words, or pictures with or without words.

use serde_json::Value;

use crate::enums::{ImageType, MessageKind};
use crate::ids::MessageId;
use crate::queries::nul_character;
use crate::seq::Seq;

/// A message to send. Its kind follows from how it began: [`text`](Self::text) or [`image`](Self::image).
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub(super) id: MessageId,
    pub(super) kind: MessageKind,
    pub(super) content: Option<&'a str>,
    pub(super) metadata: Option<&'a Value>,
    pub(super) reply_to_seq: Option<Seq>,
    pub(super) pictures: &'a [Picture<'a>],
}

/// A picture to attach: what is known of it when the message is sent. Its bytes are in an object store already.
#[derive(Debug, Clone)]
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
    /// A picture of which nothing more is known yet.
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
}

impl<'a> Draft<'a> {
    /// Words.
    #[must_use]
    pub fn text(content: &'a str) -> Self {
        Self::of(MessageKind::Text, Some(content), &[])
    }

    /// Pictures, one to five.
    #[must_use]
    pub fn image(pictures: &'a [Picture<'a>]) -> Self {
        Self::of(MessageKind::Image, None, pictures)
    }

    fn of(kind: MessageKind, content: Option<&'a str>, pictures: &'a [Picture<'a>]) -> Self {
        Self { id: MessageId::new(), kind, content, metadata: None, reply_to_seq: None, pictures }
    }

    /// The id that the client gave it, so that sending it again finds it. Without one, it gets a new one, and sending
    /// the same draft again finds it too.
    #[must_use]
    pub const fn with_id(mut self, id: MessageId) -> Self {
        self.id = id;
        self
    }

    /// The words that go with the pictures; of a text, its words.
    #[must_use]
    pub const fn saying(mut self, content: &'a str) -> Self {
        self.content = if content.is_empty() { None } else { Some(content) };
        self
    }

    /// As an answer to an earlier message of the chat.
    #[must_use]
    pub const fn in_reply_to(mut self, seq: Seq) -> Self {
        self.reply_to_seq = Some(seq);
        self
    }

    /// With a JSON object for the application.
    #[must_use]
    pub const fn with_metadata(mut self, metadata: &'a Value) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> MessageId {
        self.id
    }
}

/// The first 100 characters: what an inbox shows.
pub(crate) fn preview(content: &str) -> &str {
    content.char_indices().nth(100).map_or(content, |(end, _)| content.split_at(end).0)
}

/// Whether a part of a message has a NUL in it.
pub(crate) fn contains_nul(content: Option<&str>, metadata: Option<&Value>, pictures: &[Picture<'_>]) -> bool {
    let texts = |picture: &Picture<'_>| {
        nul_character::in_any([
            Some(picture.file_name),
            Some(picture.storage_key),
            picture.medium_key,
            picture.thumbnail_key,
        ])
    };
    nul_character::in_any([content]) || metadata.is_some_and(nul_character::in_json) || pictures.iter().any(texts)
}

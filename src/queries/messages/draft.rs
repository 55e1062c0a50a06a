//! A message to send: words, or pictures with or without words.

use std::borrow::Cow;

use serde_json::Value;

use crate::enums::{ImageType, MessageKind};
use crate::ids::MessageId;
use crate::queries::nul_character;
use crate::seq::Seq;

/// A message to send, which borrows or owns what it is made of. Its kind follows from how it began:
/// [`text`](Self::text) or [`image`](Self::image).
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub(super) id: MessageId,
    pub(super) kind: MessageKind,
    pub(super) content: Option<Cow<'a, str>>,
    pub(super) metadata: Option<Cow<'a, Value>>,
    pub(super) reply_to_seq: Option<Seq>,
    pub(super) pictures: Cow<'a, [Picture<'a>]>,
}

/// A picture to attach: what is known of it when the message is sent. Its bytes are in an object store already.
#[derive(Debug, Clone)]
pub struct Picture<'a> {
    /// What the sender's device called it, 1 to 255 characters.
    pub file_name: Cow<'a, str>,
    /// What kind of picture it is.
    pub mime_type: ImageType,
    /// How large it is, 1 byte to 10 MiB.
    pub byte_size: i32,
    /// Its key in the object store.
    pub storage_key: Cow<'a, str>,
    /// The key of a copy of medium size, when there is one already.
    pub medium_key: Option<Cow<'a, str>>,
    /// The key of a small copy, when there is one already.
    pub thumbnail_key: Option<Cow<'a, str>>,
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
            file_name: Cow::Borrowed(file_name),
            mime_type,
            byte_size,
            storage_key: Cow::Borrowed(storage_key),
            medium_key: None,
            thumbnail_key: None,
            width: None,
            height: None,
        }
    }

    /// The same picture, with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Picture<'static> {
        Picture {
            file_name: owned(self.file_name),
            mime_type: self.mime_type,
            byte_size: self.byte_size,
            storage_key: owned(self.storage_key),
            medium_key: self.medium_key.map(owned),
            thumbnail_key: self.thumbnail_key.map(owned),
            width: self.width,
            height: self.height,
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

impl<'a> Draft<'a> {
    /// Words.
    #[must_use]
    pub fn text(content: impl Into<Cow<'a, str>>) -> Self {
        Self::of(MessageKind::Text, Some(content.into()), Cow::Borrowed(&[]))
    }

    /// Pictures, one to five.
    #[must_use]
    pub fn image(pictures: impl Into<Cow<'a, [Picture<'a>]>>) -> Self {
        Self::of(MessageKind::Image, None, pictures.into())
    }

    fn of(kind: MessageKind, content: Option<Cow<'a, str>>, pictures: Cow<'a, [Picture<'a>]>) -> Self {
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
    pub fn saying(mut self, content: impl Into<Cow<'a, str>>) -> Self {
        self.content = Some(content.into()).filter(|content| !content.is_empty());
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
    pub fn with_metadata(mut self, metadata: &'a Value) -> Self {
        self.metadata = Some(Cow::Borrowed(metadata));
        self
    }

    /// The same draft, with texts, metadata and pictures of its own, to be sent by another thread.
    ///
    /// What was made from `String`s is not copied.
    ///
    /// ```
    /// use messenger_db::queries::messages::Draft;
    ///
    /// let request = String::from("Shall we meet at nine?");
    /// let draft: Draft<'static> = Draft::text(&request).into_owned();
    /// std::thread::spawn(move || drop(draft));
    /// ```
    #[must_use]
    pub fn into_owned(self) -> Draft<'static> {
        Draft {
            id: self.id,
            kind: self.kind,
            content: self.content.map(owned),
            metadata: self.metadata.map(|metadata| Cow::Owned(metadata.into_owned())),
            reply_to_seq: self.reply_to_seq,
            pictures: self.pictures.into_owned().into_iter().map(Picture::into_owned).collect(),
        }
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
            Some(picture.file_name.as_ref()),
            Some(picture.storage_key.as_ref()),
            picture.medium_key.as_deref(),
            picture.thumbnail_key.as_deref(),
        ])
    };
    nul_character::in_any([content]) || metadata.is_some_and(nul_character::in_json) || pictures.iter().any(texts)
}

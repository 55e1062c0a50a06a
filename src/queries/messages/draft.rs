//! A message to send: words, or pictures with or without words.

use std::borrow::Cow;

use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::enums::MessageKind;
use crate::ids::{MessageId, UserId};
use crate::queries::{nul_character, text};
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
    pub(super) mentions: Cow<'a, [UserId]>,
}

/// A picture to attach: an upload of the sender's, which was [begun](crate::queries::uploads::begin) before and is attached
/// once. What kind it is and how large, and its copies and size where they are known, are the upload's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture<'a> {
    /// What the sender's device called it, 1 to 255 characters.
    pub file_name: Cow<'a, str>,
    /// The upload's key in the object store.
    pub storage_key: Cow<'a, str>,
}

impl<'a> Picture<'a> {
    /// The picture of an upload.
    #[must_use]
    pub fn new(file_name: impl Into<Cow<'a, str>>, storage_key: impl Into<Cow<'a, str>>) -> Self {
        Self { file_name: file_name.into(), storage_key: storage_key.into() }
    }

    /// The same picture, with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Picture<'static> {
        Picture { file_name: owned(self.file_name), storage_key: owned(self.storage_key) }
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
        let mentions = Cow::Borrowed([].as_slice());
        Self { id: MessageId::new(), kind, content, metadata: None, reply_to_seq: None, pictures, mentions }
    }

    /// Its words, if something of them is seen.
    pub(super) fn words(&self) -> Option<&str> {
        self.content.as_deref().filter(|content| !text::is_blank(content))
    }

    /// Whether there is nothing beside the message itself to write.
    pub(super) fn is_plain(&self) -> bool {
        self.pictures.is_empty() && self.mentions.is_empty()
    }

    /// The id that the client gave it, so that sending it again finds it. Without one, it gets a new one, and sending
    /// the same draft again finds it too.
    #[must_use]
    pub const fn with_id(mut self, id: MessageId) -> Self {
        self.id = id;
        self
    }

    /// The words that go with the pictures; of a text, its words. Words of which nothing is seen are none.
    #[must_use]
    pub fn saying(mut self, content: impl Into<Cow<'a, str>>) -> Self {
        self.content = Some(content.into());
        self
    }

    /// As an answer to an earlier message of the chat.
    #[must_use]
    pub const fn in_reply_to(mut self, seq: Seq) -> Self {
        self.reply_to_seq = Some(seq);
        self
    }

    /// Naming these members of the chat, 50 at most: the message counts as a mention for them, and wakes their devices
    /// even where they have muted the chat. Where the words say so is the application's. One who is named twice is named
    /// once; naming oneself has no effect.
    #[must_use]
    pub fn mentioning(mut self, members: impl Into<Cow<'a, [UserId]>>) -> Self {
        self.mentions = members.into();
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
            mentions: Cow::Owned(self.mentions.into_owned()),
        }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> MessageId {
        self.id
    }
}

/// The first 100 characters as people see them, within 300 code points, so that none of them is cut: what an inbox shows, in one
/// line.
pub(crate) fn preview(content: &str) -> String {
    let mut line = one_line(content);
    line.truncate(shown(&line));
    line
}

/// The words without blanks at their beginning, with one space for several blanks or a line break.
fn one_line(content: &str) -> String {
    let mut line = String::with_capacity(content.len().min(1_000));
    let mut blanks = Blanks::None;
    for character in text::without_invisible_beginning(content).chars().take(2_000) {
        blanks = match (blanks, text::blank(character)) {
            (blanks, None) => {
                blanks.end(&mut line);
                line.push(character);
                Blanks::None
            }
            (Blanks::None, Some(false)) => Blanks::One(character),
            _ => Blanks::Several,
        };
    }
    blanks.end(&mut line);
    line
}

/// What was between two characters that are seen.
#[derive(Clone, Copy)]
enum Blanks {
    None,
    One(char),
    Several,
}

impl Blanks {
    fn end(self, line: &mut String) {
        match self {
            Self::None => {}
            Self::One(blank) => line.push(blank),
            Self::Several => line.push(' '),
        }
    }
}

/// How many bytes of a line are shown.
fn shown(content: &str) -> usize {
    let mut code_points = 0;
    let within = content.grapheme_indices(true).take(100).take_while(|(_, character)| {
        code_points += character.chars().count();
        code_points <= 300
    });
    let end = within.last().map_or(0, |(start, character)| start + character.len());
    // One character of a hundred parts is cut after all.
    if end == 0 { content.char_indices().nth(100).map_or(content.len(), |(end, _)| end) } else { end }
}

/// Whether a part of a message has a NUL in it.
pub(crate) fn contains_nul<'a>(
    content: Option<&str>,
    metadata: Option<&Value>,
    pictures: impl IntoIterator<Item = Option<&'a str>>,
) -> bool {
    nul_character::in_any([content]) || metadata.is_some_and(nul_character::in_json) || nul_character::in_any(pictures)
}

#[cfg(test)]
mod tests {
    use super::preview;

    #[test]
    fn a_preview_cuts_nothing_that_people_see_as_one_character() {
        let family = "👩🏻‍❤️‍💋‍👨🏿";
        for (content, count) in [
            ("x".repeat(101), 100),
            ("ж".repeat(100), 100),
            (format!("{}{family}x", "x".repeat(99)), 109),
            (format!("{}🇩🇪🇫🇷", "x".repeat(99)), 101),
            (format!("{}🇩🇪🇫🇷", "x".repeat(98)), 102),
            (format!("{}e\u{301}\u{301}\u{301}xx", "x".repeat(98)), 103),
            (family.repeat(40), 300),
            (format!("e{}", "\u{301}".repeat(300)), 100),
        ] {
            assert_eq!(preview(&content).chars().count(), count, "{content}");
        }
    }

    #[test]
    fn a_preview_is_one_line_that_begins_with_what_is_seen() {
        for (content, line) in [
            ("\n\n \u{200B}\u{3164}Hello", "Hello"),
            ("one\ntwo\r\n\r\n\tthree", "one two three"),
            ("5\u{A0}km  away \u{3000} by foot ", "5\u{A0}km away by foot "),
            ("\u{1F3F3}\u{FE0F}\u{200D}\u{1F308}\u{2029}x", "\u{1F3F3}\u{FE0F}\u{200D}\u{1F308} x"),
        ] {
            assert_eq!(preview(content), line);
        }
        assert_eq!(preview(&format!("{}x{}y", "\n".repeat(5_000), " ".repeat(500))), "x y");
    }
}

//! A page of history: messages, and everything that is shown with them.

use std::collections::HashMap;

use diesel::prelude::*;

use super::super::messages::preview;
use super::extras::Extras;
use crate::enums::MessageKind;
use crate::ids::{MessageId, UserId};
use crate::models::{Attachment, Message};
use crate::page::Limit;
use crate::queries::profile::Profile;
use crate::seq::Seq;

/// What a device asks of a page: a [`Limit`], and whose profiles it has already.
///
/// Reading the profiles is a third of what a page costs in a group. A device that keeps them, and follows
/// [`changes`](crate::queries::changes), leaves it out. The list travels to this function, not to the database: name the people
/// of the chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::history::{self, PageRequest};
/// use messenger_db::queries::messages;
///
/// messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?;
/// let known = [anna.user_id()];
/// let page = history::latest(conn, bob, chat, PageRequest::from(Limit::new(20)).knowing(&known))?;
/// assert_eq!(page.entries.len(), 1);
/// assert!(page.profiles.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageRequest<'a> {
    pub(super) limit: Limit,
    pub(super) known: &'a [UserId],
}

impl From<Limit> for PageRequest<'_> {
    fn from(limit: Limit) -> Self {
        Self { limit, known: &[] }
    }
}

impl<'a> PageRequest<'a> {
    /// Without the profiles of these users.
    #[must_use]
    pub const fn knowing(self, users: &'a [UserId]) -> Self {
        Self { known: users, ..self }
    }
}

/// A part of a chat, in the chat's order: oldest first.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Page {
    /// The messages, by ascending seq and without a gap between two of them, but for those that the reader has deleted for
    /// themselves.
    pub entries: Vec<Entry>,
    /// Who sent them and the messages they answer, but for those whom the device [knows](PageRequest::knowing).
    pub profiles: HashMap<UserId, Profile>,
    /// There are messages that are older than what was looked at: [`before`](super::before) this seq. A page of which the
    /// reader sees nothing has it, too; where there was nothing to look at, there is none.
    pub older_before: Option<Seq>,
    /// There are messages that are newer than what was looked at: [`after`](super::after) this seq.
    pub newer_after: Option<Seq>,
    /// Where history begins for the reader: the messages before it are gone, or the reader does not see them, and a device forgets
    /// them. Answers to them answer nothing any
    /// more. One more than the newest seq: every message is gone.
    pub first_seq: Seq,
}

/// A message, with everything that is shown with it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry {
    /// The message itself. A deleted one is here too, without content.
    pub message: Message,
    /// Its pictures, in their order.
    pub attachments: Vec<Attachment>,
    /// Its reactions: one entry for each emoji, the one that was first given first.
    pub reactions: Vec<Reaction>,
    /// The message that it answers; `None`: it answers none, or one that the reader does not see.
    pub reply_to: Option<ReplyPreview>,
}

/// How often an emoji was given to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// How many gave it.
    pub count: i64,
    /// Whether the reader is among them.
    pub mine: bool,
}

/// What is shown of a message beside the answer to it.
///
/// A service makes it of a [`Message`] by `ReplyPreview::from`. A device makes it anew where it gets the quoted message edited or
/// deleted, because the answers are not on that page of [`changes`](crate::queries::changes): see [`preview`](Self::preview).
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReplyPreview {
    /// Its number in the chat.
    pub seq: Seq,
    /// What its client called it.
    pub id: MessageId,
    /// Who sent it; `None` for a system message.
    pub sender_id: Option<UserId>,
    /// What it is.
    pub kind: MessageKind,
    /// The first 100 characters of it as people see them; `None` when it has no words, or was deleted.
    ///
    /// Of the words (`content`), it has neither what is invisible at their beginning nor blanks at their end; several blanks, or a
    /// break of the line, are one space; then it has the first 100 extended grapheme clusters of Unicode, or as many as have 300
    /// code points together.
    pub preview: Option<String>,
    /// Whether it was deleted.
    pub is_deleted: bool,
}

impl From<&Message> for ReplyPreview {
    fn from(message: &Message) -> Self {
        Self {
            seq: message.seq,
            id: message.id,
            sender_id: message.sender_id,
            kind: message.kind,
            preview: message.content.as_deref().map(preview),
            is_deleted: message.deleted_at.is_some(),
        }
    }
}

impl Page {
    /// The page of these messages, which are in order, of a chat whose history goes from one seq to another, and in which the
    /// reader asked for what is between two.
    pub(super) fn load(
        conn: &mut PgConnection,
        reader: UserId,
        known: &[UserId],
        messages: Vec<Message>,
        (first_seq, last_seq): (Seq, Seq),
        (from, to): (Seq, Seq),
    ) -> QueryResult<Self> {
        let is_asked = from <= to;
        let older_before = (is_asked && from > first_seq).then_some(from);
        let newer_after = (is_asked && to < last_seq).then_some(to);
        let extras = Extras::read(conn, reader, first_seq, known, &messages)?;
        let mut entries = Vec::<Entry>::with_capacity(messages.len());
        for message in messages {
            // What it answers came before it: it is on the page already, or not at all.
            let reply_to = message.reply_to_seq.and_then(|seq| {
                let on_page = find(&mut entries, seq).map(|entry| ReplyPreview::from(&entry.message));
                on_page.or_else(|| extras.answered.get(&seq).cloned())
            });
            entries.push(Entry { message, attachments: Vec::new(), reactions: Vec::new(), reply_to });
        }
        for attachment in extras.attachments {
            if let Some(entry) = find(&mut entries, attachment.message_seq) {
                entry.attachments.push(attachment);
            }
        }
        for (seq, reactions) in extras.reactions {
            if let Some(entry) = find(&mut entries, seq) {
                entry.reactions = reactions;
            }
        }
        Ok(Self { entries, profiles: extras.profiles, older_before, newer_after, first_seq })
    }
}

/// The entry of this seq, in entries that are in order.
fn find(entries: &mut [Entry], seq: Seq) -> Option<&mut Entry> {
    let place = entries.binary_search_by_key(&seq, |entry| entry.message.seq).ok()?;
    entries.get_mut(place)
}

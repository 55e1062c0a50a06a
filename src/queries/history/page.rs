//! Decides what is on a page of history: messages, and everything that is shown with them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use super::super::accounts::{self, Profile};
use super::super::functions::{bool_or, left};
use super::super::messages::preview;
use crate::enums::MessageKind;
use crate::ids::{ChatId, MessageId, UserId};
use crate::models::{Attachment, Message};
use crate::schema::{attachments, message_reactions, messages};

/// A part of a chat, in the chat's order: oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The messages, by ascending seq and without a gap between two of them.
    pub entries: Vec<Entry>,
    /// Who sent them and the messages they answer.
    pub profiles: HashMap<UserId, Profile>,
    /// Older messages exist: [`before`](super::before) this seq.
    pub older_before: Option<i64>,
    /// Newer messages exist: [`after`](super::after) this seq.
    pub newer_after: Option<i64>,
}

/// A message, with everything that is shown with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The message itself. A deleted one is here too, without content.
    pub message: Message,
    /// Its pictures, in their order.
    pub attachments: Vec<Attachment>,
    /// Its reactions: one entry for each emoji, the one that was first given first.
    pub reactions: Vec<Reaction>,
    /// The message that it answers.
    pub reply_to: Option<ReplyPreview>,
}

/// How often an emoji was given to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// How many gave it.
    pub count: i64,
    /// Whether the reader is among them.
    pub mine: bool,
}

/// What is shown of a message beside the answer to it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct ReplyPreview {
    /// Its number in the chat.
    pub seq: i64,
    /// What its client called it.
    pub id: MessageId,
    /// Who sent it; `None` for a system message.
    pub sender_id: Option<UserId>,
    /// What it is.
    pub kind: MessageKind,
    /// The first 100 characters of it; `None` when it has no words, or was deleted.
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
            preview: message.content.as_deref().map(|content| preview(content).to_owned()),
            is_deleted: message.deleted_at.is_some(),
        }
    }
}

impl Page {
    /// The page of these messages, which are in order and without a gap, of a chat that goes up to `last_seq`.
    pub(super) fn load(
        conn: &mut PgConnection,
        reader: UserId,
        messages: Vec<Message>,
        last_seq: i64,
    ) -> QueryResult<Self> {
        let (Some(first), Some(last)) = (messages.first(), messages.last()) else {
            return Ok(Self { entries: Vec::new(), profiles: HashMap::new(), older_before: None, newer_after: None });
        };
        let (chat_id, first, last) = (first.chat_id, first.seq, last.seq);
        let mut attachments = attachments(conn, chat_id, first, last)?;
        let mut reactions = reactions(conn, chat_id, reader, first, last)?;
        let replies = replies(conn, chat_id, &messages)?;
        let entries: Vec<_> = messages
            .into_iter()
            .map(|message| Entry {
                attachments: attachments.remove(&message.seq).unwrap_or_default(),
                reactions: reactions.remove(&message.seq).unwrap_or_default(),
                reply_to: message.reply_to_seq.and_then(|seq| replies.get(&seq).cloned()),
                message,
            })
            .collect();
        let senders: BTreeSet<_> = entries
            .iter()
            .flat_map(|entry| [entry.message.sender_id, entry.reply_to.as_ref().and_then(|reply| reply.sender_id)])
            .flatten()
            .collect();
        let profiles =
            if senders.is_empty() { Vec::new() } else { accounts::list_profiles(conn, &Vec::from_iter(senders))? };
        Ok(Self {
            entries,
            profiles: profiles.into_iter().map(|profile| (profile.id, profile)).collect(),
            older_before: (first > 1).then_some(first),
            newer_after: (last < last_seq).then_some(last),
        })
    }
}

/// The pictures of the messages of a range.
fn attachments(
    conn: &mut PgConnection,
    chat_id: ChatId,
    first: i64,
    last: i64,
) -> QueryResult<HashMap<i64, Vec<Attachment>>> {
    let rows = attachments::table
        .filter(attachments::chat_id.eq(chat_id).and(attachments::message_seq.between(first, last)))
        .order((attachments::message_seq, attachments::position))
        .select(Attachment::as_select())
        .load(conn)?;
    let mut by_seq = HashMap::<_, Vec<_>>::new();
    for attachment in rows {
        by_seq.entry(attachment.message_seq).or_default().push(attachment);
    }
    Ok(by_seq)
}

/// The reactions to the messages of a range, counted.
fn reactions(
    conn: &mut PgConnection,
    chat_id: ChatId,
    reader: UserId,
    first: i64,
    last: i64,
) -> QueryResult<HashMap<i64, Vec<Reaction>>> {
    let rows = message_reactions::table
        .filter(message_reactions::chat_id.eq(chat_id).and(message_reactions::message_seq.between(first, last)))
        .group_by((message_reactions::message_seq, message_reactions::emoji))
        .order((message_reactions::message_seq, min(message_reactions::created_at), message_reactions::emoji))
        .select((
            message_reactions::message_seq,
            message_reactions::emoji,
            count_star(),
            bool_or(message_reactions::user_id.eq(reader)),
        ))
        .load::<(i64, String, i64, bool)>(conn)?;
    let mut by_seq = HashMap::<_, Vec<_>>::new();
    for (seq, emoji, count, mine) in rows {
        by_seq.entry(seq).or_default().push(Reaction { emoji, count, mine });
    }
    Ok(by_seq)
}

/// The messages that these answer; the database is asked for those only that are not among them.
fn replies(conn: &mut PgConnection, chat_id: ChatId, messages: &[Message]) -> QueryResult<BTreeMap<i64, ReplyPreview>> {
    let answered: BTreeSet<_> = messages.iter().filter_map(|message| message.reply_to_seq).collect();
    let mut replies: BTreeMap<_, _> = messages
        .iter()
        .filter(|message| answered.contains(&message.seq))
        .map(|message| (message.seq, ReplyPreview::from(message)))
        .collect();
    let elsewhere: Vec<_> = answered.into_iter().filter(|seq| !replies.contains_key(seq)).collect();
    if !elsewhere.is_empty() {
        let rows = messages::table
            .filter(messages::chat_id.eq(chat_id).and(messages::seq.eq_any(elsewhere)))
            .select((
                messages::seq,
                messages::id,
                messages::sender_id,
                messages::kind,
                left(messages::content, 100),
                messages::deleted_at.is_not_null(),
            ))
            .load::<ReplyPreview>(conn)?;
        replies.extend(rows.into_iter().map(|reply| (reply.seq, reply)));
    }
    Ok(replies)
}

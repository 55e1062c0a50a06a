//! Holds the pages of history against the model's.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;
use messenger_db::error::Error;
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::accounts::Profile;
use messenger_db::queries::history::{self, Entry, Page, Reaction, ReplyPreview};
use messenger_db::seq::Seq;
use uuid::Uuid;

use super::compare::{Agreement, agree, answer, preview, refused, unnamed};
use super::messenger::{Chat, Messenger, Post, Time};
use crate::queries::cast::by;

/// History from every side.
pub fn pages(
    conn: &mut PgConnection,
    messenger: &Messenger,
    chat: &Chat,
    id: ChatId,
    reader: UserId,
    place: i64,
) -> Agreement {
    let limit = Limit::new(1 + place % 11);
    let (rows, seq) = (limit.get(), place % (chat.head() + 3) - 1);
    let is_member = chat.role(reader).is_some();
    let expected = |first: i64, last: i64| {
        if is_member { Ok(page(messenger, chat, reader, first, last)) } else { refused("NotAMember") }
    };
    let unnamed = |result: Result<Page, Error<history::HistoryRefused>>| {
        answer(result).map(|page| Page {
            entries: page
                .entries
                .into_iter()
                .map(|entry| Entry {
                    message: unnamed(entry.message),
                    reply_to: entry.reply_to.map(|reply| ReplyPreview {
                        id: if reply.sender_id.is_some() { reply.id } else { MessageId::from_uuid(Uuid::nil()) },
                        ..reply
                    }),
                    ..entry
                })
                .collect(),
            ..page
        })
    };
    let head = chat.head();
    agree("the latest", unnamed(history::latest(conn, by(reader), id, limit)), expected(head - rows + 1, head))?;
    let last = head.min(seq - 1);
    agree(
        "before",
        unnamed(history::before(conn, by(reader), id, Seq::new(seq), limit)),
        expected(last - rows + 1, last),
    )?;
    let given = seq.max(chat.begins(reader) - 1);
    agree(
        "after",
        unnamed(history::after(conn, by(reader), id, Seq::new(seq), limit)),
        expected(given + 1, given + rows),
    )?;
    let first = seq - rows / 2;
    let middle = if is_member && chat.seen(reader, seq).is_none() {
        refused("MessageNotFound")
    } else {
        expected(first, first + rows - 1)
    };
    agree("around", unnamed(history::around(conn, by(reader), id, Seq::new(seq), limit)), middle.clone())?;
    if let Some(post) = chat.post(seq).filter(|post| post.message.sender_id.is_some()) {
        agree("around an id", unnamed(history::around_id(conn, by(reader), id, post.message.id, limit)), middle)?;
    }
    Ok(())
}

fn page(messenger: &Messenger, chat: &Chat, reader: UserId, first: i64, last: i64) -> Page {
    let begins = chat.begins(reader);
    let (first, last) = (first.max(begins), last.min(chat.head()));
    let entries: Vec<_> =
        (first..=last).filter_map(|seq| chat.seen(reader, seq)).map(|post| entry(chat, post, reader)).collect();
    let senders: BTreeSet<_> = entries
        .iter()
        .flat_map(|entry| [entry.message.sender_id, entry.reply_to.as_ref().and_then(|reply| reply.sender_id)])
        .flatten()
        .collect();
    let profiles = senders.into_iter().map(|user| (user, messenger.seen(reader, user)));
    Page {
        older_before: (first <= last && first > begins).then_some(Seq::new(first)),
        newer_after: (first <= last && last < chat.head()).then_some(Seq::new(last)),
        profiles: profiles.collect::<HashMap<UserId, Profile>>(),
        entries,
        first_seq: Seq::new(begins),
    }
}

fn entry(chat: &Chat, post: &Post, reader: UserId) -> Entry {
    let mut by_emoji = BTreeMap::<&str, (Time, i64, bool)>::new();
    for (user, emoji, at) in &post.reactions {
        let summary = by_emoji.entry(emoji).or_insert((*at, 0, false));
        *summary = (summary.0.min(*at), summary.1 + 1, summary.2 || *user == reader);
    }
    let mut reactions: Vec<_> = by_emoji.into_iter().collect();
    reactions.sort_by_key(|(emoji, (first, _, _))| (*first, *emoji));
    let reply_to = post.message.reply_to_seq.and_then(|seq| chat.seen(reader, seq.get())).map(|reply| ReplyPreview {
        seq: reply.message.seq,
        id: reply.message.id,
        sender_id: reply.message.sender_id,
        kind: reply.message.kind,
        preview: preview(&reply.message),
        is_deleted: reply.message.deleted_at.is_some(),
    });
    Entry {
        message: post.message.clone(),
        attachments: post.attachments.clone(),
        reactions: reactions
            .into_iter()
            .map(|(emoji, (_, count, mine))| Reaction { emoji: emoji.to_owned(), count, mine })
            .collect(),
        reply_to,
    }
}

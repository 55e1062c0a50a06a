//! Holds every answer of the real messenger against the model's.

use messenger_db::seq::Seq;
use std::fmt::Debug;

use diesel::prelude::*;
use messenger_db::actor::Actor;
use messenger_db::enums::{ContactStatus, DeliveryStatus, UserStatus};
use messenger_db::error::Error;
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::models::{Contact, Message};
use messenger_db::page::Limit;
use messenger_db::queries::chat_settings::Settings;
use messenger_db::queries::contacts::ListedContact;
use messenger_db::queries::messages::EditsFor;
use messenger_db::queries::{
    attachments, blocks, contacts, history, inbox, messages, pending, reactions, receipts, unread,
};
use uuid::Uuid;

use super::compare_history::pages;
use super::compare_search::{found, found_in};
use super::messenger::{Chat, Messenger, Post, Time};
use super::perform::name;
use crate::queries::cast::by;

pub type Agreement = Result<(), String>;

/// That an answer is the right one.
#[allow(clippy::needless_pass_by_value, reason = "most are made for it")]
pub fn agree<T: PartialEq + Debug>(what: &str, actual: T, expected: T) -> Agreement {
    if actual == expected { Ok(()) } else { Err(format!("{what}:\n   actual {actual:?}\n expected {expected:?}")) }
}

/// An answer, or the name of its refusal.
pub fn answer<T, R: Debug>(result: Result<T, Error<R>>) -> Result<T, String> {
    result.map_err(|error| match error {
        Error::Refused(refusal) => name(&refusal),
        Error::Database(error) => format!("an error of the database: {error:?}"),
    })
}

pub fn refused<T>(refusal: &str) -> Result<T, String> {
    Err(refusal.to_owned())
}

pub type Row = (UserId, DeliveryStatus, Option<Time>, Option<Time>);

/// The receipts of a message, by user.
pub fn receipts_of(post: &Post) -> Vec<Row> {
    let shown = post.receipts.iter().filter(|(_, receipt)| !receipt.is_senders);
    shown
        .map(|(user, receipt)| {
            let status = match (receipt.delivered_at, receipt.read_at) {
                (_, Some(_)) => DeliveryStatus::Read,
                (Some(_), None) => DeliveryStatus::Delivered,
                (None, None) => DeliveryStatus::Pending,
            };
            (*user, status, receipt.delivered_at, receipt.read_at)
        })
        .collect()
}

/// Everything that one user can ask. What pages are asked for depends on `place`.
pub fn answers(conn: &mut PgConnection, messenger: &Messenger, reader: UserId, place: i64) -> Agreement {
    lists(conn, messenger, reader)?;
    chat_list(conn, messenger, reader, place)?;
    pending_messages(conn, messenger, reader, place)?;
    found(conn, messenger, reader, place)
}

/// Everything that one user can ask of a chat.
pub fn answers_of(conn: &mut PgConnection, messenger: &Messenger, id: ChatId, reader: UserId, place: i64) -> Agreement {
    let Some(chat) = messenger.chats.get(&id) else {
        return agree(
            "history",
            answer(history::latest(conn, by(reader), id, Limit::MAX)).map(drop),
            refused("NotAMember"),
        );
    };
    pages(conn, messenger, chat, id, reader, place)?;
    one_message(conn, messenger, chat, id, reader, 1 + place % (chat.head() + 1))?;
    counts(conn, messenger, chat, id, reader, place)?;
    found_in(conn, chat, id, reader, place)?;
    gallery(conn, chat, id, reader, place)
}

/// Contacts, requests, blocks and what is unread.
fn lists(conn: &mut PgConnection, messenger: &Messenger, reader: UserId) -> Agreement {
    let profile = |user: UserId| messenger.seen(reader, user);
    let of_reader = || messenger.contacts.values().filter(|contact| contact.user_id == reader);
    let listed = |contact: &Contact| ListedContact {
        profile: profile(contact.contact_id),
        requested_by: contact.requested_by,
        requested_at: contact.created_at,
        accepted_at: contact.accepted_at,
    };
    let mut accepted: Vec<_> =
        of_reader().filter(|contact| contact.status == ContactStatus::Accepted).map(listed).collect();
    accepted.sort_by_key(|contact| {
        let name = contact.profile.display_name.clone().or(contact.profile.username.clone()).unwrap_or_default();
        (contact.profile.status != UserStatus::Online, name.to_lowercase(), contact.profile.id)
    });
    agree("the contacts", contacts::all(conn, by(reader)).unwrap(), accepted)?;
    let requests = |is_own: bool| {
        let pending = of_reader().filter(|contact| contact.status == ContactStatus::Pending);
        let mut rows: Vec<_> =
            pending.filter(|contact| (contact.requested_by == reader) == is_own).map(listed).collect();
        rows.sort_by_key(|contact| (std::cmp::Reverse(contact.requested_at), contact.profile.id));
        rows
    };
    agree("the requests of others", contacts::all_requests_received(conn, by(reader)).unwrap(), requests(false))?;
    agree("the own requests", contacts::all_requests_sent(conn, by(reader)).unwrap(), requests(true))?;
    let mut blocked: Vec<_> = messenger.blocks.iter().filter(|((blocker, _), _)| *blocker == reader).collect();
    blocked.sort_by_key(|((_, user), at)| (std::cmp::Reverse(**at), *user));
    let actual: Vec<_> = blocks::all(conn, by(reader)).unwrap();
    let actual: Vec<_> = actual.into_iter().map(|block| (block.profile, block.created_at)).collect();
    agree("the blocks", actual, blocked.into_iter().map(|((_, user), at)| (profile(*user), *at)).collect())?;

    let mut open: Vec<_> = messenger
        .chats_of(reader)
        .map(|(id, chat)| (chat.posts.last().map(|post| post.message.created_at), id, chat.counted_as_unread(reader)))
        .filter(|(_, _, count)| *count > 0)
        .collect();
    open.sort_by_key(|(at, id, _)| std::cmp::Reverse((*at, *id)));
    agree("all unread", unread::total(conn, by(reader)).unwrap(), open.iter().map(|(_, _, count)| count).sum())?;
    let open: Vec<_> = open.into_iter().map(|(_, id, count)| (id, count)).collect();
    agree("the chats with unread", unread::all(conn, by(reader)).unwrap(), open)?;
    agree("the badge", unread::badge(conn, by(reader)).unwrap(), messenger.badge(reader))
}

type List = fn(&mut PgConnection, Actor, Option<inbox::Cursor>, Limit) -> QueryResult<Vec<inbox::Entry>>;

/// The inbox, the archive and what is hidden.
fn chat_list(conn: &mut PgConnection, messenger: &Messenger, reader: UserId, place: i64) -> Agreement {
    one_list(conn, messenger, reader, place, inbox::list, |set| !set.is_archived && !set.is_hidden)?;
    one_list(conn, messenger, reader, place, inbox::list_archived, |set| set.is_archived && !set.is_hidden)?;
    one_list(conn, messenger, reader, place, inbox::list_hidden, |set| set.is_hidden)
}

fn one_list(
    conn: &mut PgConnection,
    messenger: &Messenger,
    reader: UserId,
    place: i64,
    list: List,
    has: fn(&Settings) -> bool,
) -> Agreement {
    let mut expected: Vec<_> = messenger
        .chats_of(reader)
        .map(|(chat_id, chat)| {
            let last = chat.posts.last().map(|post| &post.message);
            let shown = last.filter(|message| chat.seen(reader, message.seq.get()).is_some());
            let other = chat.pair.and_then(|pair| pair.into_iter().find(|user| *user != reader));
            inbox::Entry {
                chat_id,
                kind: chat.kind,
                name: chat.fields.name.clone(),
                avatar_url: chat.fields.avatar_url.clone(),
                member_count: chat.members().len() as i32,
                other: other.map(|other| messenger.seen(reader, other)),
                last: inbox::Last {
                    seq: Seq::new(chat.head()),
                    sender_id: shown.and_then(|message| message.sender_id),
                    kind: shown.map(|message| message.kind),
                    preview: shown.and_then(preview),
                    sent_at: last.map(|message| message.created_at),
                    is_deleted: shown.is_some_and(|message| message.deleted_at.is_some()),
                    is_hidden: last.is_some() && shown.is_none(),
                },
                last_read_seq: Seq::new(chat.head() - chat.unread(reader).len() as i64),
                unread_count: chat.counted_as_unread(reader),
                mention_count: chat.unread_mentions(reader),
                settings: messenger.settings_of(reader, chat_id),
                active_at: last.map_or(chat.created_at, |message| message.created_at),
            }
        })
        .collect();
    expected.retain(|entry| has(&entry.settings));
    for entry in &mut expected {
        entry.settings.is_archived &= !entry.settings.is_hidden;
    }
    expected.sort_by_key(|entry| {
        (entry.settings.pin_rank.unwrap_or(i16::MAX), std::cmp::Reverse((entry.active_at, entry.chat_id)))
    });
    let limit = Limit::new(1 + place % 3);
    let mut actual = Vec::new();
    loop {
        let after = actual.last().map(inbox::Entry::cursor);
        let page = list(conn, by(reader), after, limit).unwrap();
        let is_last = (page.len() as i64) < limit.get();
        actual.extend(page);
        if is_last {
            return agree("the inbox", actual, expected);
        }
    }
}

pub fn preview(message: &Message) -> Option<String> {
    message.content.as_ref().map(|content| content.chars().take(100).collect())
}

fn pending_messages(conn: &mut PgConnection, messenger: &Messenger, reader: UserId, place: i64) -> Agreement {
    let expected = messenger.chats_of(reader).flat_map(|(_, chat)| {
        let of_chat = chat.pending(reader).into_iter().filter_map(|seq| chat.post(seq));
        of_chat.map(|post| (post.message.clone(), post.attachments.clone()))
    });
    let limit = Limit::new(1 + place % 7);
    let mut actual: Vec<pending::Pending> = Vec::new();
    loop {
        let after = actual.last().map(pending::Pending::cursor);
        let page = pending::list(conn, by(reader), after, limit).unwrap();
        let is_last = (page.len() as i64) < limit.get();
        actual.extend(page);
        if is_last {
            let actual = actual.into_iter().map(|pending| (unnamed(pending.message), pending.attachments)).collect();
            return agree("what is pending", actual, expected.collect::<Vec<_>>());
        }
    }
}

/// A message without the id that nobody knows before: the system's.
pub fn unnamed(message: Message) -> Message {
    let id = if message.sender_id.is_some() { message.id } else { MessageId::from_uuid(Uuid::nil()) };
    Message { id, ..message }
}

/// What can be asked of one message, which need not be there.
fn one_message(
    conn: &mut PgConnection,
    messenger: &Messenger,
    chat: &Chat,
    id: ChatId,
    reader: UserId,
    seq: i64,
) -> Agreement {
    let is_member = chat.role(reader).is_some();
    let post = chat.seen(reader, seq);
    let expected =
        |missing: &str| if is_member { post.ok_or_else(|| missing.to_owned()) } else { refused("NotAMember") };
    let message = answer(messages::get(conn, by(reader), id, Seq::new(seq))).map(unnamed);
    agree("a message", message, expected("NotFound").map(|post| post.message.clone()))?;
    let of_sender = |post: &Post| if post.message.sender_id == Some(reader) { post.edits.clone() } else { vec![] };
    let edits = answer(messages::list_edits(conn, by(reader), id, Seq::new(seq), EditsFor::Sender, None, Limit::MAX));
    agree("its wordings", edits, expected("NotFound").map(of_sender))?;
    let edits = answer(messages::list_edits(conn, by(reader), id, Seq::new(seq), EditsFor::Members, None, Limit::MAX));
    agree("its wordings for all", edits, expected("NotFound").map(|post| post.edits.clone()))?;
    let pictures = answer(attachments::all(conn, by(reader), id, Seq::new(seq)));
    agree("its pictures", pictures, expected("MessageNotFound").map(|post| post.attachments.clone()))?;
    let of_message = answer(receipts::all(conn, by(reader), id, Seq::new(seq))).map(|receipts| {
        let row = |receipt: receipts::Receipt| (receipt.user_id, receipt.status, receipt.delivered_at, receipt.read_at);
        receipts.into_iter().map(row).collect::<Vec<_>>()
    });
    let sorted = |post| {
        let mut rows = messenger.receipts_for(reader, post);
        // None is the last.
        let time = |time: Option<Time>| (time.is_none(), time);
        rows.sort_by_key(|(user, _, delivered, read)| (time(*read), time(*delivered), *user));
        rows
    };
    agree("its receipts", of_message, expected("MessageNotFound").map(sorted))?;
    let reactors =
        answer(reactions::list(conn, by(reader), id, Seq::new(seq), None, None, Limit::MAX)).map(|reactors| {
            let row = |reactor: reactions::Reactor| (reactor.profile, reactor.emoji, reactor.created_at);
            reactors.into_iter().map(row).collect::<Vec<_>>()
        });
    let live = expected("MessageNotFound").and_then(|post| match post.message.deleted_at {
        None => Ok(post),
        Some(_) => refused("MessageNotFound"),
    });
    let profile = |user: &UserId| messenger.seen(reader, *user);
    let expected = live.map(|post| post.reactions.iter().map(|(user, with, at)| (profile(user), with.clone(), *at)));
    agree("its reactions", reactors, expected.map(Iterator::collect))?;
    if let Some(post) = post.filter(|post| post.message.sender_id.is_some()) {
        let found = messages::find_by_id(conn, by(reader), id, post.message.id).unwrap();
        agree("the message of an id", found, is_member.then(|| post.message.clone()))?;
    }
    Ok(())
}

fn counts(
    conn: &mut PgConnection,
    messenger: &Messenger,
    chat: &Chat,
    id: ChatId,
    reader: UserId,
    place: i64,
) -> Agreement {
    let first = 1 + place % (chat.head() + 1);
    let last = first + place % 13;
    let actual = answer(receipts::count(conn, by(reader), id, Seq::new(first), Seq::new(last))).map(|counts| {
        let row = |counts: receipts::Counts| (counts.seq, counts.recipients, counts.delivered, counts.read);
        counts.into_iter().map(row).collect::<Vec<_>>()
    });
    let of_post = |post: &Post| {
        let rows = messenger.receipts_for(reader, post);
        let read = rows.iter().filter(|row| row.3.is_some()).count() as i64;
        let delivered = rows.iter().filter(|row| row.2.is_some()).count() as i64;
        (post.message.seq, rows.len() as i64, delivered, read)
    };
    let expected = if chat.role(reader).is_some() {
        Ok((first..=last).filter_map(|seq| chat.seen(reader, seq)).map(of_post).collect())
    } else {
        refused("NotAMember")
    };
    agree("the counts of a page", actual, expected)?;
    let unread = chat.role(reader).map(|_| chat.counted_as_unread(reader));
    agree("unread", unread::find(conn, by(reader), id).unwrap(), unread)
}

fn gallery(conn: &mut PgConnection, chat: &Chat, id: ChatId, reader: UserId, place: i64) -> Agreement {
    let before = (Seq::new(place % (chat.head() + 2)), (place % 4) as i16);
    let cursor = attachments::Cursor::before(before.0, before.1);
    let limit = Limit::new(1 + place % 6);
    let actual = answer(attachments::list(conn, by(reader), id, Some(cursor), limit));
    let older = chat.seen_posts(reader).rev().flat_map(|post| post.attachments.iter().rev());
    let older = older.filter(|picture| (picture.message_seq, picture.position) < before);
    let is_member = chat.role(reader).is_some();
    let expected =
        if is_member { Ok(older.take(limit.get() as usize).cloned().collect()) } else { refused("NotAMember") };
    agree("the gallery", actual, expected)
}

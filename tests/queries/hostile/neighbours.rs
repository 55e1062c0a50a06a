//! What the others have after an attack: every reader works, and what is none of the attacker's business is as it was.

use std::ops::ControlFlow;

use diesel::PgConnection;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::messages::{self, EditsFor};
use messenger_db::queries::{
    accounts, attachments, blocks, changes, chat_settings, chats, contacts, direct_chats, export, history, inbox,
    pending, privacy, push, reactions, receipts, search, sessions, unread,
};
use messenger_db::seq::Seq;
use serde::Serialize;

use crate::queries::cast::by;

/// What a page of anything is as JSON: whatever was stored must be readable there, too.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// Reads everything that a user may read, page by page, and gives the number of messages.
pub fn reads_everything(conn: &mut PgConnection, user: UserId, state: &changes::State) -> usize {
    let (me, limit) = (by(user), Limit::MAX);
    json(&accounts::get(conn, me).unwrap().username);
    accounts::search(conn, me, "user").unwrap();
    contacts::all(conn, me).unwrap();
    contacts::all_requests_received(conn, me).unwrap();
    contacts::all_requests_sent(conn, me).unwrap();
    blocks::all(conn, me).unwrap();
    privacy::get(conn, me).unwrap();
    for other in accounts::search(conn, me, "user").unwrap() {
        accounts::find_profiles(conn, me, &[user, other.id]).unwrap();
        direct_chats::find(conn, me, other.id).unwrap();
    }
    sessions::list(conn, me, None, limit).unwrap();
    sessions::watchers(conn, me).unwrap();
    unread::badge(conn, me).unwrap();
    unread::all(conn, me).unwrap();
    unread::total(conn, me).unwrap();
    search::find_groups(conn, me, "a").unwrap();
    for words in ["hello", "secret", "w1", "a", "x", "日本"] {
        json(&search::list(conn, me, words, None, limit).unwrap());
    }
    pages(|after| {
        let page = pending::list(conn, me, after, limit).unwrap();
        json(&page);
        page.last().map(pending::Pending::cursor)
    });
    let mut state = state.clone();
    loop {
        let page = changes::list(conn, me, &state, limit).unwrap();
        if page.is_last {
            break;
        }
        state = page.state;
    }
    let mut entries = Vec::new();
    for list in [inbox::list, inbox::list_archived, inbox::list_hidden] {
        pages(|after| {
            let page = list(conn, me, after, limit).unwrap();
            json(&page);
            let last = page.last().map(inbox::Entry::cursor);
            entries.extend(page.into_iter().map(|entry| entry.chat_id));
            last
        });
    }
    export::of_user(conn, user, &mut std::io::sink(), &mut |_| ControlFlow::Continue(())).unwrap();
    entries.into_iter().map(|chat| reads_chat(conn, user, chat)).sum()
}

/// Everything of one chat.
fn reads_chat(conn: &mut PgConnection, user: UserId, chat: ChatId) -> usize {
    let (me, limit) = (by(user), Limit::MAX);
    if let Some(slug) = chats::get(conn, me, chat).unwrap().slug {
        json(&chats::find_by_slug(conn, me, &slug).unwrap());
    }
    unread::find(conn, me, chat).unwrap();
    json(&chats::all_members(conn, me, chat).unwrap());
    chat_settings::get(conn, me, chat).unwrap();
    json(&receipts::positions(conn, me, chat).unwrap());
    json(&search::list_in_chat(conn, me, chat, "hello", None, limit).unwrap());
    json(&attachments::list(conn, me, chat, None, limit).unwrap());
    json(&messages::list_mentions(conn, me, chat, None, limit).unwrap());
    let (mut before, mut count) = (Some(Seq::MAX), 0);
    while let Some(seq) = before {
        let page = history::before(conn, me, chat, seq, limit).unwrap();
        json(&page);
        before = page.older_before;
        count += page.entries.len();
        for entry in page.entries {
            let (seq, id) = (entry.message.seq, entry.message.id);
            if entry.message.edited_at.is_some() {
                json(&messages::list_edits(conn, me, chat, seq, EditsFor::Members, None, limit).unwrap());
            }
            // What the system wrote or what is deleted has none of these.
            let is_said = entry.message.sender_id.is_some() && entry.message.deleted_at.is_none();
            if is_said && seq.get() % 8 == 0 {
                json(&messages::get(conn, me, chat, seq).unwrap());
                json(&messages::find_by_id(conn, me, chat, id).unwrap());
                json(&messages::all_mentioned(conn, me, chat, seq).unwrap());
                json(&attachments::all(conn, me, chat, seq).unwrap());
                json(&reactions::list(conn, me, chat, seq, None, None, limit).unwrap());
                json(&receipts::all(conn, me, chat, seq).unwrap());
                push::targets(conn, chat, seq).unwrap();
            }
        }
    }
    count
}

/// What two users have between them, as text.
pub fn private(conn: &mut PgConnection, user: UserId, chat: ChatId) -> String {
    let (me, limit) = (by(user), Limit::MAX);
    let entries = history::latest(conn, me, chat, limit).unwrap().entries;
    let found = search::list_in_chat(conn, me, chat, "secret", None, limit).unwrap();
    let inbox = inbox::list(conn, me, None, limit).unwrap();
    let entry = inbox.iter().find(|entry| entry.chat_id == chat).unwrap();
    let positions = receipts::positions(conn, me, chat).unwrap();
    let settings = chat_settings::get(conn, me, chat).unwrap();
    format!("{entries:?} {found:?} {entry:?} {positions:?} {settings:?}")
}

fn pages<C>(mut page: impl FnMut(Option<C>) -> Option<C>) {
    let mut after = page(None);
    while after.is_some() {
        after = page(after);
    }
}

//! A chat as a user sees it, and one message with its ticks, edits and reactions.

use std::collections::HashMap;

use diesel::prelude::*;
use maud::{Markup, html};

use super::super::address::Address;
use super::super::database::Database;
use super::super::failure::Failure;
use super::super::form::Parameters;
use super::super::layout::{self, Section};
use super::profile::row_address;
use super::{
    PAGE, Profile, actor, chat_address, chat_id, event, link, name, profile_of, refused, time, time_or, words_of,
};
use crate::enums::{ChatChangeKind, MessageKind};
use crate::ids::{ChatId, UserId};
use crate::models::{Attachment, Chat, Message};
use crate::page::Limit;
use crate::queries::messages::EditsFor;
use crate::queries::receipts::{Counts, Position};
use crate::queries::{accounts, attachments, chats, history, messages, reactions, receipts};
use crate::seq::Seq;

/// What the page of a chat shows.
struct Seen {
    profile: Profile,
    chat: Chat,
    page: history::Page,
    counts: HashMap<Seq, Counts>,
    positions: Vec<Position>,
}

/// The page of a chat: the newest messages, or those before, after or around one.
pub(in crate::studio) fn chat(
    database: &Database,
    user: &str,
    chat: &str,
    parameters: &Parameters,
) -> Result<Markup, Failure> {
    let (actor, id) = actor(user)?;
    let chat_id = chat_id(chat)?;
    let place = |name| parameters.parse::<Seq>(name);
    let (before, after, around) = (place("before")?, place("after")?, place("around")?);
    let limit = Limit::new(PAGE);
    let seen = database.read(|conn| {
        let page = match (before, after, around) {
            (Some(seq), _, _) => history::before(conn, actor, chat_id, seq, limit),
            (_, Some(seq), _) => history::after(conn, actor, chat_id, seq, limit),
            (_, _, Some(seq)) => history::around(conn, actor, chat_id, seq, limit),
            _ => history::latest(conn, actor, chat_id, limit),
        };
        let page = page.map_err(refused)?;
        let counts = match (page.entries.first(), page.entries.last()) {
            (Some(first), Some(last)) => {
                receipts::count(conn, actor, chat_id, first.message.seq, last.message.seq).map_err(refused)?
            }
            _ => Vec::new(),
        };
        let positions = receipts::positions(conn, actor, chat_id).map_err(refused)?;
        let mut page = page;
        // Those who sent nothing here have names, too, and so have those whom the system names.
        let named = page.entries.iter().flat_map(|entry| event::named(&entry.message));
        let who: Vec<UserId> = positions.iter().map(|position| position.user_id).chain(named).collect();
        let profiles = accounts::find_profiles(conn, actor, &who)?;
        page.profiles.extend(profiles.into_iter().map(|profile| (profile.id, profile)));
        Ok(Seen {
            profile: profile_of(conn, actor)?,
            chat: chats::get(conn, actor, chat_id).map_err(refused)?,
            counts: counts.into_iter().map(|counts| (counts.seq, counts)).collect(),
            positions,
            page,
        })
    })?;
    let title = seen.chat.name.clone().unwrap_or_else(|| format!("A {} chat", seen.chat.kind));
    let read = seen.positions.iter().find(|position| position.user_id == id).map(|position| position.last_read_seq);
    let body = html! {
        h1 { bdi { (title) } " as " (link(&seen.profile)) " sees it" }
        (layout::facts(&[
            ("Kind", html! { (seen.chat.kind) ", " (seen.chat.member_count) " members" }),
            ("Key", html! { a href=(row_address("chats", &[("id", &chat_id.to_string())])) { code { (chat_id) } } }),
            ("History begins at", html! { (seen.page.first_seq) }),
            ("This user has read up to", html! { @if let Some(read) = read { (read) } @else { "nothing" } }),
        ]))
        (positions(&seen))
        (pages(id, chat_id, &seen.page, "Pages of the chat"))
        @if seen.page.first_seq > Seq::FIRST && seen.page.older_before.is_none() {
            p class="gap" { "Messages 1 to " (seen.page.first_seq.previous()) " are gone." }
        }
        ol class="messages" {
            @for (place, entry) in seen.page.entries.iter().enumerate() {
                @let before = place.checked_sub(1).and_then(|place| seen.page.entries.get(place));
                @if let Some(hidden) = before.and_then(|before| gap(before.message.seq, entry.message.seq)) { li class="gap" { (hidden) } }
                li id=(format!("m{}", entry.message.seq)) { (one(id, &seen, entry)) }
                @if Some(entry.message.seq) == read { li class="gap" { "Read up to here." } }
            }
        }
        @if seen.page.entries.is_empty() { p { "No messages." } }
        (pages(id, chat_id, &seen.page, "Pages of the chat, below it"))
    };
    Ok(layout::page(&title, Some(Section::People), None, &body))
}

/// What is said where numbers are left out between two messages.
fn gap(before: Seq, after: Seq) -> Option<String> {
    let (first, last) = (before.get() + 1, after.get() - 1);
    match last - first {
        ..0 => None,
        0 => Some(format!("Message {first} is hidden: this user has deleted it for themselves.")),
        _ => Some(format!("Messages {first} to {last} are hidden: this user has deleted them for themselves.")),
    }
}

fn positions(seen: &Seen) -> Markup {
    let who = |user: UserId| seen.page.profiles.get(&user).map_or_else(|| user.to_string(), name);
    let rows: Vec<_> = seen
        .positions
        .iter()
        .map(|position| {
            html! {
                tr {
                    th scope="row" { a href=(super::address(position.user_id)) { bdi { (who(position.user_id)) } } }
                    td class="number" { (position.last_delivered_seq) }
                    td class="number" { (position.last_read_seq) }
                }
            }
        })
        .collect();
    html! {
        details {
            summary { "How far each member is, as this user may see it" }
            (layout::table("Members and their positions", &["member", "received up to", "read up to"], &rows))
        }
    }
}

fn pages(user: UserId, chat: ChatId, page: &history::Page, label: &str) -> Markup {
    let to = |name: &str, seq: Seq| chat_address(user, chat).with(name, &seq.to_string());
    html! {
        nav class="row" aria-label=(label) {
            @if let Some(seq) = page.older_before { a rel="prev" href=(to("before", seq)) { "Older" } }
            @if let Some(seq) = page.newer_after { a rel="next" href=(to("after", seq)) { "Newer" } }
            a href=(chat_address(user, chat)) { "Newest" }
        }
    }
}

/// A message of the page.
fn one(user: UserId, seen: &Seen, entry: &history::Entry) -> Markup {
    let message = &entry.message;
    let chat = message.chat_id;
    let sender = |id: Option<UserId>| match id {
        None => html! { em { "system" } },
        Some(id) => seen.page.profiles.get(&id).map_or_else(|| html! { code { (id) } }, link),
    };
    html! {
        p class="soft" {
            a href=(chat_address_of(user, chat, message.seq)) { (message.seq) } " "
            (sender(message.sender_id)) " " (time(message.created_at))
            @if message.edited_at.is_some() { ", edited " (time_or(message.edited_at, "")) }
        }
        @if let Some(reply) = &entry.reply_to {
            blockquote {
                a href=(chat_address(user, chat).with("around", &reply.seq.to_string())) { "answers " (reply.seq) } " "
                (sender(reply.sender_id)) ": "
                @if reply.is_deleted { em { "deleted" } } @else { bdi { (reply.preview.as_deref().unwrap_or_default()) } }
            }
        } @else if let Some(seq) = message.reply_to_seq {
            blockquote { "answers " (seq) ", which is gone" }
        }
        p class="words" { (said(message, &seen.page.profiles)) }
        (pictures(&entry.attachments))
        @if !entry.reactions.is_empty() {
            p aria-label="Reactions" {
                @for reaction in &entry.reactions { span class="chip" { (reaction.emoji) " " (reaction.count) @if reaction.mine { " (own)" } } " " }
            }
        }
        @if let Some(counts) = seen.counts.get(&message.seq).filter(|_| message.kind != MessageKind::System) {
            p class="soft" {
                a href=(chat_address_of(user, chat, message.seq)) {
                    (counts.delivered) " of " (counts.recipients) " received it, " (counts.read) " read it"
                }
            }
        }
    }
}

/// What a message says; of the system's, what happened.
fn said(message: &Message, profiles: &HashMap<UserId, Profile>) -> Markup {
    if message.kind == MessageKind::System && message.deleted_at.is_none() {
        event::in_words(message, profiles)
    } else {
        words_of(message)
    }
}

/// Who deleted a message, as far as the log of changes still knows: it is the last change of the message.
fn deleter(conn: &mut PgConnection, message: &Message) -> Result<Option<UserId>, Failure> {
    use crate::schema::chat_changes;
    let found = chat_changes::table
        .find((message.chat_id, message.version))
        .filter(chat_changes::message_seq.eq(message.seq))
        .filter(chat_changes::kind.eq(ChatChangeKind::MessageDeleted))
        .select(chat_changes::user_id)
        .first::<Option<UserId>>(conn)
        .optional()?;
    Ok(found.flatten())
}

fn chat_address_of(user: UserId, chat: ChatId, seq: Seq) -> Address {
    Address::new(&["people", &user.to_string(), "chats", &chat.to_string(), &seq.to_string()])
}

fn pictures(attachments: &[Attachment]) -> Markup {
    html! {
        @if !attachments.is_empty() {
            ul aria-label="Pictures" {
                @for picture in attachments {
                    li {
                        (picture.file_name) " " small {
                            (picture.mime_type) ", " (super::super::words::bytes(i64::from(picture.byte_size)))
                            @if let (Some(width), Some(height)) = (picture.width, picture.height) { ", " (width) "×" (height) }
                            ", kept as " code { (picture.storage_key) }
                        }
                    }
                }
            }
        }
    }
}

/// The page of a message: the ticks of each recipient with times, what it said before, who reacted.
pub(in crate::studio) fn message(database: &Database, user: &str, chat: &str, seq: &str) -> Result<Markup, Failure> {
    let (actor, id) = actor(user)?;
    let chat_id = chat_id(chat)?;
    let seq: Seq = seq.parse().map_err(|_| Failure::not_found("message of that number"))?;
    let limit = Limit::new(PAGE);
    let (shown, ticks, edits, reactors, pictures_of, profiles, deleter) = database.read(|conn| {
        let shown = messages::get(conn, actor, chat_id, seq).map_err(refused)?;
        let (is_deleted, is_system) = (shown.deleted_at.is_some(), shown.kind == MessageKind::System);
        // Everybody gets what the system says, and nobody receives it.
        let ticks = if is_system { Vec::new() } else { receipts::all(conn, actor, chat_id, seq).map_err(refused)? };
        // A deleted message has nothing of the rest, and asking for it is refused.
        let (mut edits, mut reactors, mut pictures, mut deleter_of) = (Vec::new(), Vec::new(), Vec::new(), None);
        if is_deleted {
            deleter_of = deleter(conn, &shown)?;
        } else {
            edits = messages::list_edits(conn, actor, chat_id, seq, EditsFor::Members, None, limit).map_err(refused)?;
            reactors = reactions::list(conn, actor, chat_id, seq, None, None, limit).map_err(refused)?;
            pictures = attachments::all(conn, actor, chat_id, seq).map_err(refused)?;
        }
        let others = shown.sender_id.into_iter().chain(deleter_of).chain(event::named(&shown));
        let who: Vec<UserId> = ticks.iter().map(|tick| tick.user_id).chain(others).collect();
        let profiles = accounts::find_profiles(conn, actor, &who)?;
        let profiles: HashMap<_, _> = profiles.into_iter().map(|profile| (profile.id, profile)).collect();
        Ok((shown, ticks, edits, reactors, pictures, profiles, deleter_of))
    })?;
    let rows: Vec<_> = ticks
        .iter()
        .map(|tick| {
            html! {
                tr {
                    th scope="row" { @if let Some(profile) = profiles.get(&tick.user_id) { (link(profile)) } @else { code { (tick.user_id) } } }
                    td { (tick.status) }
                    td { (time_or(tick.delivered_at, "")) }
                    td { (time_or(tick.read_at, "")) }
                }
            }
        })
        .collect();
    let key = [("chat_id", chat_id.to_string()), ("seq", seq.to_string())];
    let key: Vec<_> = key.iter().map(|(column, value)| (*column, value.as_str())).collect();
    let body = html! {
        h1 { "Message " (seq) }
        p {
            a href=(chat_address(id, chat_id).with("around", &seq.to_string())) { "In the chat" } " · "
            a href=(row_address("messages", &key)) { "Its row" }
        }
        (layout::facts(&[
            ("From", shown.sender_id.and_then(|sender| profiles.get(&sender)).map_or_else(|| html! { em { "system" } }, link)),
            ("Kind", html! { (shown.kind) }),
            ("Sent", time(shown.created_at)),
            ("Edited", time_or(shown.edited_at, "never")),
            ("Deleted", html! {
                (time_or(shown.deleted_at, "no"))
                @if let Some(deleter) = deleter {
                    " by " @if let Some(profile) = profiles.get(&deleter) { (link(profile)) } @else { code { (deleter) } }
                } @else if shown.deleted_at.is_some() { ", the log no longer says by whom" }
            }),
        ]))
        p class="words" { (said(&shown, &profiles)) }
        (pictures(&pictures_of))
        @if shown.kind != MessageKind::System {
            h2 { "Ticks" }
            (layout::table("Each recipient, and how far the message got", &["recipient", "state", "received", "read"], &rows))
        }
        @if !edits.is_empty() {
            h2 { "What it said before" }
            ol { @for edit in &edits { li { bdi { (edit.content.as_deref().unwrap_or_default()) } " until " (time(edit.edited_at)) } } }
        }
        @if !reactors.is_empty() {
            h2 { "Reactions" }
            ul { @for reactor in &reactors { li { (reactor.emoji) " " (link(&reactor.profile)) " " (time(reactor.created_at)) } } }
        }
    };
    Ok(layout::page(&format!("Message {seq}"), Some(Section::People), None, &body))
}

//! Pages "People": what a user sees: inbox, contacts, sessions, a chat, a message, and what a search finds. Read by the
//! operations of this crate, as that user.

mod chat;
mod event;
mod profile;
mod reading;

use std::collections::{BTreeSet, HashMap};

use maud::{Markup, html};

use super::address::Address;
use super::database::Database;
use super::failure::Failure;
use super::form::Parameters;
use super::layout::{self, Section};
use crate::actor::Actor;
use crate::error::{Class, Error, Refusal};
use crate::ids::{ChatId, UserId};
use crate::models::Message;
use crate::page::Limit;
use crate::queries::{accounts, chats, search as searching};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

pub(super) use crate::queries::accounts::Profile;
pub(super) use chat::{chat, message};
pub(super) use profile::one;
pub(super) use reading::explained;

/// How many entries a page has.
const PAGE: i64 = 50;

/// What nobody may see who is no member, told as the operation tells it.
fn refused<R: Refusal>(error: Error<R>) -> Failure {
    match error {
        Error::Database(error) => error.into(),
        Error::Refused(refusal) => {
            let status = match refusal.class() {
                Class::NotFound => axum::http::StatusCode::NOT_FOUND,
                Class::Forbidden => axum::http::StatusCode::FORBIDDEN,
                _ => axum::http::StatusCode::BAD_REQUEST,
            };
            Failure::new(
                status,
                format!("This user does not see it: {refusal}."),
                "Choose another chat or message of this user.",
            )
        }
    }
}

/// The user of an address.
fn actor(user: &str) -> Result<(Actor, UserId), Failure> {
    let id: UserId = user.parse().map_err(|_| Failure::not_found("user of that key"))?;
    Ok((Actor::trusted(id), id))
}

fn chat_id(chat: &str) -> Result<ChatId, Failure> {
    chat.parse().map_err(|_| Failure::not_found("chat of that key"))
}

/// The profile of the user whose page it is.
fn profile_of(conn: &mut PgConnection, actor: Actor) -> Result<Profile, Failure> {
    let found = accounts::find_profiles(conn, actor, &[actor.user_id()])?;
    found.into_iter().next().ok_or_else(|| Failure::not_found("user of that key"))
}

/// The page of a user.
fn address(user: UserId) -> Address {
    Address::new(&["people", &user.to_string()])
}

/// A chat as a user sees it.
fn chat_address(user: UserId, chat: ChatId) -> Address {
    Address::new(&["people", &user.to_string(), "chats", &chat.to_string()])
}

/// What a user is called.
fn name(profile: &Profile) -> String {
    let given = profile.display_name.as_ref().or(profile.username.as_ref());
    given.cloned().unwrap_or_else(|| "a closed account".to_owned())
}

/// A user as a link.
fn link(profile: &Profile) -> Markup {
    html! {
        a href=(address(profile.id)) { bdi { (name(profile)) } }
        @if let Some(username) = profile.username.as_ref().filter(|_| profile.display_name.is_some()) { " " small { "@" (username) } }
    }
}

fn time(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) { (at.format("%Y-%m-%d %H:%M:%S")) } }
}

fn time_or(at: Option<DateTime<Utc>>, none: &str) -> Markup {
    at.map_or_else(|| html! { (none) }, time)
}

/// What is shown of a message's words where there are none.
fn words_of(message: &Message) -> Markup {
    html! {
        @if message.deleted_at.is_some() { em { "deleted" } }
        @else if let Some(content) = &message.content { bdi { (content) } }
        @else { em { "no words" } }
    }
}

/// The page to choose a user on.
pub(super) fn list(database: &Database, parameters: &Parameters) -> Result<Markup, Failure> {
    let sought = parameters.get("q").unwrap_or_default().trim();
    // People write usernames so; none begins with it.
    let sought = sought.strip_prefix('@').unwrap_or(sought);
    // Somebody whom nobody has blocked, and who sees what everybody may see.
    let nobody = Actor::trusted(UserId::from_uuid(Uuid::nil()));
    let found = database.read(|conn| {
        if sought.is_empty() {
            let few: Vec<UserId> = {
                use crate::schema::users;
                users::table.order(users::id).limit(20).select(users::id).load(conn)?
            };
            return Ok(accounts::find_profiles(conn, nobody, &few)?);
        }
        if let Ok(id) = sought.parse::<UserId>() {
            return Ok(accounts::find_profiles(conn, nobody, &[id])?);
        }
        Ok(accounts::search(conn, nobody, sought)?)
    })?;
    let rows: Vec<_> = found
        .iter()
        .map(|profile| {
            html! {
                tr {
                    th scope="row" { (link(profile)) }
                    td { (profile.status) }
                    td { (time_or(profile.last_seen_at, "not shown")) }
                    td { (time_or(profile.deleted_at, "")) }
                }
            }
        })
        .collect();
    let caption = if sought.is_empty() {
        "The first 20 users, in the order of their keys".to_owned()
    } else {
        format!("Users found for {sought}")
    };
    let body = html! {
        h1 { "People" }
        p { "Choose a user, and see what that user sees." }
        form method="get" action="/people" class="row" role="search" {
            label for="q" { "A part of the @username, how words of the name begin (from three letters on), or the key" }
            input id="q" name="q" type="search" value=(sought);
            button { "Find" }
        }
        (layout::table(caption, &["user", "presence", "last seen", "closed"], &rows))
    };
    Ok(layout::page("People", Some(Section::People), None, &body))
}

/// The page of what a search finds, as a user.
pub(super) fn search(database: &Database, user: &str, parameters: &Parameters) -> Result<Markup, Failure> {
    let (actor, id) = actor(user)?;
    let sought = parameters.get("q").unwrap_or_default();
    let before = parameters.parse::<searching::Cursor>("before")?;
    let (profile, hits, chats, senders) = database.read(|conn| {
        let profile = profile_of(conn, actor)?;
        let hits = if sought.is_empty() {
            Vec::new()
        } else {
            searching::list(conn, actor, sought, before, Limit::new(PAGE)).map_err(refused)?
        };
        let of_hits: BTreeSet<ChatId> = hits.iter().map(|hit| hit.message.chat_id).collect();
        let mut chats = HashMap::new();
        for id in of_hits {
            chats.insert(id, chats::get(conn, actor, id).map_err(refused)?);
        }
        let who: BTreeSet<UserId> = hits.iter().filter_map(|hit| hit.message.sender_id).collect();
        let who = accounts::find_profiles(conn, actor, &who.into_iter().collect::<Vec<_>>())?;
        let senders: HashMap<UserId, Profile> = who.into_iter().map(|profile| (profile.id, profile)).collect();
        Ok((profile, hits, chats, senders))
    })?;
    let title = |id: ChatId| {
        let chat = chats.get(&id);
        let name = chat.and_then(|chat| chat.name.clone());
        name.or_else(|| chat.map(|chat| format!("a {} chat", chat.kind))).unwrap_or_else(|| id.to_string())
    };
    let next = hits.last().filter(|_| hits.len() as u64 == PAGE as u64).map(searching::Hit::cursor);
    let body = html! {
        h1 { "Search as " (link(&profile)) }
        (search_form(id, sought))
        @if !sought.is_empty() {
            p role="status" { (super::words::count(hits.len(), "message", "messages")) @if next.is_some() { ", and perhaps more" } "." }
        }
        ol class="messages" {
            @for hit in &hits {
                li {
                    p class="soft" {
                        (time(hit.message.created_at)) " "
                        a href=(chat_address(id, hit.message.chat_id).with("around", &hit.message.seq.to_string())) {
                            "message " (hit.message.seq)
                        }
                        " in " a href=(chat_address(id, hit.message.chat_id)) { bdi { (title(hit.message.chat_id)) } }
                        @if let Some(sender) = hit.message.sender_id.and_then(|sender| senders.get(&sender)) { " by " (link(sender)) }
                    }
                    p { bdi { (marked(&hit.highlight)) } }
                }
            }
        }
        @if let Some(cursor) = next {
            a rel="next" href=(Address::new(&["people", user, "search"]).with("q", sought).with("before", &cursor.to_string())) { "Next page" }
        }
    };
    Ok(layout::page("Search", Some(Section::People), None, &body))
}

fn search_form(user: UserId, sought: &str) -> Markup {
    html! {
        form method="get" action=(Address::new(&["people", &user.to_string(), "search"])) class="row" role="search" {
            label for="q" { "Search as this user" }
            input id="q" name="q" type="search" value=(sought);
            button { "Search" }
        }
    }
}

/// The text with the words that were found marked.
fn marked(highlight: &searching::Highlight) -> Markup {
    let mut at = 0;
    let parts: Vec<_> = highlight
        .ranges
        .iter()
        .map(|range| {
            let before = highlight.text.get(at..range.start).unwrap_or_default();
            at = range.end;
            (before, highlight.text.get(range.clone()).unwrap_or_default())
        })
        .collect();
    html! {
        @for (before, word) in parts { (before) mark { (word) } }
        (highlight.text.get(at..).unwrap_or_default())
    }
}

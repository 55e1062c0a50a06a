//! The page of a user: inbox, contacts, blocks, and sessions with their devices.

use diesel::PgConnection;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::address::Address;
use super::super::database::{Database, Statement};
use super::super::failure::Failure;
use super::super::form::Parameters;
use super::super::layout::{self, Section};
use super::{PAGE, Profile, actor, chat_address, link, name, profile_of, search_form, time, time_or};
use crate::ids::UserId;
use crate::page::Limit;
use crate::queries::contacts::ListedContact;
use crate::queries::{blocks, contacts, inbox, unread};

/// A session without the hash of its token, which is not selected.
#[derive(Debug, Deserialize)]
struct Session {
    id: String,
    device_type: String,
    device_name: Option<String>,
    ip_address: Option<String>,
    user_agent: Option<String>,
    created_at: String,
    last_active_at: String,
    expires_at: String,
    revoked_at: Option<String>,
    is_active: bool,
    is_connected: bool,
    push: Option<String>,
}

const SESSIONS: &str = "
    SELECT session.id::text AS id, session.device_type::text AS device_type, session.device_name,
        host(session.ip_address) AS ip_address, session.user_agent, session.created_at::timestamptz(0)::text AS created_at,
        session.last_active_at::timestamptz(0)::text AS last_active_at, session.expires_at::timestamptz(0)::text AS expires_at,
        session.revoked_at::timestamptz(0)::text AS revoked_at,
        session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout) AS is_active,
        session.connection_id IS NOT NULL AS is_connected, push.service::text AS push
    FROM user_sessions AS session
    LEFT JOIN push_tokens AS push ON push.session_id = session.id
    WHERE session.user_id = ";

fn sessions(conn: &mut PgConnection, user: UserId) -> Result<Vec<Session>, Failure> {
    let mut statement = Statement::new(SESSIONS);
    statement.push_value(&user.to_string(), "uuid").push(" ORDER BY session.last_active_at DESC, session.id LIMIT 100");
    statement.objects(conn)
}

/// Everything on the page.
struct Seen {
    profile: Profile,
    badge: i64,
    unread: i64,
    entries: Vec<inbox::Entry>,
    friends: Vec<ListedContact>,
    received: Vec<ListedContact>,
    sent: Vec<ListedContact>,
    blocked: Vec<blocks::ListedBlock>,
    sessions: Vec<Session>,
}

/// The page.
pub(in crate::studio) fn one(database: &Database, user: &str, parameters: &Parameters) -> Result<Markup, Failure> {
    let (actor, id) = actor(user)?;
    let after = parameters.parse::<inbox::Cursor>("after")?;
    let is_archive = parameters.get("archive").is_some();
    let seen = database.read(|conn| {
        let list = if is_archive { inbox::list_archived } else { inbox::list };
        Ok(Seen {
            profile: profile_of(conn, actor)?,
            badge: unread::badge(conn, actor)?,
            unread: unread::total(conn, actor)?,
            entries: list(conn, actor, after, Limit::new(PAGE))?,
            friends: contacts::all(conn, actor)?,
            received: contacts::all_requests_received(conn, actor)?,
            sent: contacts::all_requests_sent(conn, actor)?,
            blocked: blocks::all(conn, actor)?,
            sessions: sessions(conn, id)?,
        })
    })?;
    let title = name(&seen.profile);
    let body = html! {
        h1 { bdi { (title) } }
        (about(&seen))
        (search_form(id, ""))
        (listed(id, &seen.entries, is_archive))
        (people("Contacts", &seen.friends))
        (people("Requests that wait for this user's answer", &seen.received))
        (people("Requests that this user has sent", &seen.sent))
        @if !seen.blocked.is_empty() {
            h2 { "Blocked" }
            ul { @for block in &seen.blocked { li { (link(&block.profile)) " since " (time(block.created_at)) } } }
        }
        (devices(&seen.sessions))
    };
    Ok(layout::page(&title, Some(Section::People), None, &body))
}

fn about(seen: &Seen) -> Markup {
    let profile = &seen.profile;
    layout::facts(&[
        ("Username", html! { (profile.username.as_deref().unwrap_or("none: the account is closed")) }),
        ("Key", html! { a href=(row_address("users", &[("id", &profile.id.to_string())])) { code { (profile.id) } } }),
        ("Presence", html! { (profile.status) ", last seen " (time_or(profile.last_seen_at, "not shown")) }),
        ("Closed", time_or(profile.deleted_at, "no")),
        ("Badge", html! { (seen.badge) }),
        ("Unread in all chats", html! { (seen.unread) }),
    ])
}

/// The row of a table, on the pages of the data.
pub(super) fn row_address(table: &str, key: &[(&str, &str)]) -> Address {
    let address = Address::new(&["data", table, "row"]);
    key.iter().fold(address, |address, (column, value)| address.with("c", column).with("o", "eq").with("v", value))
}

fn listed(user: UserId, entries: &[inbox::Entry], is_archive: bool) -> Markup {
    let here = || Address::new(&["people", &user.to_string()]);
    let rows: Vec<_> = entries.iter().map(|entry| line(user, entry)).collect();
    let next = entries.last().filter(|_| entries.len() as u64 == PAGE as u64).map(inbox::Entry::cursor);
    html! {
        h2 { @if is_archive { "Archive" } @else { "Inbox" } }
        (layout::table(
            if is_archive { "The chats in the archive" } else { "The chats, the pinned ones and then the latest first" },
            &["chat", "badge", "mentions", "last message", "when", "settings"],
            &rows,
        ))
        p class="row" {
            @if let Some(cursor) = next {
                @let address = here().with("after", &cursor.to_string());
                a rel="next" href=(if is_archive { address.with("archive", "1") } else { address }) { "Next page" }
            }
            @if is_archive { a href=(here()) { "Inbox" } } @else { a href=(here().with("archive", "1")) { "Archive" } }
        }
    }
}

fn line(user: UserId, entry: &inbox::Entry) -> Markup {
    let title = entry.other.as_ref().map(name).or_else(|| entry.name.clone()).unwrap_or_else(|| entry.kind.to_string());
    let settings = &entry.settings;
    html! {
        tr {
            th scope="row" {
                a href=(chat_address(user, entry.chat_id)) { bdi { (title) } } " " small { (entry.kind) ", " (entry.member_count) " members" }
            }
            td class="number" { @if entry.unread_count > 0 { strong { (entry.unread_count) } } @else { "0" } }
            td class="number" { (entry.mention_count) }
            td {
                @if entry.last.is_deleted { em { "deleted" } }
                @else { bdi { (entry.last.preview.as_deref().unwrap_or_default()) } }
            }
            td { (time(entry.active_at)) }
            td {
                @if let Some(rank) = settings.pin_rank { "pinned at " (rank) "; " }
                @if let Some(until) = settings.muted_until { "muted until " (time(until)) "; " }
                @if settings.is_marked_unread { "marked as unread; " }
                @if settings.draft.is_some() { "has a draft" }
            }
        }
    }
}

fn people(title: &str, listed: &[ListedContact]) -> Markup {
    /// How many are shown: a hub of a crowd has thousands.
    const SHOWN: usize = 200;
    html! {
        @if !listed.is_empty() {
            h2 { (title) " (" (listed.len()) ")" }
            details open[listed.len() <= 20] {
                summary { (super::super::words::count(listed.len(), "user", "users")) }
                ul {
                    @for contact in listed.iter().take(SHOWN) {
                        li {
                            (link(&contact.profile)) ", asked " (time(contact.requested_at))
                            @if contact.accepted_at.is_some() { ", agreed " (time_or(contact.accepted_at, "")) }
                        }
                    }
                    @if listed.len() > SHOWN { li { "and " (listed.len() - SHOWN) " more" } }
                }
            }
        }
    }
}

fn devices(sessions: &[Session]) -> Markup {
    let rows: Vec<_> = sessions
        .iter()
        .map(|session| {
            let state = match (session.is_active, &session.revoked_at) {
                (true, _) if session.is_connected => "active, connected",
                (true, _) => "active",
                (false, Some(_)) => "signed out",
                (false, None) => "expired",
            };
            html! {
                tr {
                    th scope="row" {
                        a href=(row_address("user_sessions", &[("id", &session.id)])) {
                            (session.device_name.as_deref().unwrap_or(&session.device_type))
                        }
                    }
                    td { (session.device_type) }
                    td { (state) }
                    td { (session.push.as_deref().unwrap_or("none")) }
                    td { (session.ip_address.as_deref().unwrap_or_default()) }
                    td { (session.user_agent.as_deref().unwrap_or_default()) }
                    td { (session.created_at) }
                    td { (session.last_active_at) }
                    td { (session.expires_at) }
                }
            }
        })
        .collect();
    html! {
        h2 { "Sessions" }
        (layout::table(
            "Devices that were signed in, the latest active first",
            &["device", "kind", "state", "notifications", "address", "program", "since", "last active", "until"],
            &rows,
        ))
    }
}

//! Shows chats: the list, one with its members, its history; and who is writing.

use diesel::PgConnection;
use messenger_db::actor::Actor;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::{chats, history, inbox, sessions};
use serde_json::json;

use super::{Answer, Client, Place, answer};
use crate::doorbell::users_of;
use crate::event::Event;
use crate::failure::Failure;

/// A page of the list of chats; with the cursor of the next one, if there may be one.
pub async fn inbox(client: &Client, after: Option<inbox::Cursor>) -> Answer {
    let actor = client.actor;
    let entries = client.app.database.run(move |conn| inbox::list(conn, actor, after, Limit::MAX)).await?;
    let full = i64::try_from(entries.len()).is_ok_and(|length| length >= Limit::MAX.get());
    let next = entries.last().filter(|_| full).map(inbox::Entry::cursor);
    answer(json!({ "entries": entries, "next": next }))
}

/// A chat and its members.
pub async fn chat(client: &Client, chat: ChatId) -> Answer {
    let actor = client.actor;
    let found = client.app.database.run(move |conn| {
        let members = chats::all_members(conn, actor, chat)?;
        Ok::<_, Failure>((chats::get(conn, actor, chat)?, members))
    });
    let (chat, members) = found.await?;
    answer(json!({ "chat": chat, "members": members }))
}

/// A page of history: the newest messages, or those around a place.
pub async fn history(client: &Client, chat: ChatId, at: Option<Place>, limit: Option<i64>) -> Answer {
    let (actor, limit) = (client.actor, limit.map_or_else(Limit::default, Limit::new));
    let page = client.app.database.run(move |conn| match at {
        None => history::latest(conn, actor, chat, limit),
        Some(Place::Before(seq)) => history::before(conn, actor, chat, seq, limit),
        Some(Place::After(seq)) => history::after(conn, actor, chat, seq, limit),
        Some(Place::Around(seq)) => history::around(conn, actor, chat, seq, limit),
    });
    answer(page.await?)
}

/// Tells the others that the user is writing: those who may see that the user is there.
pub async fn typing(client: &Client, chat: ChatId) -> Answer {
    let actor = client.actor;
    let watchers = client.app.database.run(move |conn| {
        chats::get(conn, actor, chat)?;
        watchers_in(conn, actor, chat)
    });
    let event = Event::Typing { chat, user: actor.user_id() };
    client.tell(&watchers.await?, &event);
    client.app.doorbell.typing(&client.app.name, chat, actor.user_id(), event);
    answer(())
}

/// The members of a chat who are connected and may see whether a user is there.
pub fn watchers_in(conn: &mut PgConnection, actor: Actor, chat: ChatId) -> Result<Vec<UserId>, Failure> {
    let members = chats::all_member_ids(conn, chat)?;
    let mut watchers = users_of(sessions::watchers(conn, actor)?);
    watchers.retain(|user| members.contains(user));
    Ok(watchers)
}

//! Opens groups, and changes who is in them and as what.

use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::chats;
use messenger_db::queries::groups::{self, NewGroup};

use super::{Answer, Client, answer};
use crate::event::Event;
use crate::failure::Failure;

/// Opens a group.
pub async fn create(client: &Client, name: String, members: Vec<UserId>) -> Answer {
    let actor = client.actor;
    let opened = client.app.database.run(move |conn| {
        let chat = groups::create(conn, actor, &NewGroup::new(name.trim(), &members))?;
        let members = chats::all_member_ids(conn, chat.id)?;
        Ok::<_, Failure>((chat, members))
    });
    let (chat, members) = opened.await?;
    client.tell_all(&members, &Event::Chat { chat: chat.id });
    answer(chat)
}

/// Gives a group another name.
pub async fn rename(client: &Client, chat: ChatId, name: String) -> Answer {
    let actor = client.actor;
    let renamed = client.app.database.run(move |conn| {
        groups::rename(conn, actor, chat, name.trim())?;
        Ok::<_, Failure>(chats::all_member_ids(conn, chat)?)
    });
    client.tell_all(&renamed.await?, &Event::Chat { chat });
    answer(())
}

/// Adds a member.
pub async fn add(client: &Client, chat: ChatId, user: UserId) -> Answer {
    let actor = client.actor;
    let added = client.app.database.run(move |conn| {
        groups::add(conn, actor, chat, user)?;
        Ok::<_, Failure>(chats::all_member_ids(conn, chat)?)
    });
    client.tell_all(&added.await?, &Event::Chat { chat });
    answer(())
}

/// Removes a member.
pub async fn remove(client: &Client, chat: ChatId, user: UserId) -> Answer {
    let actor = client.actor;
    let removed = client.app.database.run(move |conn| {
        groups::remove(conn, actor, chat, user)?;
        Ok::<_, Failure>(chats::all_member_ids(conn, chat)?)
    });
    client.tell_all(&removed.await?, &Event::Chat { chat });
    client.tell_all(&[user], &Event::Left { chat });
    answer(())
}

/// How a role changes.
pub enum Change {
    Promote,
    Demote,
    TransferOwnership,
}

/// Changes a member's role.
pub async fn change(client: &Client, chat: ChatId, user: UserId, change: Change) -> Answer {
    let actor = client.actor;
    let changed = client.app.database.run(move |conn| {
        match change {
            Change::Promote => drop(groups::promote(conn, actor, chat, user)?),
            Change::Demote => drop(groups::demote(conn, actor, chat, user)?),
            Change::TransferOwnership => drop(groups::transfer_ownership(conn, actor, chat, user)?),
        }
        Ok::<_, Failure>(chats::all_member_ids(conn, chat)?)
    });
    client.tell_all(&changed.await?, &Event::Chat { chat });
    answer(())
}

/// Leaves a group.
pub async fn leave(client: &Client, chat: ChatId) -> Answer {
    let actor = client.actor;
    let left = client.app.database.run(move |conn| {
        groups::leave(conn, actor, chat)?;
        Ok::<_, Failure>(chats::all_member_ids(conn, chat)?)
    });
    client.tell_all(&left.await?, &Event::Chat { chat });
    client.tell_all(&[actor.user_id()], &Event::Left { chat });
    answer(())
}

/// Deletes a group.
pub async fn delete(client: &Client, chat: ChatId) -> Answer {
    let actor = client.actor;
    let deleted = client.app.database.run(move |conn| {
        // Afterwards nobody is a member.
        let members = chats::all_member_ids(conn, chat)?;
        groups::delete(conn, actor, chat)?;
        Ok::<_, Failure>(members)
    });
    client.tell_all(&deleted.await?, &Event::Left { chat });
    answer(())
}

//! Opens groups, and changes who is in them and as what.

use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::chats;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::version::Version;

use super::{Answer, Client, answer};
use crate::event::Event;
use crate::failure::Failure;

/// Opens a group.
pub async fn create(client: &Client, name: String, members: Vec<UserId>) -> Answer {
    let (actor, app) = (client.actor, client.app.clone());
    let opened = client.app.database.run(move |conn| {
        let chat = groups::create(conn, actor, &NewGroup::new(name.trim(), &members))?;
        // A group that is new to a server is looked at, whatever its version.
        app.doorbell.chat(chat.id, Version::ZERO);
        let members = chats::all_member_ids(conn, chat.id)?;
        Ok::<_, Failure>((chat, members))
    });
    let (chat, members) = opened.await?;
    client.tell_all(&members, &Event::Chat { chat: chat.id });
    answer(chat)
}

/// Gives a group another name.
pub async fn rename(client: &Client, chat: ChatId, name: String) -> Answer {
    let (actor, app) = (client.actor, client.app.clone());
    let renamed = client.app.database.run(move |conn| {
        app.doorbell.chat(chat, groups::rename(conn, actor, chat, name.trim())?.message.version);
        Ok::<_, Failure>(chats::all_member_ids(conn, chat)?)
    });
    client.tell_all(&renamed.await?, &Event::Chat { chat });
    answer(())
}

/// Adds a member.
pub async fn add(client: &Client, chat: ChatId, user: UserId) -> Answer {
    let (actor, app) = (client.actor, client.app.clone());
    let added = client.app.database.run(move |conn| {
        app.doorbell.chat(chat, groups::add(conn, actor, chat, user)?.message.version);
        Ok::<_, Failure>(chats::all_member_ids(conn, chat)?)
    });
    client.tell_all(&added.await?, &Event::Chat { chat });
    answer(())
}

/// Removes a member.
pub async fn remove(client: &Client, chat: ChatId, user: UserId) -> Answer {
    let (actor, app) = (client.actor, client.app.clone());
    let removed = client.app.database.run(move |conn| {
        app.doorbell.chat(chat, groups::remove(conn, actor, chat, user)?.version);
        app.doorbell.users([user]);
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
    let (actor, app) = (client.actor, client.app.clone());
    let changed = client.app.database.run(move |conn| {
        let message = match change {
            Change::Promote => groups::promote(conn, actor, chat, user)?,
            Change::Demote => groups::demote(conn, actor, chat, user)?,
            Change::TransferOwnership => Some(groups::transfer_ownership(conn, actor, chat, user)?),
        };
        if let Some(message) = message {
            app.doorbell.chat(chat, message.version);
        }
        Ok::<_, Failure>(chats::all_member_ids(conn, chat)?)
    });
    client.tell_all(&changed.await?, &Event::Chat { chat });
    answer(())
}

/// Leaves a group.
pub async fn leave(client: &Client, chat: ChatId) -> Answer {
    let (actor, app) = (client.actor, client.app.clone());
    let left = client.app.database.run(move |conn| {
        for message in groups::leave(conn, actor, chat)?.messages {
            app.doorbell.chat(chat, message.version);
        }
        app.doorbell.users([actor.user_id()]);
        Ok::<_, Failure>(chats::all_member_ids(conn, chat)?)
    });
    client.tell_all(&left.await?, &Event::Chat { chat });
    client.tell_all(&[actor.user_id()], &Event::Left { chat });
    answer(())
}

/// Deletes a group.
pub async fn delete(client: &Client, chat: ChatId) -> Answer {
    let (actor, app) = (client.actor, client.app.clone());
    let deleted = client.app.database.run(move |conn| {
        // Afterwards nobody is a member.
        let members = groups::delete(conn, actor, chat)?.members;
        app.doorbell.users(members.iter().copied());
        Ok::<_, Failure>(members)
    });
    client.tell_all(&deleted.await?, &Event::Left { chat });
    answer(())
}

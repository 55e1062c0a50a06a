//! Finds people, asks for contacts, blocks, opens direct chats, and says who is there.

use messenger_db::actor::Actor;
use messenger_db::enums::UserStatus;
use messenger_db::ids::UserId;
use messenger_db::queries::{accounts, blocks, contacts, direct_chats, sessions};
use serde_json::json;

use super::{Answer, Client, answer};
use crate::doorbell::users_of;
use crate::event::Event;
use crate::failure::Failure;
use crate::server::App;

/// What others may see of these users.
pub async fn profiles(client: &Client, mut users: Vec<UserId>) -> Answer {
    let actor = client.actor;
    users.truncate(300);
    answer(client.app.database.run(move |conn| accounts::find_profiles(conn, actor, &users)).await?)
}

/// Users by a part of their names.
pub async fn find(client: &Client, part: String) -> Answer {
    let actor = client.actor;
    answer(client.app.database.run(move |conn| accounts::search(conn, actor, &part)).await?)
}

/// The user's contacts, requests and blocks.
pub async fn all(client: &Client) -> Answer {
    let actor = client.actor;
    let people = client.app.database.run(move |conn| {
        Ok::<_, Failure>(json!({
            "contacts": contacts::all(conn, actor)?,
            "received": contacts::all_requests_received(conn, actor)?,
            "sent": contacts::all_requests_sent(conn, actor)?,
            "blocked": blocks::all(conn, actor)?,
        }))
    });
    people.await
}

/// Asks for a contact.
pub async fn ask(client: &Client, user: UserId) -> Answer {
    let actor = client.actor;
    let app = client.app.clone();
    let done = client.app.database.run(move |conn| {
        let done = contacts::request(conn, actor, user).map(drop);
        rung(&app, done, actor, user)
    });
    done.await?;
    concerned(client, user)
}

/// Accepts a request.
pub async fn accept(client: &Client, user: UserId) -> Answer {
    let actor = client.actor;
    let app = client.app.clone();
    client.app.database.run(move |conn| rung(&app, contacts::accept(conn, actor, user), actor, user)).await?;
    concerned(client, user)
}

/// Declines a request.
pub async fn decline(client: &Client, user: UserId) -> Answer {
    let actor = client.actor;
    let app = client.app.clone();
    client.app.database.run(move |conn| rung(&app, contacts::decline(conn, actor, user), actor, user)).await?;
    concerned(client, user)
}

/// Ends a contact, or takes a request back.
pub async fn remove(client: &Client, user: UserId) -> Answer {
    let actor = client.actor;
    let app = client.app.clone();
    client.app.database.run(move |conn| rung(&app, contacts::remove(conn, actor, user), actor, user)).await?;
    concerned(client, user)
}

/// Blocks a user, who is not told.
pub async fn block(client: &Client, user: UserId) -> Answer {
    let actor = client.actor;
    let app = client.app.clone();
    client.app.database.run(move |conn| rung(&app, blocks::block(conn, actor, user), actor, actor.user_id())).await?;
    client.tell_all(&[actor.user_id()], &Event::People);
    answer(())
}

/// Ends a block.
pub async fn unblock(client: &Client, user: UserId) -> Answer {
    let actor = client.actor;
    let app = client.app.clone();
    client.app.database.run(move |conn| rung(&app, blocks::unblock(conn, actor, user), actor, actor.user_id())).await?;
    client.tell_all(&[actor.user_id()], &Event::People);
    answer(())
}

/// The direct chat with a contact.
pub async fn open_direct(client: &Client, user: UserId) -> Answer {
    let actor = client.actor;
    let app = client.app.clone();
    let opened =
        client.app.database.run(move |conn| rung(&app, direct_chats::find_or_create(conn, actor, user), actor, user));
    let chat = opened.await?;
    client.tell_all(&[actor.user_id(), user], &Event::Chat { chat: chat.id });
    answer(chat)
}

/// Says whether the user is there or away.
pub async fn set_presence(client: &Client, status: UserStatus) -> Answer {
    let actor = client.actor;
    // Offline is who has no socket.
    if status == UserStatus::Offline {
        return Err(Failure::invalid("presence_invalid", "a device that is connected is online or away"));
    }
    client.app.database.run(move |conn| accounts::set_presence(conn, actor, status)).await?;
    tell_presence(client, status).await?;
    answer(())
}

/// Tells those who may see it that the user is there, away or gone.
pub async fn tell_presence(client: &Client, status: UserStatus) -> Result<(), Failure> {
    let actor = client.actor;
    let watchers = users_of(client.app.database.run(move |conn| sessions::watchers(conn, actor)).await?);
    // Their sockets, at all servers.
    if !watchers.is_empty() {
        let event = Event::Presence { user: actor.user_id(), status };
        client.tell(&watchers, &event);
        client.app.doorbell.presence(&client.app.name, actor.user_id(), event);
    }
    Ok(())
}

/// Rings for the two whom something that was done concerns.
fn rung<T, E>(app: &App, done: Result<T, E>, actor: Actor, other: UserId) -> Result<T, E> {
    if done.is_ok() {
        app.doorbell.users([actor.user_id(), other]);
    }
    done
}

fn concerned(client: &Client, user: UserId) -> Answer {
    client.tell_all(&[client.actor.user_id(), user], &Event::People);
    answer(())
}

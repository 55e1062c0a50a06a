//! The user's own account: profile, password and devices.

use messenger_db::ids::SessionId;
use messenger_db::models::UserSession;
use messenger_db::page::Limit;
use messenger_db::queries::accounts::{self, ProfileChanges};
use messenger_db::queries::{contacts, sessions};
use serde_json::json;

use super::{Answer, Client, answer};
use crate::event::Event;
use crate::failure::Failure;
use crate::passwords;

/// Changes the name that others see.
pub async fn update_profile(client: &Client, display_name: Option<String>) -> Answer {
    let (actor, app) = (client.actor, client.app.clone());
    let changed = client.app.database.run(move |conn| {
        let name = display_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let changes = ProfileChanges { display_name: Some(name), ..ProfileChanges::default() };
        let user = accounts::update_profile(conn, actor, &changes)?;
        let mut concerned: Vec<_> = contacts::all(conn, actor)?.into_iter().map(|contact| contact.profile.id).collect();
        concerned.push(user.id);
        app.doorbell.users(concerned.iter().copied());
        Ok::<_, Failure>((user, concerned))
    });
    let (user, concerned) = changed.await?;
    client.tell_all(&concerned, &Event::People);
    answer(json!({ "id": user.id, "username": user.username, "display_name": user.display_name }))
}

/// Replaces the password, and signs the other devices out.
pub async fn change_password(client: &Client, old: String, new: String) -> Answer {
    let (actor, session, app) = (client.actor, client.session, client.app.clone());
    let user = client.app.database.run(move |conn| accounts::get(conn, actor)).await?;
    let hashed = client.app.workers.run(move || {
        let Some(verified) = user.password_hash.filter(|hash| passwords::verify(&old, hash)) else {
            return Err(Failure::invalid("password_wrong", "the old password is wrong"));
        };
        Ok((verified, passwords::hash(&new)?))
    });
    let (verified, new) = hashed.await??;
    let changed = client.app.database.run(move |conn| {
        accounts::change_password(conn, actor, &verified, &new)?;
        let ended = sessions::revoke_others(conn, actor, session)?;
        app.doorbell.users([actor.user_id()]);
        Ok::<_, Failure>(ended)
    });
    let ended = changed.await?;
    end(client, &ended);
    answer(())
}

/// The devices that are signed in.
pub async fn devices(client: &Client) -> Answer {
    let (actor, this) = (client.actor, client.session);
    let devices = client.app.database.run(move |conn| sessions::list(conn, actor, None, Limit::MAX)).await?;
    let devices: Vec<_> = devices
        .into_iter()
        .map(|device| {
            json!({
                "session": device.id,
                "name": device.device_name,
                "agent": device.user_agent,
                "since": device.created_at,
                "active_at": device.last_active_at,
                "connected": device.connection_id.is_some(),
                "this": device.id == this,
            })
        })
        .collect();
    answer(devices)
}

/// Signs one of them out.
pub async fn end_device(client: &Client, session: SessionId) -> Answer {
    let (actor, app) = (client.actor, client.app.clone());
    let ended = client.app.database.run(move |conn| {
        let ended = sessions::revoke(conn, actor, session)?;
        app.doorbell.users([actor.user_id()]);
        Ok::<_, Failure>(ended)
    });
    let ended = ended.await?;
    end(client, ended.as_slice());
    answer(ended.is_some())
}

/// Signs all but this one out.
pub async fn end_other_devices(client: &Client) -> Answer {
    let (actor, session, app) = (client.actor, client.session, client.app.clone());
    let ended = client.app.database.run(move |conn| {
        let ended = sessions::revoke_others(conn, actor, session)?;
        app.doorbell.users([actor.user_id()]);
        Ok::<_, Failure>(ended)
    });
    let ended = ended.await?;
    end(client, &ended);
    answer(ended.len())
}

fn end(client: &Client, ended: &[UserSession]) {
    client.app.hub.end(client.actor.user_id(), |session| ended.iter().any(|one| one.id == session));
}

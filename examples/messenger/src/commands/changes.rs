//! What a device missed: everything since the state that it kept.

use messenger_db::error::Error;
use messenger_db::page::Limit;
use messenger_db::queries::changes::{self, ChatChanges, State};
use serde_json::{Value, json};

use super::{Answer, Client, answer};
use crate::failure::Failure;

/// The state of now, for a device that loads everything anew afterwards.
pub async fn begin(client: &Client) -> Answer {
    let actor = client.actor;
    answer(client.app.database.run(move |conn| changes::begin(conn, actor)).await?.to_string())
}

/// A page of what changed, as it is now, and the state to ask with next.
pub async fn list(client: &Client, state: &str) -> Answer {
    let actor = client.actor;
    let state: State = state.parse().map_err(|invalid| Failure::from(Error::Refused(invalid)))?;
    let page = client.app.database.run(move |conn| changes::list(conn, actor, &state, Limit::MAX)).await?;
    answer(json!({
        "chats": page.chats.iter().map(chat).collect::<Vec<_>>(),
        "ended": page.ended.iter().map(|ended| ended.chat_id).collect::<Vec<_>>(),
        "people": !(page.contacts.is_empty() && page.blocks.is_empty()),
        "profiles": page.profiles,
        "state": page.state.to_string(),
        "is_last": page.is_last,
    }))
}

fn chat(changed: &ChatChanges) -> Value {
    json!({
        "chat": changed.chat_id,
        "reload": changed.reload.is_some(),
        "about": changed.chat.is_some() || !changed.members.is_empty(),
        "messages": changed.messages,
    })
}

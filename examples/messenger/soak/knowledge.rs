//! What a device knows of its chats' messages: of two states of one message it keeps the later.

use std::collections::{BTreeMap, HashMap};

use messenger_db::ids::ChatId;
use serde_json::Value;

/// By chat and seq.
pub type Knowledge = HashMap<(ChatId, i64), State>;

/// What a message is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub content: Option<String>,
    pub is_deleted: bool,
    /// The version of its last change.
    pub version: i64,
    pub reactions: BTreeMap<String, i64>,
}

/// Keeps an entry. What is read comes in order, so its reactions are always the latest; an event has none.
pub fn keep(knowledge: &mut Knowledge, chat: ChatId, entry: &Value, is_event: bool) {
    let message = &entry["message"];
    let Some(seq) = message["seq"].as_i64() else { return };
    let mut state = State {
        content: message["content"].as_str().map(str::to_owned),
        is_deleted: !message["deleted_at"].is_null(),
        version: message["version"].as_i64().unwrap_or_default(),
        reactions: reactions(&entry["reactions"]),
    };
    match knowledge.get_mut(&(chat, seq)) {
        Some(known) if known.version > state.version => {
            if !is_event && !known.is_deleted {
                known.reactions = state.reactions;
            }
            return;
        }
        Some(known) if is_event && !state.is_deleted => state.reactions.clone_from(&known.reactions),
        _ => {}
    }
    knowledge.insert((chat, seq), state);
}

fn reactions(list: &Value) -> BTreeMap<String, i64> {
    let pairs = list.as_array().into_iter().flatten();
    pairs.filter_map(|one| Some((one["emoji"].as_str()?.to_owned(), one["count"].as_i64()?))).collect()
}

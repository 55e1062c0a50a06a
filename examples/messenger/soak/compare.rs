//! Compares what each device knows with a fresh download of its chats.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use diesel::{Connection as _, PgConnection};
use messenger_db::actor::Actor;
use messenger_db::ids::ChatId;
use messenger_db::page::Limit;
use messenger_db::queries::history;
use messenger_db::seq::Seq;

use crate::Failed;
use crate::knowledge::{Knowledge, keep};
use crate::people::People;

/// What was found.
#[derive(Default)]
pub struct Wrong {
    pub devices: usize,
    pub messages: usize,
    pub wrong: usize,
    /// A few of the differences.
    pub examples: Vec<String>,
}

pub fn compare(database: &str, people: &People, knowledge: &[Knowledge]) -> Result<Wrong, Failed> {
    let conn = &mut PgConnection::establish(database)?;
    let mut fresh: HashMap<ChatId, Knowledge> = HashMap::new();
    let mut found = Wrong { devices: knowledge.len(), ..Wrong::default() };
    for (number, (session, known)) in people.sessions.iter().zip(knowledge).enumerate() {
        let mut expected = 0;
        let mut difference = None;
        for &chat in &session.chats {
            let fresh = match fresh.entry(chat) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(download(conn, session.actor, chat)?),
            };
            for (key, state) in &*fresh {
                expected += 1;
                if known.get(key) != Some(state) {
                    difference =
                        Some(format!("device {number}, {key:?}: knows {:?} instead of {state:?}", known.get(key)));
                }
            }
        }
        if difference.is_none() && known.len() != expected {
            difference = Some(format!("device {number} knows {} messages instead of {expected}", known.len()));
        }
        if let Some(difference) = difference {
            found.wrong += 1;
            if found.examples.len() < 5 {
                found.examples.push(difference);
            }
        }
    }
    found.messages = fresh.values().map(Knowledge::len).sum();
    Ok(found)
}

fn download(conn: &mut PgConnection, actor: Actor, chat: ChatId) -> Result<Knowledge, Failed> {
    let (mut all, mut after) = (Knowledge::new(), Seq::ZERO);
    loop {
        let page = history::after(conn, actor, chat, after, Limit::MAX)?;
        for entry in &page.entries {
            keep(&mut all, chat, &serde_json::to_value(entry)?, false);
        }
        match page.newer_after {
            Some(newer) => after = newer,
            None => return Ok(all),
        }
    }
}

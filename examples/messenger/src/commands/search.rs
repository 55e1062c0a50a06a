//! Finds words in messages.

use messenger_db::ids::ChatId;
use messenger_db::page::Limit;
use messenger_db::queries::search::{self, Cursor, Hit};
use serde_json::{Value, json};

use super::{Answer, Client, answer};

const HITS: i64 = 30;

/// In all chats of the user.
pub async fn everywhere(client: &Client, text: String, before: Option<Cursor>) -> Answer {
    let actor = client.actor;
    let found = client.app.database.run(move |conn| search::list(conn, actor, &text, before, Limit::new(HITS)));
    let hits = found.await?;
    let next = hits.last().filter(|_| hits.len() == 30).map(Hit::cursor);
    answer(json!({ "hits": hits.iter().map(shown).collect::<Vec<_>>(), "next": next }))
}

/// In one chat.
pub async fn in_chat(client: &Client, chat: ChatId, text: String, before: Option<Cursor>) -> Answer {
    let actor = client.actor;
    let found =
        client.app.database.run(move |conn| search::list_in_chat(conn, actor, chat, &text, before, Limit::new(HITS)));
    let hits = found.await?;
    let next = hits.last().filter(|_| hits.len() == 30).map(Hit::cursor);
    answer(json!({ "hits": hits.iter().map(shown).collect::<Vec<_>>(), "next": next }))
}

/// A hit, its text cut into what was found and what is around it: ranges of bytes mean nothing to a browser.
fn shown(hit: &Hit) -> Value {
    let (text, mut parts, mut end) = (&hit.highlight.text, Vec::new(), 0);
    for range in &hit.highlight.ranges {
        parts.push(json!([text.get(end..range.start), false]));
        parts.push(json!([text.get(range.clone()), true]));
        end = range.end;
    }
    parts.push(json!([text.get(end..), false]));
    json!({ "message": hit.message, "parts": parts })
}

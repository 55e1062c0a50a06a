//! Holds what a search finds against the model's.

use diesel::prelude::*;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::models::Message;
use messenger_db::page::Limit;
use messenger_db::queries::search;

use super::act::WORDS;
use super::compare::{Agreement, agree, answer, refused};
use super::messenger::{Chat, Messenger};
use crate::queries::cast::by;

/// A query, and what it finds.
fn query(place: i64) -> (String, impl Fn(&Message) -> bool) {
    let (one, other) = (WORDS[place as usize % WORDS.len()], WORDS[(place / 5) as usize % WORDS.len()]);
    let kind = place % 6;
    let text = match kind {
        0 => one.to_uppercase(),
        1 => format!("{one} {other}"),
        2 => one[..3].to_owned(),
        3 => format!("{one} -{other}"),
        4 => format!("\"{one} {other}\""),
        _ => format!("the {one}"),
    };
    let is_hit = move |message: &Message| {
        let words: Vec<_> = message.content.as_deref().unwrap_or_default().split(' ').collect();
        let has = |word| words.contains(&word);
        match kind {
            1 => has(one) && has(other),
            3 => has(one) && !has(other),
            4 => words.windows(2).any(|pair| pair == [one, other]),
            _ => has(one),
        }
    };
    (text, is_hit)
}

pub fn found(conn: &mut PgConnection, messenger: &Messenger, reader: UserId, place: i64) -> Agreement {
    let (text, is_hit) = query(place);
    let mut expected: Vec<_> = messenger
        .chats_of(reader)
        .flat_map(|(_, chat)| chat.seen_posts(reader))
        .map(|post| post.message.clone())
        .filter(&is_hit)
        .collect();
    expected.sort_by_key(|message| std::cmp::Reverse((message.created_at, message.chat_id, message.seq)));
    let limit = Limit::new(2 + place % 9);
    let mut actual: Vec<search::Hit> = Vec::new();
    loop {
        let before = actual.last().map(search::Hit::cursor);
        let page = search::list(conn, by(reader), &text, before, limit).unwrap();
        let is_last = (page.len() as i64) < limit.get();
        actual.extend(page);
        if is_last {
            let actual = actual.into_iter().map(|hit| hit.message).collect();
            return agree(&format!("search for {text:?}"), actual, expected);
        }
    }
}

pub fn found_in(conn: &mut PgConnection, chat: &Chat, id: ChatId, reader: UserId, place: i64) -> Agreement {
    let (text, is_hit) = query(place + 1);
    let limit = Limit::new(1 + place % 5);
    let mut page = |before| answer(search::list_in_chat(conn, by(reader), id, &text, before, limit));
    let actual = page(None).and_then(|first| {
        // Two pages, in the order of the search in all chats.
        let next = first.last().map_or_else(|| Ok(Vec::new()), |hit| page(Some(hit.cursor())))?;
        Ok(first.into_iter().chain(next).map(|hit| hit.message).collect::<Vec<_>>())
    });
    let expected = if chat.role(reader).is_none() {
        refused("NotAMember")
    } else {
        let mut hits: Vec<_> = chat.seen_posts(reader).map(|post| post.message.clone()).filter(&is_hit).collect();
        hits.sort_by_key(|message| std::cmp::Reverse((message.created_at, message.seq)));
        hits.truncate(2 * limit.get() as usize);
        Ok(hits)
    };
    agree(&format!("search for {text:?} in a chat"), actual, expected)
}

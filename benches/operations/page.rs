//! What it costs to read a page with everything on it, beside its fifty messages alone, and beside other
//! designs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use messenger_db::ids::ChatId;
use messenger_db::models::Message;
use messenger_db::page::Limit;
use messenger_db::queries::history::{self, PageRequest};
use messenger_db::schema::messages;
use messenger_db::seq::Seq;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::Bench;
use super::data::Chat;
use super::measure::{Contender, Pace, Summary};
use super::peers::{self, Peer};
use messenger_db::actor::Actor;

pub fn figures(bench: &Bench, summary: &mut Summary) {
    let mut chats = bench.large.world.chats_of(30);
    chats.extend(bench.large.world.chats_of(300));
    let connections = || bench.connections();
    Peer::Counter.create(bench);
    Peer::Posts.create(bench);
    let times = times(bench, &chats);
    let posts_page = |name, with_users| {
        let times = &times;
        Contender::new(name, Peer::Posts.connections(bench), move |conn, dice| {
            let (chat, before) = times.choose(dice).unwrap();
            peers::posts::page(conn, *chat, *before, with_users);
        })
    };
    let mut contenders = [
        Contender::new("fifty rows", connections(), |conn, dice| {
            let (chat, before) = somewhere(&chats, dice);
            let rows = messages::table
                .filter(messages::chat_id.eq(chat.id).and(messages::seq.between(before - 50, before - 1)))
                .order(messages::seq)
                .select(Message::as_select())
                .load(conn)
                .unwrap();
            assert_eq!(rows.len(), 50);
        }),
        Contender::new("page of fifty", connections(), |conn, dice| {
            let (chat, before) = somewhere(&chats, dice);
            let page =
                history::before(conn, Actor::trusted(chat.member(dice)), chat.id, Seq::new(before), Limit::default())
                    .unwrap();
            assert_eq!(page.entries.len(), 50);
        }),
        Contender::new("page of fifty, of known people", connections(), |conn, dice| {
            let (chat, before) = somewhere(&chats, dice);
            let (reader, seq) = (Actor::trusted(chat.member(dice)), Seq::new(before));
            let asked = PageRequest::from(Limit::default()).knowing(&chat.members);
            let page = history::before(conn, reader, chat.id, seq, asked).unwrap();
            assert!(page.entries.len() == 50 && page.profiles.is_empty());
        }),
        Contender::new("page, counter", Peer::Counter.connections(bench), |conn, dice| {
            let (chat, before) = somewhere(&chats, dice);
            assert_eq!(peers::counter::page(conn, chat.id, chat.member(dice), before), 50);
        }),
        posts_page("page, posts", true),
        posts_page("page, posts, of known people", false),
    ];
    let comparison = bench.compare(&mut contenders, Pace::usual());
    summary.add(comparison.ratio("history_page_vs_primary_key_scan", "page of fifty", "fifty rows").at_least(0.6));
    let known = "page of fifty, of known people";
    summary
        .add(comparison.ratio("history_page_of_known_people_vs_primary_key_scan", known, "fifty rows").at_least(0.6));
    summary.add(comparison.ratio("fifty_rows_vs_counter_design", "fifty rows", "page, counter").at_least(1.0));
    summary
        .add(comparison.ratio("history_page_of_known_people_vs_counter_design", known, "page, counter").at_least(1.0));
    let theirs = "page, posts, of known people";
    summary.add(comparison.ratio("history_page_of_known_people_vs_posts_design", known, theirs).at_least(1.0));
    summary.add(comparison.ratio("history_page_vs_posts_design", "page of fifty", "page, posts").at_least(1.0));
}

/// Chats with a time before which they have fifty messages, in milliseconds: the design with posts has no numbers.
fn times(bench: &Bench, chats: &[&Chat]) -> Vec<(ChatId, i64)> {
    let mut conn = bench.large.connect();
    let mut dice = SmallRng::seed_from_u64(7);
    (0..2_000)
        .map(|_| {
            let (chat, before) = somewhere(chats, &mut dice);
            let key = messages::chat_id.eq(chat.id).and(messages::seq.eq(before.min(chat.messages as i64)));
            let at = messages::table
                .filter(key)
                .select(messages::created_at)
                .get_result::<DateTime<Utc>>(&mut conn)
                .unwrap();
            (chat.id, at.timestamp_millis())
        })
        .collect()
}

/// A chat, and a place in it with fifty messages before.
fn somewhere<'a>(chats: &[&'a Chat], dice: &mut SmallRng) -> (&'a Chat, i64) {
    let chat = chats.choose(dice).unwrap();
    (chat, dice.random_range(51..=chat.messages as i64 + 1))
}

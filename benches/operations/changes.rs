//! What it costs a device to ask what changed: when nothing did, beside an inbox; and when three chats of a hundred did,
//! beside reading what is new in these three.

use std::collections::HashMap;

use messenger_db::actor::Actor;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::changes::{self, State};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{history, inbox};
use messenger_db::seq::Seq;
use rand::seq::IndexedRandom as _;

use super::Bench;
use super::measure::{Contender, Pace, Summary};

pub fn figures(bench: &Bench, summary: &mut Summary) {
    let world = &bench.large.world;
    let mut conn = bench.large.connect();
    let mut states = |users: &[UserId]| -> HashMap<UserId, State> {
        users.iter().map(|user| (*user, changes::begin(&mut conn, Actor::trusted(*user)).unwrap())).collect()
    };
    let (in_10, in_100) = (states(&world.in_10_chats), states(&world.in_100_chats));
    let nothing_new = |of: &[UserId], states: &HashMap<UserId, State>| {
        let (of, states) = (of.to_vec(), states.clone());
        Contender::new(
            if of == world.in_10_chats { "nothing new, 10 chats" } else { "nothing new, 100 chats" },
            bench.connections(),
            move |conn, dice| {
                let user = *of.choose(dice).unwrap();
                let page = changes::list(conn, Actor::trusted(user), &states[&user], Limit::default()).unwrap();
                assert!(page.is_empty());
            },
        )
    };
    let an_inbox = |name, of: &[UserId]| {
        let of = of.to_vec();
        Contender::new(name, bench.connections(), move |conn, dice| {
            inbox::list(conn, Actor::trusted(*of.choose(dice).unwrap()), None, Limit::MAX).unwrap();
        })
    };
    let mut contenders = [
        an_inbox("inbox, 10 chats", &world.in_10_chats),
        nothing_new(&world.in_10_chats, &in_10),
        an_inbox("inbox, 100 chats", &world.in_100_chats),
        nothing_new(&world.in_100_chats, &in_100),
    ];
    let comparison = bench.compare(&mut contenders, Pace::usual());
    let figure = comparison.ratio("changes_nothing_new_vs_inbox", "nothing new, 10 chats", "inbox, 10 chats");
    summary.add(figure.at_least(1.0));
    let figure = comparison.ratio("changes_nothing_new_100_vs_inbox", "nothing new, 100 chats", "inbox, 100 chats");
    summary.add(figure.at_least(1.0));
    three_of_a_hundred(bench, summary);
}

/// A device that was away while one message came in each of three chats of a hundred.
fn three_of_a_hundred(bench: &Bench, summary: &mut Summary) {
    let world = &bench.large.world;
    let mut conn = bench.large.connect();
    let user = world.in_100_chats[0];
    let state = changes::begin(&mut conn, Actor::trusted(user)).unwrap();
    let theirs = world.observed.iter().filter(|chat| chat.members.contains(&user) && chat.members.len() == 2);
    let changed: Vec<(ChatId, Seq)> = theirs
        .take(3)
        .map(|chat| {
            let other = *chat.members.iter().find(|member| **member != user).unwrap();
            let sent =
                messages::send(&mut conn, Actor::trusted(other), chat.id, &Draft::text("Are you there?")).unwrap();
            (chat.id, sent.message.seq.previous())
        })
        .collect();
    let mut contenders = [
        Contender::new("three of a hundred chats", bench.connections(), |conn, _| {
            let page = changes::list(conn, Actor::trusted(user), &state, Limit::default()).unwrap();
            assert_eq!(page.chats.len(), 3);
        }),
        Contender::new("what is new in three chats", bench.connections(), |conn, _| {
            for (chat, known) in &changed {
                let page = history::after(conn, Actor::trusted(user), *chat, *known, Limit::default()).unwrap();
                assert_eq!(page.entries.len(), 1);
            }
        }),
    ];
    let comparison = bench.compare(&mut contenders, Pace::usual());
    let figure = comparison.ratio(
        "changes_three_of_100_vs_reading_them",
        "three of a hundred chats",
        "what is new in three chats",
    );
    summary.add(figure.at_least(0.5));
}

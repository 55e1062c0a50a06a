//! Whether somebody waits longer when everybody else's data is ten times as much: the same people and chats in two
//! databases, read on one connection.

use diesel::PgConnection;
use messenger_db::page::Limit;
use messenger_db::queries::{history, inbox, search, unread};
use messenger_db::seq::Seq;
use rand::RngExt as _;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;

use super::Bench;
use super::data::World;
use super::measure::{Contender, Pace, Summary};
use messenger_db::actor::Actor;

type Read = fn(&mut PgConnection, &World, &Bench, &mut SmallRng);

const READS: [(&str, Read); 4] = [
    ("history_10x_growth", |conn, world, _, dice| {
        let chat = world.observed.choose(dice).unwrap();
        let before = dice.random_range(51..=chat.messages as i64 + 1);
        history::before(conn, Actor::trusted(chat.member(dice)), chat.id, Seq::new(before), Limit::default()).unwrap();
    }),
    ("search_10x_growth", |conn, world, bench, dice| {
        let user = *world.in_10_chats.choose(dice).unwrap();
        search::list(conn, Actor::trusted(user), bench.words.sought(dice), None, Limit::default()).unwrap();
    }),
    ("unread_10x_growth", |conn, world, _, dice| {
        unread::total(conn, Actor::trusted(*world.in_10_chats.choose(dice).unwrap())).unwrap();
    }),
    ("inbox_10x_growth", |conn, world, _, dice| {
        inbox::list(conn, Actor::trusted(*world.in_10_chats.choose(dice).unwrap()), None, Limit::default()).unwrap();
    }),
];

pub fn figures(bench: &Bench, summary: &mut Summary) {
    for (key, read) in READS {
        eprintln!("  {key}");
        let contender = |name, database: &'static str| {
            let at = if database == "large" { &bench.large } else { &bench.small };
            Contender::new(name, [at.connect()], move |conn, dice| read(conn, &at.world, bench, dice))
        };
        let mut contenders = [contender("a tenth", "small"), contender("everybody", "large")];
        let comparison = bench.compare(&mut contenders, Pace::usual());
        summary.add(comparison.growth(key, "everybody", "a tenth").at_most(1.1));
    }
}

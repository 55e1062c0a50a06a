//! The cost of searching everything that somebody sees for a word, beside the design that has a search.

use messenger_db::actor::Actor;
use messenger_db::page::Limit;
use messenger_db::queries::search;
use rand::seq::IndexedRandom as _;

use super::Bench;
use super::measure::{Contender, Pace, Summary};
use super::peers::{self, Peer};

pub fn figures(bench: &Bench, summary: &mut Summary) {
    Peer::Posts.create(bench);
    let users = &bench.large.world.in_10_chats;
    let mut contenders = [
        Contender::new("search", bench.connections(), |conn, dice| {
            let user = Actor::trusted(*users.choose(dice).unwrap());
            search::list(conn, user, bench.words.sought(dice), None, Limit::default()).unwrap();
        }),
        Contender::new("search, posts", Peer::Posts.connections(bench), |conn, dice| {
            peers::posts::search(conn, *users.choose(dice).unwrap(), bench.words.sought(dice));
        }),
    ];
    let comparison = bench.compare(&mut contenders, Pace::usual());
    summary.add(comparison.ratio("search_10_chats_vs_posts_design", "search", "search, posts").at_least(1.0));
}

//! What it costs to show somebody's chats and what is unread in them, beside the cheapest statement there is and
//! beside other designs.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::Integer;
use messenger_db::ids::UserId;
use messenger_db::page::Limit;
use messenger_db::queries::{inbox, unread};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;

use super::Bench;
use super::measure::{Contender, Pace, Summary};
use super::peers::{self, Peer};
use messenger_db::actor::Actor;

pub fn figures(bench: &Bench, summary: &mut Summary) {
    let world = &bench.large.world;
    let connections = || bench.connections();
    let list = |of: &[UserId], conn: &mut PgConnection, dice: &mut SmallRng, chats: usize| {
        let entries = inbox::list(conn, Actor::trusted(*of.choose(dice).unwrap()), None, Limit::MAX).unwrap();
        assert_eq!(entries.len(), chats);
    };
    let total = |of: &[UserId], conn: &mut PgConnection, dice: &mut SmallRng| {
        unread::total(conn, Actor::trusted(*of.choose(dice).unwrap())).unwrap();
    };
    Peer::Counter.create(bench);
    Peer::Posts.create(bench);
    let somebody = |dice: &mut SmallRng| *world.in_10_chats.choose(dice).unwrap();
    let badge = |peer: Peer, name| {
        Contender::new(name, peer.connections(bench), move |conn, dice| peer.badge(conn, somebody(dice)))
    };
    // The other of each direct chat.
    let mut partners: HashMap<UserId, Vec<UserId>> = HashMap::new();
    for chat in world.observed.iter().filter(|chat| chat.members.len() == 2) {
        partners.entry(chat.members[0]).or_default().push(chat.members[1]);
    }
    let mut contenders = [
        Contender::new("select 1", connections(), |conn, _| {
            diesel::select(1.into_sql::<Integer>()).get_result::<i32>(conn).unwrap();
        }),
        Contender::new("inbox, 10 chats", connections(), |conn, dice| {
            list(&world.in_10_chats, conn, dice, 10);
        }),
        Contender::new("inbox, 100 chats", connections(), |conn, dice| {
            list(&world.in_100_chats, conn, dice, 100);
        }),
        Contender::new("unread, 10 chats", connections(), |conn, dice| total(&world.in_10_chats, conn, dice)),
        Contender::new("unread, 100 chats", connections(), |conn, dice| total(&world.in_100_chats, conn, dice)),
        Contender::new("inbox, counter", Peer::Counter.connections(bench), |conn, dice| {
            let user = somebody(dice);
            assert_eq!(peers::counter::inbox(conn, user, &partners[&user]), 10);
        }),
        Contender::new("inbox, posts", Peer::Posts.connections(bench), |conn, dice| {
            let user = somebody(dice);
            assert_eq!(peers::posts::inbox(conn, user, &partners[&user]), 10);
        }),
        badge(Peer::Counter, "unread, counter"),
        badge(Peer::Posts, "unread, posts"),
    ];
    let comparison = bench.compare(&mut contenders, Pace::usual());
    summary.add(comparison.ratio("inbox_10_chats_vs_select_1", "inbox, 10 chats", "select 1").at_least(0.2));
    let figure = comparison.ratio("inbox_10_chats_vs_unread_total", "inbox, 10 chats", "unread, 10 chats");
    summary.add(figure.at_least(0.85));
    summary.add(comparison.ratio("inbox_100_chats_vs_select_1", "inbox, 100 chats", "select 1"));
    summary.add(comparison.ratio("unread_total_10_chats_vs_select_1", "unread, 10 chats", "select 1").at_least(0.3));
    summary.add(comparison.ratio("unread_total_100_chats_vs_select_1", "unread, 100 chats", "select 1"));
    for (key, ours, theirs) in [
        ("inbox_10_chats_vs_counter_design", "inbox, 10 chats", "inbox, counter"),
        ("inbox_10_chats_vs_posts_design", "inbox, 10 chats", "inbox, posts"),
        ("unread_total_10_chats_vs_counter_design", "unread, 10 chats", "unread, counter"),
        ("unread_total_10_chats_vs_posts_design", "unread, 10 chats", "unread, posts"),
    ] {
        summary.add(comparison.ratio(key, ours, theirs).at_least(1.0));
    }
}

//! The cost of a send: beside a bare INSERT and designs after other messengers', and to three hundred as to two.

use diesel::prelude::*;
use messenger_db::actor::Actor;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::messages::{self, Draft};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;

use super::Bench;
use super::data::Chat;
use super::limit::{BARE_INSERT, bare_insert};
use super::measure::{Contender, Figure, Pace, Summary};
use super::peers::Peer;

pub fn figures(bench: &Bench, summary: &mut Summary) {
    Peer::Counter.create(bench);
    Peer::Posts.create(bench);
    let (direct, groups) = (bench.large.world.chats_of(2), bench.large.world.chats_of(300));
    let peer = |name, peer: Peer, send: fn(Peer, &mut PgConnection, ChatId, UserId, String)| {
        let pairs = direct.clone();
        Contender::new(name, peer.connections(bench), move |conn, dice| {
            let (chat, sender) = somebody(&pairs, dice);
            send(peer, conn, chat, sender, bench.words.say(dice));
        })
    };
    let mut contenders = [
        bare_insert(bench),
        ours(bench, "send to 2", direct.clone()),
        ours(bench, "send to 300", groups),
        peer("counter", Peer::Counter, Peer::send),
        peer("posts", Peer::Posts, Peer::send),
        peer("counter, in a transaction", Peer::Counter, Peer::send_in_transaction),
        peer("posts, in a transaction", Peer::Posts, Peer::send_in_transaction),
        peer("counter, as issued", Peer::Counter, Peer::send_as_issued),
        peer("posts, as issued", Peer::Posts, Peer::send_as_issued),
    ];
    let comparison = bench.compare(&mut contenders, Pace::usual());
    for (key, name, of, goal) in [
        ("send_direct_vs_bare_insert", "send to 2", BARE_INSERT, 0.4),
        ("send_group300_vs_direct", "send to 300", "send to 2", 0.95),
        ("send_direct_vs_counter_design", "send to 2", "counter", 1.0),
        ("send_direct_vs_posts_design", "send to 2", "posts", 1.0),
        ("send_direct_vs_counter_in_transaction", "send to 2", "counter, in a transaction", 1.0),
        ("send_direct_vs_posts_in_transaction", "send to 2", "posts, in a transaction", 1.0),
        ("send_direct_vs_counter_as_issued", "send to 2", "counter, as issued", 1.0),
        ("send_direct_vs_posts_as_issued", "send to 2", "posts, as issued", 1.0),
    ] {
        summary.add(comparison.ratio(key, name, of).at_least(goal));
    }
    let log = Figure::new("log_bytes_per_send", comparison.log_bytes("send to 2")).unit("bytes").at_most(1_200.0);
    summary.add(log.note("of write-ahead log, to 2 members, without images of whole pages"));
}

/// The library's send into one of these chats.
pub fn ours<'a>(bench: &'a Bench, name: &'static str, chats: Vec<&'a Chat>) -> Contender<'a> {
    Contender::new(name, bench.connections(), move |conn, dice| {
        let (chat, sender) = somebody(&chats, dice);
        send(conn, chat, sender, &bench.words.say(dice));
    })
}

/// A chat, and one of its members who says something.
pub fn somebody(chats: &[&Chat], dice: &mut SmallRng) -> (ChatId, UserId) {
    let chat = chats.choose(dice).unwrap();
    (chat.id, chat.speaker(dice))
}

/// The whole operation.
pub fn send(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: &str) {
    messages::send(conn, Actor::trusted(sender), chat, &Draft::text(words)).unwrap();
}

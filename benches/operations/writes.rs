//! The cost of marking as read, presence, edits and reactions: beside a bare INSERT, and beside other designs.

use diesel::prelude::*;
use messenger_db::actor::Actor;
use messenger_db::enums::{MessageKind, UserStatus};
use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::{accounts, messages, reactions};
use messenger_db::schema::messages as sent;
use messenger_db::seq::Seq;
use rand::RngExt as _;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;

use super::Bench;
use super::limit::{BARE_INSERT, bare_insert};
use super::marking::Readers;
use super::measure::{Contender, Pace, Summary};
use super::peers::{self, Peer};

const EMOJI: [&str; 8] = ["👍", "❤️", "😂", "😮", "😢", "🙏", "🎉", "🔥"];

pub fn figures(bench: &Bench, summary: &mut Summary) {
    Peer::Counter.create(bench);
    Peer::Posts.create(bench);
    let world = &bench.large.world;
    let direct = world.chats_of(2);
    let readers = Readers::new(bench, &[0, 1, 2, 3, 4], 1);
    let user = |dice: &mut SmallRng| *world.users.choose(dice).unwrap();
    let member = |dice: &mut SmallRng| {
        let chat = direct.choose(dice).unwrap();
        (chat.id, chat.member(dice))
    };
    let peer_reads = |peer: Peer, name| {
        Contender::new(name, peer.connections(bench), move |conn, dice| {
            let (chat, user) = member(dice);
            peer.mark_read(conn, chat, user);
        })
    };
    let peer_is_there = |peer: Peer, name| {
        Contender::new(name, peer.connections(bench), move |conn, dice| peer.presence(conn, user(dice)))
    };
    let chats: Vec<_> = direct.iter().take(2_000).map(|chat| chat.id).collect();
    let posts = peers::posts::some(&mut Peer::Posts.connect(bench), &chats);
    let own = own_messages(&mut bench.large.connect(), &chats);
    let mut contenders = [
        bare_insert(bench),
        readers.contender("mark read", bench),
        peer_reads(Peer::Counter, "mark read, counter"),
        peer_reads(Peer::Posts, "mark read, posts"),
        Contender::new("mark read, counter as issued", Peer::Counter.connections(bench), |conn, dice| {
            let (chat, user) = member(dice);
            peers::counter::mark_read_as_issued(conn, chat, user);
        }),
        Contender::new("mark read, posts as issued", Peer::Posts.connections(bench), |conn, dice| {
            let (chat, user) = member(dice);
            peers::posts::mark_read_as_issued(conn, chat, user);
        }),
        Contender::new("presence", bench.connections(), |conn, dice| {
            accounts::set_presence(conn, Actor::trusted(user(dice)), UserStatus::Online).unwrap();
        }),
        peer_is_there(Peer::Counter, "presence, counter"),
        peer_is_there(Peer::Posts, "presence, posts"),
        Contender::new("presence, counter as issued", Peer::Counter.connections(bench), |conn, dice| {
            peers::counter::presence_as_issued(conn, user(dice));
        }),
        Contender::new("edit", bench.connections(), |conn, dice| {
            let (chat, sender, seq) = own.choose(dice).unwrap();
            messages::edit(conn, *sender, *chat, *seq, &bench.words.say(dice)).unwrap();
        }),
        Contender::new("edit, counter", Peer::Counter.connections(bench), |conn, dice| {
            let (chat, sender) = member(dice);
            peers::counter::edit(conn, chat, sender, bench.words.say(dice));
        }),
        Contender::new("edit, counter as issued", Peer::Counter.connections(bench), |conn, dice| {
            let (chat, sender) = member(dice);
            Peer::Counter.send_as_issued(conn, chat, sender, bench.words.say(dice));
        }),
        Contender::new("edit, posts", Peer::Posts.connections(bench), |conn, dice| {
            peers::posts::edit(conn, posts.choose(dice).unwrap(), bench.words.say(dice));
        }),
        Contender::new("edit, posts as issued", Peer::Posts.connections(bench), |conn, dice| {
            peers::posts::edit_as_issued(conn, posts.choose(dice).unwrap(), bench.words.say(dice));
        }),
        Contender::new("react", bench.connections(), |conn, dice| {
            let chat = direct.choose(dice).unwrap();
            let seq = Seq::new(dice.random_range(1..=chat.messages as i64));
            reactions::add(conn, Actor::trusted(chat.member(dice)), chat.id, seq, EMOJI.choose(dice).unwrap()).unwrap();
        }),
        Contender::new("react, posts", Peer::Posts.connections(bench), |conn, dice| {
            let (post, user) = (posts.choose(dice).unwrap(), user(dice));
            peers::posts::react(conn, post, user, EMOJI.choose(dice).unwrap());
        }),
        Contender::new("react, posts as issued", Peer::Posts.connections(bench), |conn, dice| {
            let (post, user) = (posts.choose(dice).unwrap(), user(dice));
            peers::posts::react_as_issued(conn, post, user, EMOJI.choose(dice).unwrap());
        }),
    ];
    let pace = Pace { slice: Pace::usual().slice / 2, ..Pace::usual() };
    let comparison = bench.compare(&mut contenders, pace);
    for (key, name, of, goal) in [
        ("mark_read_vs_bare_insert", "mark read", BARE_INSERT, 0.75),
        ("mark_read_vs_counter_design", "mark read", "mark read, counter", 1.0),
        ("mark_read_vs_counter_as_issued", "mark read", "mark read, counter as issued", 1.0),
        ("mark_read_vs_posts_design", "mark read", "mark read, posts", 1.0),
        ("mark_read_vs_posts_as_issued", "mark read", "mark read, posts as issued", 1.0),
        ("presence_vs_bare_insert", "presence", BARE_INSERT, 0.95),
        ("presence_vs_counter_design", "presence", "presence, counter", 1.0),
        ("presence_vs_counter_as_issued", "presence", "presence, counter as issued", 1.0),
        ("presence_vs_posts_design", "presence", "presence, posts", 1.0),
        ("edit_vs_bare_insert", "edit", BARE_INSERT, 0.3),
        ("edit_vs_counter_design", "edit", "edit, counter", 1.0),
        ("edit_vs_counter_as_issued", "edit", "edit, counter as issued", 1.0),
        ("edit_vs_posts_design", "edit", "edit, posts", 1.0),
        ("edit_vs_posts_as_issued", "edit", "edit, posts as issued", 1.0),
        ("react_vs_bare_insert", "react", BARE_INSERT, 0.55),
        ("react_vs_posts_design", "react", "react, posts", 1.0),
        ("react_vs_posts_as_issued", "react", "react, posts as issued", 1.0),
    ] {
        summary.add(comparison.ratio(key, name, of).at_least(goal));
    }
}

/// The messages of some chats, each with its sender.
fn own_messages(conn: &mut PgConnection, of: &[ChatId]) -> Vec<(ChatId, Actor, Seq)> {
    sent::table
        .filter(sent::chat_id.eq_any(of))
        .filter(sent::kind.eq(MessageKind::Text))
        .filter(sent::deleted_at.is_null())
        .select((sent::chat_id, sent::sender_id.assume_not_null(), sent::seq))
        .load::<(ChatId, UserId, Seq)>(conn)
        .unwrap()
        .into_iter()
        .map(|(chat, sender, seq)| (chat, Actor::trusted(sender), seq))
        .collect()
}

//! The cost of telling the other servers: by notifying in the transaction of the send, and by ringing after its commit.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use messenger_db::actor::Actor;
use messenger_db::queries::messages::{self, Draft};
use messenger_db::realtime::{Bell, Options, Ring};

use super::Bench;
use super::measure::{Contender, Pace, Summary};
use super::send::somebody;

pub fn figures(bench: &Bench, summary: &mut Summary) {
    let direct = bench.large.world.chats_of(2);
    let url = bench.large.url.clone();
    let bell = Bell::start(move || PgConnection::establish(&url), Options::default());
    let mut contenders = [
        Contender::new("send", bench.connections(), |conn, dice| {
            let (chat, sender) = somebody(&direct, dice);
            messages::send(conn, Actor::trusted(sender), chat, &Draft::text(bench.words.say(dice))).unwrap();
        }),
        Contender::new("ring afterwards", bench.connections(), |conn, dice| {
            let (chat, sender) = somebody(&direct, dice);
            let sent = messages::send(conn, Actor::trusted(sender), chat, &Draft::text(bench.words.say(dice))).unwrap();
            bell.ring(Ring::Chat(chat, sent.message.version));
        }),
        Contender::new("notify inside", bench.connections(), |conn, dice| {
            let (chat, sender) = somebody(&direct, dice);
            let draft = Draft::text(bench.words.say(dice));
            conn.transaction(|conn| {
                let sent = messages::send(conn, Actor::trusted(sender), chat, &draft).unwrap();
                diesel::sql_query(format!("SELECT pg_notify('messenger_db', 'c{}')", sent.message.version))
                    .execute(conn)
            })
            .unwrap_or_else(|error: DieselError| panic!("{error}"));
        }),
    ];
    let comparison = bench.compare(&mut contenders, Pace::usual());
    summary.add(comparison.ratio("send_with_doorbell_vs_without", "ring afterwards", "send").at_least(0.9));
    summary.add(comparison.ratio("send_notifying_inside_vs_without", "notify inside", "send"));
}

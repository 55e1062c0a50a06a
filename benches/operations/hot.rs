//! How many of the updates that a send, a reading member and a heartbeat make are HOT: in place, without an index.

use messenger_db::seq::Seq;
use std::time::{Duration, Instant};

use diesel::PgConnection;
use messenger_db::enums::UserStatus;
use messenger_db::queries::{accounts, receipts};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;

use super::Bench;
use super::measure::{Contender, Figure, Pace, Summary};
use super::send::{send, somebody};
use messenger_db::actor::Actor;

pub fn figures(bench: &Bench, summary: &mut Summary) {
    let world = &bench.large.world;
    let chats: Vec<_> = world.others.iter().filter(|chat| !chat.unread).collect();
    summary.add(share(bench, "hot_update_share_send", &["chat_heads", "unread_messages"], |conn, dice| {
        let (chat, sender) = somebody(&chats, dice);
        send(conn, chat, sender, &bench.words.say(dice));
    }));
    // Whoever comes reads what the sends have left.
    summary.add(share(bench, "hot_update_share_read", &["unread_messages"], |conn, dice| {
        let chat = chats.choose(dice).unwrap();
        receipts::mark_read(conn, Actor::trusted(chat.member(dice)), chat.id, Seq::MAX).unwrap();
    }));
    summary.add(share(bench, "hot_update_share_presence", &["user_presence"], |conn, dice| {
        let user = *world.users.choose(dice).unwrap();
        accounts::set_presence(conn, Actor::trusted(user), UserStatus::Online).unwrap();
    }));
}

fn share(
    bench: &Bench,
    key: &'static str,
    tables: &[&str],
    operation: impl Fn(&mut PgConnection, &mut SmallRng) + Sync,
) -> Figure {
    let before = updates(bench, tables);
    let pace = Pace { rounds: Pace::usual().rounds / 2, ..Pace::usual() };
    // The contender is dropped with its connections, and a session that ends tells what it counted.
    bench.compare(&mut [Contender::new(key, bench.connections(), operation)], pace);
    let after = updates(bench, tables);
    let [all, hot] = [after.0 - before.0, after.1 - before.1];
    Figure::new(key, hot / all).at_least(0.99).note(format!("{hot} of {all} updates of {}", tables.join(", ")))
}

/// How many updates there were, and how many of them were HOT, once nobody adds to them any more.
fn updates(bench: &Bench, tables: &[&str]) -> (f64, f64) {
    let tables: Vec<_> = tables.iter().map(|table| format!("'{table}'")).collect();
    let sql = format!(
        "SELECT sum(n_tup_upd) || ' ' || sum(n_tup_hot_upd) FROM pg_stat_user_tables \
         WHERE schemaname = 'public' AND relname IN ({})",
        tables.join(", ")
    );
    let others = "SELECT count(*) FROM pg_stat_activity \
         WHERE datname = 'large' AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    let deadline = Instant::now() + Duration::from_secs(30);
    while bench.server.value("large", others) != "0" {
        assert!(Instant::now() < deadline, "sessions do not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    let counts = bench.server.value("large", &sql);
    let (all, hot) = counts.split_once(' ').unwrap();
    (all.parse().unwrap(), hot.parse().unwrap())
}

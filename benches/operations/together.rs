//! What many callers gain when they share transactions, and what one alone pays for that.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use diesel::PgConnection;
use messenger_db::actor::Actor;
use messenger_db::queries::messages::{self, Draft, Outgoing};
use messenger_db::queries::receipts::{self, Mark};
use messenger_db::seq::Seq;
use messenger_db::service::{Options, Outbox, Pool};
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;

use super::Bench;
use super::data::Chat;
use super::limit::{BARE_INSERT, bare_insert};
use super::marking::Readers;
use super::measure::{Contender, Figure, Pace, Summary};
use super::peers::Peer;
use super::send::{send, somebody};

/// How many share a transaction.
const TOGETHER: u32 = 32;

pub fn figures(bench: &Bench, summary: &mut Summary) {
    Peer::Counter.create(bench);
    Peer::Posts.create(bench);
    let chats = bench.large.world.chats_of(2);
    let direct = chats.as_slice();
    let readers = Readers::new(bench, &[0, 1, 2, 3, 4], 1);
    // No two transactions have a chat at once, as through an outbox.
    let mut free: Vec<_> = direct.iter().collect();
    free.shuffle(&mut SmallRng::seed_from_u64(6));
    let free = Mutex::new(VecDeque::from(free));
    let peer_sends = |name, peer: Peer| {
        Contender::new(name, peer.connections(bench), move |conn, dice| {
            let (chat, sender) = somebody(direct, dice);
            peer.send(conn, chat, sender, bench.words.say(dice));
        })
    };
    let peer_reads = |name, peer: Peer| {
        Contender::new(name, peer.connections(bench), move |conn, dice| {
            let (chat, user) = somebody(direct, dice);
            peer.mark_read(conn, chat, user);
        })
    };
    let mut contenders = [
        bare_insert(bench),
        peer_sends("counter", Peer::Counter),
        peer_sends("posts", Peer::Posts),
        peer_reads("mark read, counter", Peer::Counter),
        peer_reads("mark read, posts", Peer::Posts),
        Contender::new("send", bench.connections(), |conn, dice| {
            let (chat, sender) = somebody(direct, dice);
            send(conn, chat, sender, &bench.words.say(dice));
        }),
        Contender::new("send many", bench.connections(), |conn, dice| {
            let chats: Vec<_> = free.lock().unwrap().drain(..TOGETHER as usize).collect();
            let outgoing: Vec<_> = chats
                .iter()
                .map(|chat| {
                    let sender = Actor::trusted(chat.speaker(dice));
                    Outgoing::new(sender, chat.id, Draft::text(bench.words.say(dice)))
                })
                .collect();
            assert!(messages::send_many(conn, &outgoing).unwrap().iter().all(Result::is_ok));
            free.lock().unwrap().extend(chats);
        })
        .worth(TOGETHER),
        readers.contender("mark read", bench),
        Contender::with_supply(
            "mark many read",
            bench.connections(),
            || readers.reset(bench),
            |conn: &mut PgConnection, _| {
                let marks: Vec<_> = (0..TOGETHER)
                    .filter_map(|_| readers.next())
                    .map(|(chat, user, seq)| Mark::read(Actor::trusted(user), chat, Seq::new(seq)))
                    .collect();
                let is_full = marks.len() == TOGETHER as usize;
                receipts::mark_many(conn, &marks).unwrap();
                is_full
            },
        )
        .worth(TOGETHER),
    ];
    let pace = Pace { slice: Pace::usual().slice / 2, ..Pace::usual() };
    let comparison = bench.compare(&mut contenders, pace);
    summary.add(comparison.ratio("send_many_vs_bare_insert", "send many", BARE_INSERT).at_least(1.0));
    summary.add(comparison.ratio("send_many_vs_send", "send many", "send"));
    summary.add(comparison.ratio("mark_many_vs_mark_read", "mark many read", "mark read"));
    for (key, name, of) in [
        ("send_many_vs_counter_design", "send many", "counter"),
        ("send_many_vs_posts_design", "send many", "posts"),
        ("mark_many_vs_counter_design", "mark many read", "mark read, counter"),
        ("mark_many_vs_posts_design", "mark many read", "mark read, posts"),
    ] {
        summary.add(comparison.ratio(key, name, of).at_least(1.0));
    }
    drop(contenders);
    let groups = bench.large.world.chats_of(300);
    for (callers, chats, rate, middle, late) in [
        (1, direct, "outbox_1_caller_vs_send", "outbox_1_caller_p50", "outbox_1_caller_p99"),
        (8, direct, "outbox_8_callers_vs_send", "outbox_8_callers_p50", "outbox_8_callers_p99"),
        (64, direct, "outbox_64_callers_vs_send", "outbox_64_callers_p50", "outbox_64_callers_p99"),
        (64, &groups[..1], "outbox_64_in_a_chat_vs_send", "outbox_64_in_a_chat_p50", "outbox_64_in_a_chat_p99"),
    ] {
        let [single, shared] = in_turn(bench, callers, chats);
        let of = |latencies: &[Duration]| latencies.len() as f64;
        summary.add(Figure::new(rate, of(&shared) / of(&single)).note(format!(
            "{} sends through the outbox, {} one by one",
            shared.len(),
            single.len()
        )));
        for (key, percent) in [(middle, 50), (late, 99)] {
            let [single, shared] = [&single, &shared].map(|of| of[of.len() * percent / 100].as_secs_f64() * 1000.0);
            summary.add(
                Figure::new(key, shared / single)
                    .note(format!("{shared:.2} ms of {single:.2} ms, of an async service")),
            );
        }
    }
}

/// How long sends to these chats take for so many callers at once, one by one on a pool and through an outbox, in turn; sorted.
fn in_turn(bench: &Bench, callers: u64, chats: &[&Chat]) -> [Vec<Duration>; 2] {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let pool = Pool::new(&bench.large.url, Options { connections: super::CONNECTIONS, ..Options::default() });
    let outbox = Outbox::new(pool.clone());
    let mut latencies = [vec![], vec![]];
    let pace = Pace { slice: Pace::usual().slice / 2, ..Pace::usual() };
    for round in 0..2 * pace.rounds as u64 {
        let is_shared = round % 2 == 1;
        let tasks: Vec<_> = (0..callers)
            .map(|caller| {
                let mut dice = SmallRng::seed_from_u64(round * 100 + caller);
                // Chosen before, for the task to borrow nothing.
                let sends: Vec<_> = (0..2_000)
                    .map(|_| {
                        let (chat, sender) = somebody(chats, &mut dice);
                        (chat, Actor::trusted(sender), bench.words.say(&mut dice))
                    })
                    .collect();
                let (pool, outbox) = (pool.clone(), outbox.clone());
                runtime.spawn(async move {
                    let (mut took, begun) = (vec![], Instant::now());
                    for (chat, sender, words) in sends.into_iter().cycle() {
                        if begun.elapsed() > pace.slice {
                            break;
                        }
                        let (draft, start) = (Draft::text(words), Instant::now());
                        if is_shared {
                            outbox.send(sender, chat, draft).await.unwrap();
                        } else {
                            pool.run(move |conn| messages::send(conn, sender, chat, &draft)).await.unwrap();
                        }
                        took.push(start.elapsed());
                    }
                    took
                })
            })
            .collect();
        for task in tasks {
            let took = runtime.block_on(task).unwrap();
            // The first round connects.
            if round > 1 {
                latencies[usize::from(is_shared)].extend(took);
            }
        }
    }
    for of in &mut latencies {
        of.sort_unstable();
    }
    latencies
}

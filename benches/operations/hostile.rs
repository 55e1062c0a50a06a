//! What a member who attacks costs the others, beside a million messages: how much slower they become than beside a member who
//! does as everybody, and how long the longest operation of the attack takes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use diesel::PgConnection;
use diesel::connection::SimpleConnection as _;
use messenger_db::actor::Actor;
use messenger_db::enums::DeviceType;
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::sessions::{self, Device};
use messenger_db::queries::{history, inbox, receipts, search};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::Bench;
use super::data::Chat;
use super::measure::comparison::median;
use super::measure::{Figure, Pace, Summary};

// The attacks are those of the test.
#[path = "../../tests/queries/hostile/inputs.rs"]
mod inputs;
#[path = "../../tests/queries/hostile/operations.rs"]
mod operations;

use inputs::Dice;
use operations::{Attacker, OPERATIONS};

/// How many connections the neighbours have, and how many the attacker, or the member in their place.
const CONNECTIONS: u64 = 2;

/// How long a statement may take; a longer one is cancelled, and is a fault.
const LONGEST: &str = "SET statement_timeout = '1s'";

const fn by(user: UserId) -> Actor {
    Actor::trusted(user)
}

pub fn figures(bench: &Bench, summary: &mut Summary) {
    // Somebody in a hundred chats, three of which have three hundred members.
    let me = bench.large.world.in_100_chats[0];
    let chats: Vec<&Chat> = bench.large.world.observed.iter().filter(|chat| chat.members.contains(&me)).collect();
    let others = Mutex::new(Attack::default());
    let attackers: Vec<_> = (0..CONNECTIONS).map(|seed| Mutex::new(attacker(bench, me, &chats, seed))).collect();
    let pace = Pace::usual();
    let member = |conn: &mut PgConnection, dice: &mut SmallRng, _: u64| live(bench, conn, &chats, me, dice);
    let attack = |conn: &mut PgConnection, _: &mut SmallRng, number: u64| {
        let attacker = &mut *attackers[number as usize].lock().unwrap();
        let (name, operation) = OPERATIONS[attacker.dice.below(OPERATIONS.len())];
        let start = Instant::now();
        let outcome = operation(attacker, conn);
        others.lock().unwrap().note(name, start.elapsed(), outcome);
    };
    // What computes, and touches nothing that anybody else does: it takes processors away, and no more.
    let count = |conn: &mut PgConnection, _: &mut SmallRng, _: u64| {
        conn.batch_execute("SELECT count(*) FROM generate_series(1, 20000)").unwrap();
    };
    let beside: [&Beside<'_>; 3] = [&member, &attack, &count];
    let mut rates = beside.map(|_| vec![]);
    // Each round opens connections, whose first statements are slow.
    let slice = 2 * pace.slice;
    for round in 0..pace.rounds {
        // What the machine does more or less of in time falls on all.
        for turn in 0..beside.len() {
            let who = (round + turn) % beside.len();
            rates[who].push(neighbours(bench, &chats, round as u64, slice, beside[who]));
        }
    }
    let Attack { times, longest: (longest, name), faults } = others.into_inner().unwrap();
    assert!(faults.is_empty(), "{faults:#?}");
    let [member, attacker, counting] = rates;
    for (key, of, goal) in [
        ("neighbours_beside_attacker_vs_member", &member, 0.9),
        ("neighbours_beside_attacker_vs_counting", &counting, 0.9),
    ] {
        let rounds: Vec<_> = attacker.iter().zip(of).map(|(attacker, of)| attacker / of).collect();
        let (attacker, of) = (median(&attacker), median(of));
        let note = format!("{attacker:.0} of {of:.0} operations a second, on {CONNECTIONS} connections");
        summary.add(Figure::new(key, median(&rounds)).note(note).rounds(rounds).at_least(goal));
    }
    summary.add(
        Figure::new("longest_hostile_operation", longest.as_secs_f64() * 1000.0)
            .unit("ms")
            .at_most(1_000.0)
            .note(format!("{name}; {times} operations, each cancelled after a second")),
    );
}

/// What somebody does beside the neighbours, again and again, on the connection of this number.
type Beside<'a> = dyn Fn(&mut PgConnection, &mut SmallRng, u64) + Sync + 'a;

/// What the attack did.
#[derive(Default)]
struct Attack {
    times: usize,
    longest: (Duration, &'static str),
    faults: Vec<String>,
}

impl Attack {
    fn note(&mut self, name: &'static str, took: Duration, outcome: operations::Outcome) {
        self.times += 1;
        self.longest = self.longest.max((took, name));
        self.faults
            .extend(outcome.err().map(|fault| format!("{name}: {}", fault.chars().take(500).collect::<String>())));
    }
}

/// Somebody who attacks, and what they know.
fn attacker(bench: &Bench, me: UserId, chats: &[&Chat], seed: u64) -> Attacker {
    let conn = &mut bench.large.connect();
    let other = chats[0].members.iter().copied().find(|user| *user != me).unwrap();
    let sessions = [me, other]
        .map(|user| sessions::open(conn, user, &Device::new(DeviceType::Web), TimeDelta::days(1)).unwrap().session.id);
    let mut users: Vec<UserId> = chats.iter().flat_map(|chat| chat.members.iter().copied()).take(300).collect();
    users.extend([me, UserId::new()]);
    let messages = bench.server.execute("large", "SELECT id FROM messages LIMIT 100");
    let messages = messages.into_iter().flatten().flatten().map(|id| id.parse::<MessageId>().unwrap());
    let stranger = bench.large.world.others[0].id;
    Attacker {
        me,
        dice: Dice(SmallRng::seed_from_u64(seed)),
        users,
        chats: chats.iter().map(|chat| chat.id).chain([stranger, ChatId::new()]).collect(),
        messages: messages.collect(),
        sessions: sessions.into(),
        uploads: vec!["somebody's".to_owned()],
    }
}

/// How many operations a second people do in these chats, while somebody does something on as many connections.
fn neighbours(bench: &Bench, chats: &[&Chat], round: u64, slice: Duration, beside: &Beside<'_>) -> f64 {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for number in 0..CONNECTIONS {
            let is_over = &is_over;
            scope.spawn(move || {
                let conn = &mut bench.large.connect();
                conn.batch_execute(LONGEST).unwrap();
                let mut dice = SmallRng::seed_from_u64(1_000 + round * CONNECTIONS + number);
                while !is_over.load(Ordering::Relaxed) {
                    beside(conn, &mut dice, number);
                }
            });
        }
        let people: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                scope.spawn(move || {
                    let conn = &mut bench.large.connect();
                    let mut dice = SmallRng::seed_from_u64(round * CONNECTIONS + number);
                    let (start, mut done) = (Instant::now(), 0.0);
                    while start.elapsed() < slice {
                        let chat = chats.choose(&mut dice).unwrap();
                        let user = chat.members[1 + dice.random_range(0..chat.members.len() - 1)];
                        live(bench, conn, &[*chat], user, &mut dice);
                        done += 1.0;
                    }
                    done / start.elapsed().as_secs_f64()
                })
            })
            .collect();
        let rate = people.into_iter().map(|people| people.join().unwrap()).sum();
        is_over.store(true, Ordering::Relaxed);
        rate
    })
}

/// An operation as people do them. It may be refused: whoever attacks can have blocked the user, or removed them.
fn live(bench: &Bench, conn: &mut PgConnection, chats: &[&Chat], user: UserId, dice: &mut SmallRng) {
    let chat = chats.choose(dice).unwrap().id;
    match dice.random_range(0..8) {
        0..=2 => drop(messages::send(conn, by(user), chat, &Draft::text(bench.words.say(dice)))),
        3 | 4 => {
            if let Ok(page) = history::latest(conn, by(user), chat, Limit::default())
                && let Some(last) = page.entries.last()
            {
                drop(receipts::mark_read(conn, by(user), chat, last.message.seq));
            }
        }
        5 | 6 => drop(inbox::list(conn, by(user), None, Limit::default()).unwrap()),
        _ => drop(search::list_in_chat(conn, by(user), chat, bench.words.sought(dice), None, Limit::default())),
    }
}

//! The cost of telling the other servers: by notifying in the transaction of the send, and by ringing after its commit;
//! and how long until another server hears it.

use std::collections::HashMap;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use messenger_db::actor::Actor;
use messenger_db::ids::ChatId;
use messenger_db::queries::messages::{self, Draft};
use messenger_db::realtime::{Bell, Heard, Listener, Options, Ring};
use messenger_db::version::Version;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;

use super::measure::{Contender, Figure, Pace, Summary};
use super::send::somebody;
use super::{Bench, CONNECTIONS};

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
    heard(bench, summary);
}

/// Messages a second.
const RATE: u32 = 1_000;

/// A message that was sent: where, the version of the chat then, and since when it is committed.
type Sent = (ChatId, Version, Instant);

/// How long until another server hears of a message, counted from its commit, at a thousand messages a second.
fn heard(bench: &Bench, summary: &mut Summary) {
    let direct = bench.large.world.chats_of(2);
    let connect = |url: String| move || PgConnection::establish(&url);
    let bell = Bell::start(connect(bench.large.url.clone()), Options::default());
    let listener = Listener::start(connect(bench.large.url.clone()), Options::default());
    assert_eq!(listener.next(Duration::from_mins(1)), Some(Heard::Connected));
    let each = (if std::env::var_os("BENCH_QUICK").is_some() { 3 } else { 20 }) * RATE / CONNECTIONS as u32;
    let (tell, sent) = mpsc::channel::<Sent>();
    let start = Instant::now() + Duration::from_millis(100);
    let (mut waits, took) = thread::scope(|scope| {
        for (number, mut conn) in (0..).zip(bench.connections()) {
            let (tell, direct, bell) = (tell.clone(), &direct, &bell);
            scope.spawn(move || {
                let mut dice = SmallRng::seed_from_u64(number);
                for turn in 0..each {
                    // The connections take turns; who is late does not wait.
                    let due = start + (Duration::from_secs(1) / RATE) * (turn * CONNECTIONS as u32 + number as u32);
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    let (chat, sender) = somebody(direct, &mut dice);
                    let draft = Draft::text(bench.words.say(&mut dice));
                    let message = messages::send(&mut conn, Actor::trusted(sender), chat, &draft).unwrap().message;
                    tell.send((chat, message.version, Instant::now())).unwrap();
                    bell.ring(Ring::Chat(chat, message.version));
                }
            });
        }
        drop(tell);
        (until_all_are_heard(&listener, &sent), start.elapsed())
    });
    waits.sort_unstable();
    let hundredth = waits[waits.len() * 99 / 100];
    let note = format!(
        "{:.0} messages a second; half of them within {:.1} ms, the slowest {:.0} ms",
        waits.len() as f64 / took.as_secs_f64(),
        waits[waits.len() / 2].as_secs_f64() * 1e3,
        waits[waits.len() - 1].as_secs_f64() * 1e3,
    );
    summary.add(
        Figure::new("doorbell_99_of_100_heard_within", hundredth.as_secs_f64() * 1e3)
            .unit("ms")
            .at_most(50.0)
            .note(note),
    );
}

/// How long each message waited: a ring of a later version of its chat is one of it, too.
fn until_all_are_heard(listener: &Listener, sent: &mpsc::Receiver<Sent>) -> Vec<Duration> {
    let mut open = HashMap::<ChatId, Vec<(Version, Instant)>>::new();
    let mut waits = Vec::new();
    loop {
        let heard = listener.next(Duration::from_millis(200));
        let now = Instant::now();
        // Each message was told before it was rung, so what is heard here is among them.
        let is_over = loop {
            match sent.try_recv() {
                Ok((chat, version, at)) => open.entry(chat).or_default().push((version, at)),
                Err(error) => break error == mpsc::TryRecvError::Disconnected,
            }
        };
        if let Some(Heard::Ring(Ring::Chat(chat, version))) = heard {
            let (known, newer): (Vec<_>, Vec<_>) =
                open.remove(&chat).unwrap_or_default().into_iter().partition(|(of, _)| *of <= version);
            waits.extend(known.into_iter().map(|(_, at)| now.saturating_duration_since(at)));
            if !newer.is_empty() {
                open.insert(chat, newer);
            }
        }
        if is_over && open.is_empty() {
            return waits;
        }
    }
}

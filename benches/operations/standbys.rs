//! What standbys take over: reads a second through a pool of a primary and 0, 1 and 2 of them, beside sends, what of it the primary
//! does, and how long a user waits who reads what they have just written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use messenger_db::actor::Actor;
use messenger_db::error::Error;
use messenger_db::ids::ChatId;
use messenger_db::page::Limit;
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{history, inbox, unread};
use messenger_db::seq::Seq;
use messenger_db::service::{Options, Pool, Session};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tokio::runtime::Runtime;

use super::data::{Chat, Server};
use super::measure::comparison::median;
use super::measure::{Figure, Pace, Summary};
use super::send::somebody;
use super::{Bench, CONNECTIONS};

/// How many send, and how often each: 100 a second, each followed by a read of what was sent.
const SENDERS: u32 = 4;
const EVERY: Duration = Duration::from_millis(40);

/// One in so many reads asks where it was carried out.
const ASKED: usize = 16;

/// No standby is read from that is further behind.
const MAX_LAG: Duration = Duration::from_secs(10);

/// What is known of a slice.
#[derive(Default, Clone)]
struct Slice {
    /// Reads a second.
    rate: f64,
    /// How many reads and sends there were.
    operations: usize,
    /// How long the primary's processes had a processor.
    processor: Duration,
    /// How many reads were asked where they were carried out, and how many of them on a standby.
    asked: (usize, usize),
    /// How long those waited who read what they had just sent, and how many of them read from a standby.
    own: Vec<Duration>,
    own_on_standby: usize,
}

pub fn figures(bench: &Bench, summary: &mut Summary) {
    let standbys = ["a", "b"].map(|name| bench.server.standby(name));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let pools = [0, 1, 2].map(|number| pool(bench, &standbys[..number]));
    let pace = Pace::usual();
    let mut slices: [Vec<Slice>; 3] = Default::default();
    let mut dice = SmallRng::seed_from_u64(5);
    // The first round connects and fills the caches.
    for round in 0..=pace.rounds {
        let first = dice.random_range(0..pools.len());
        for turn in 0..pools.len() {
            let number = (first + turn) % pools.len();
            let length = pace.slice * if round == 0 { 8 } else { 2 };
            let slice = run(bench, &runtime, &pools[number], length, &mut dice);
            if round > 0 {
                slices[number].push(slice);
            }
        }
    }
    let [none, one, two] = &slices;
    for (slices, rate, processor, share, own) in [
        (
            one,
            "reads_1_standby_vs_none",
            "primary_processor_1_standby_vs_none",
            "reads_on_1_standby_share",
            "own_write_read_1_standby_vs_none",
        ),
        (
            two,
            "reads_2_standbys_vs_none",
            "primary_processor_2_standbys_vs_none",
            "reads_on_2_standbys_share",
            "own_write_read_2_standbys_vs_none",
        ),
    ] {
        let note = |[here, alone]: [f64; 2]| format!("{here:.0} of {alone:.0} reads a second, beside 100 sends");
        summary.add(ratio(rate, slices, none, note, |slice| slice.rate));
        let each = |slice: &Slice| slice.processor.as_secs_f64() * 1e6 / slice.operations as f64;
        if none.iter().all(|slice| slice.processor > Duration::ZERO) {
            let note =
                |[here, alone]: [f64; 2]| format!("{here:.0} µs of {alone:.0} µs of a processor for an operation");
            summary.add(ratio(processor, slices, none, note, each));
        }
        let (asked, there) = slices.iter().fold((0, 0), |sum, of| (sum.0 + of.asked.0, sum.1 + of.asked.1));
        summary
            .add(Figure::new(share, there as f64 / asked as f64).note(format!("{there} of {asked} that were asked")));
        let waits = |slices: &[Slice]| {
            let mut waits: Vec<_> = slices.iter().flat_map(|slice| &slice.own).copied().collect();
            waits.sort_unstable();
            [50, 99].map(|percent| waits[waits.len() * percent / 100].as_secs_f64() * 1e3)
        };
        let ([middle, late], [alone, late_alone]) = (waits(slices), waits(none));
        let (reads, there) = slices.iter().fold((0, 0), |sum, of| (sum.0 + of.own.len(), sum.1 + of.own_on_standby));
        summary.add(Figure::new(own, middle / alone).note(format!(
            "{middle:.1} ms of {alone:.1} ms at the median, {late:.1} ms of {late_alone:.1} ms at the slowest hundredth; {there} \
             of {reads} on a standby"
        )));
    }
    // Without anybody else, so that it is what the way through the log takes.
    let mut waits: Vec<_> = (0..pace.rounds * 10).map(|_| arrives(bench, &runtime, &pools[1], &mut dice)).collect();
    waits.sort_unstable();
    let [middle, late] = [50, 99].map(|percent| waits[waits.len() * percent / 100].as_secs_f64() * 1e6);
    summary.add(Figure::new("own_write_is_on_standby_after", middle).unit("µs").note(format!(
        "from the answer to a send, {late:.0} µs at the slowest hundredth of {}, nobody else writing or reading",
        waits.len()
    )));
}

/// A ratio of medians, with the ratio of each round.
fn ratio(
    key: &'static str,
    of: &[Slice],
    over: &[Slice],
    note: impl Fn([f64; 2]) -> String,
    value: impl Fn(&Slice) -> f64,
) -> Figure {
    let [here, alone] = [of, over].map(|slices| slices.iter().map(&value).collect::<Vec<_>>());
    let rounds = here.iter().zip(&alone).map(|(here, alone)| here / alone).collect();
    let medians = [median(&here), median(&alone)];
    Figure::new(key, medians[0] / medians[1]).note(note(medians)).rounds(rounds)
}

/// A pool of the primary and these standbys. Nobody waits for a connection.
fn pool(bench: &Bench, standbys: &[Server]) -> Pool {
    let options = Options { connections: CONNECTIONS + SENDERS as usize, ..Options::default() };
    let of = |server: &Server| Pool::new(&server.url(bench.large.name), options);
    let primary = of(&bench.server);
    if standbys.is_empty() { primary } else { primary.with_standbys(standbys.iter().map(of), MAX_LAG) }
}

/// Lets everybody read, and some send, for the length of a slice.
fn run(bench: &Bench, runtime: &Runtime, pool: &Pool, length: Duration, dice: &mut SmallRng) -> Slice {
    let is_over = Arc::new(AtomicBool::new(false));
    let before = bench.server.processor_time();
    let start = Instant::now();
    let readers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (pool, is_over, reads) = (pool.clone(), Arc::clone(&is_over), Read::some(bench, dice));
            runtime.spawn(async move {
                let (mut done, mut asked) = (0, (0, 0));
                for read in reads.into_iter().cycle() {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let is_asked = done % ASKED == 0;
                    let place = pool.read(move |conn| {
                        read.carry_out(conn);
                        if is_asked { is_standby(conn).map(Some) } else { Ok(None) }
                    });
                    if let Some(is_standby) = place.await.unwrap() {
                        asked = (asked.0 + 1, asked.1 + usize::from(is_standby));
                    }
                    done += 1;
                }
                (done, asked)
            })
        })
        .collect();
    let senders: Vec<_> = (0..SENDERS)
        .map(|number| {
            let (pool, is_over, sends) = (pool.clone(), Arc::clone(&is_over), sends(bench, dice));
            runtime.spawn(async move {
                let (mut waits, mut there) = (vec![], 0);
                let mut due = start + EVERY * number / SENDERS;
                for (chat, sender, words) in sends.into_iter().cycle() {
                    tokio::time::sleep_until(due.into()).await;
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let (waited, is_standby) = write_and_read(&pool, chat, sender, words).await;
                    waits.push(waited);
                    there += usize::from(is_standby);
                    due += EVERY;
                }
                (waits, there)
            })
        })
        .collect();
    std::thread::sleep(length);
    is_over.store(true, Ordering::Relaxed);
    let mut slice = Slice::default();
    for reader in readers {
        let (done, asked) = runtime.block_on(reader).unwrap();
        slice.operations += done;
        slice.asked = (slice.asked.0 + asked.0, slice.asked.1 + asked.1);
    }
    slice.rate = slice.operations as f64 / start.elapsed().as_secs_f64();
    for sender in senders {
        let (waits, there) = runtime.block_on(sender).unwrap();
        slice.operations += waits.len() * 2;
        slice.own.extend(waits);
        slice.own_on_standby += there;
    }
    let after = bench.server.processor_time();
    slice.processor = after.zip(before).map_or(Duration::ZERO, |(after, before)| after.saturating_sub(before));
    slice
}

/// Sends, and gives how long the sender then waits for a page with it on it, and whether a standby gave it.
async fn write_and_read(pool: &Pool, chat: ChatId, sender: Actor, words: String) -> (Duration, bool) {
    let session = Session::new();
    let sent = pool.run_in(&session, move |conn| messages::send(conn, sender, chat, &Draft::text(words))).await;
    let seq = sent.unwrap().message.seq;
    let start = Instant::now();
    let read = pool.read_in(&session, move |conn| {
        let page = history::latest(conn, sender, chat, Limit::default())?;
        assert!(page.entries.iter().any(|entry| entry.message.seq == seq), "what was sent is not there");
        let waited = start.elapsed();
        Ok::<_, Error<_>>((waited, is_standby(conn)?))
    });
    read.await.unwrap_or_else(|error: Error<history::HistoryRefused>| panic!("{error}"))
}

/// How long until a standby gives what was sent.
fn arrives(bench: &Bench, runtime: &Runtime, pool: &Pool, dice: &mut SmallRng) -> Duration {
    let (chat, sender, words) = sends(bench, dice).swap_remove(0);
    runtime.block_on(async {
        let session = Session::new();
        let sent = pool.run_in(&session, move |conn| messages::send(conn, sender, chat, &Draft::text(words))).await;
        sent.unwrap();
        let start = Instant::now();
        while !pool.read_in(&session, is_standby).await.unwrap() {
            assert!(start.elapsed() < MAX_LAG, "the standby does not replay");
        }
        start.elapsed()
    })
}

/// Something to send, chosen before, for a task to borrow nothing.
fn sends(bench: &Bench, dice: &mut SmallRng) -> Vec<(ChatId, Actor, String)> {
    let direct = bench.large.world.chats_of(2);
    (0..100)
        .map(|_| {
            let (chat, sender) = somebody(&direct, dice);
            (chat, Actor::trusted(sender), bench.words.say(dice))
        })
        .collect()
}

fn is_standby(conn: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(sql::<Bool>("pg_is_in_recovery()")).get_result::<bool>(conn)
}

/// What a client reads when it is opened.
#[derive(Clone, Copy)]
enum Read {
    Page(Actor, ChatId, Seq),
    Inbox(Actor),
    Badge(Actor),
}

impl Read {
    /// As many of each, in turn.
    fn some(bench: &Bench, dice: &mut SmallRng) -> Vec<Self> {
        let world = &bench.large.world;
        let chats: Vec<&Chat> = [world.chats_of(30), world.chats_of(300)].concat();
        let mut reads = vec![];
        for _ in 0..200 {
            let chat = chats.choose(dice).unwrap();
            let before = Seq::new(dice.random_range(51..=chat.messages as i64 + 1));
            let user = Actor::trusted(*world.in_10_chats.choose(dice).unwrap());
            reads.extend([
                Self::Page(Actor::trusted(chat.member(dice)), chat.id, before),
                Self::Inbox(user),
                Self::Badge(user),
            ]);
        }
        reads
    }

    fn carry_out(self, conn: &mut PgConnection) {
        match self {
            Self::Page(actor, chat, before) => {
                let page = history::before(conn, actor, chat, before, Limit::default()).unwrap();
                assert_eq!(page.entries.len(), 50);
            }
            Self::Inbox(actor) => assert_eq!(inbox::list(conn, actor, None, Limit::MAX).unwrap().len(), 10),
            Self::Badge(actor) => {
                unread::badge(conn, actor).unwrap();
            }
        }
    }
}

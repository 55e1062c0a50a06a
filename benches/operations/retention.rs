//! What a run of retention costs those who send meanwhile: 200 messages a second, by the clock, with and without it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use messenger_db::queries::retention::{self, Removal};
use rand::SeedableRng as _;
use rand::rngs::SmallRng;

use super::Bench;
use super::measure::{Figure, Pace, Summary};
use super::send::{send, somebody};

/// A copy, so that the messages of the other families stay.
const COPY: &str = "retention";

/// How many connections send, and how often each.
const SENDERS: u32 = 8;
const EVERY: Duration = Duration::from_millis(40);

pub fn figures(bench: &Bench, summary: &mut Summary) {
    bench.server.execute(
        messenger_db::local::DATABASE,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = 'large'",
    );
    bench.server.create(COPY, bench.large.name);
    let url = bench.server.url(COPY);
    let conn = &mut PgConnection::establish(&url).unwrap();
    // Half of them are too old.
    let middle = "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY created_at) AS middle FROM messages";
    let before = diesel::sql_query(middle).get_result::<Middle>(conn).unwrap().middle;

    let length = Pace::usual().slice * 25;
    let alone = sends(bench, &url, || std::thread::sleep(length));
    let (mut removed, mut took) = (0, Duration::ZERO);
    let beside = sends(bench, &url, || {
        let start = Instant::now();
        let mut run = Removal::everywhere();
        while !run.is_done && start.elapsed() < length {
            run = retention::remove_messages(conn, run, before).unwrap();
        }
        (removed, took) = (run.messages, start.elapsed());
    });
    let late = |latencies: &[Duration]| latencies[latencies.len() * 99 / 100].as_secs_f64() * 1000.0;
    summary.add(Figure::new("send_p99_beside_retention", late(&beside)).unit("ms").at_most(50.0).note(format!(
        "{:.1} ms without; 200 sends a second, {} and {} of them",
        late(&alone),
        beside.len(),
        alone.len()
    )));
    summary.add(
        Figure::new("retention_messages_per_second", removed as f64 / took.as_secs_f64())
            .unit("/s")
            .note(format!("{removed} messages in {:.0} s, beside those sends", took.as_secs_f64())),
    );
    bench.server.execute(messenger_db::local::DATABASE, "DROP DATABASE retention WITH (FORCE)");
}

#[derive(QueryableByName)]
struct Middle {
    #[diesel(sql_type = Timestamptz)]
    middle: DateTime<Utc>,
}

/// How long the sends took that were due while something was done, each from when it was due; sorted.
fn sends(bench: &Bench, url: &str, meanwhile: impl FnOnce()) -> Vec<Duration> {
    let is_over = AtomicBool::new(false);
    let direct = bench.large.world.chats_of(2);
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|number| {
                let (is_over, direct) = (&is_over, &direct);
                scope.spawn(move || {
                    let conn = &mut PgConnection::establish(url).unwrap();
                    let mut dice = SmallRng::seed_from_u64(number.into());
                    let mut due = Instant::now() + EVERY * number / SENDERS;
                    let mut latencies = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        let (chat, sender) = somebody(direct, &mut dice);
                        send(conn, chat, sender, &bench.words.say(&mut dice));
                        latencies.push(due.elapsed());
                        due += EVERY;
                    }
                    latencies
                })
            })
            .collect();
        meanwhile();
        is_over.store(true, Ordering::Relaxed);
        let mut latencies: Vec<_> = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();
        latencies.sort();
        latencies
    })
}

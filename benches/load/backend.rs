//! The backend that stands before the database: threads that answer requests in the order in which they come, with
//! connections from pools.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::r2d2::{ConnectionManager, Pool};
use rand::SeedableRng as _;
use rand::rngs::SmallRng;

use super::counter::Counter;
use super::mix::MIX;
use super::people::{Lately, People};
use super::schedule::Arrival;

/// How many pools there are, as many as processes of a backend would have; and how many connections each has at most.
const POOLS: usize = 2;
const CONNECTIONS: u32 = 8;

/// How many requests are answered at once, by threads that otherwise sleep. The others wait, and that counts.
const THREADS: usize = 32;

/// The pools, each filled.
pub fn pools(url: &str) -> Vec<Pool<ConnectionManager<PgConnection>>> {
    let pool = |_| {
        Pool::builder()
            .max_size(CONNECTIONS)
            // It would ask each connection for its health before each operation: one round trip more.
            .test_on_check_out(false)
            .build(ConnectionManager::new(url))
            .unwrap()
    };
    (0..POOLS).map(pool).collect()
}

/// Answers all requests, and says what came of it.
pub fn serve(
    pools: &[Pool<ConnectionManager<PgConnection>>],
    people: &People<'_>,
    arrivals: &[Arrival],
    seconds: usize,
) -> Counter {
    let next = &AtomicUsize::new(0);
    let start = Instant::now() + Duration::from_millis(100);
    let mut all = Counter::new(seconds);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let pool = &pools[number % pools.len()];
                scope.spawn(move || {
                    let mut counter = Counter::new(seconds);
                    let mut lately = Lately::default();
                    let mut dice = SmallRng::seed_from_u64(number as u64);
                    while let Some(&Arrival { at, operation }) = arrivals.get(next.fetch_add(1, Ordering::Relaxed)) {
                        std::thread::sleep((start + at).saturating_duration_since(Instant::now()));
                        let outcome = match pool.get() {
                            Ok(mut conn) => people.operation(&mut conn, MIX[operation].0, &mut lately, &mut dice),
                            Err(error) => Err(error.into()),
                        };
                        match outcome {
                            Ok(()) => counter.done(operation, at, start.elapsed()),
                            Err(error) => counter.failed(operation, &*error),
                        }
                    }
                    counter
                })
            })
            .collect();
        for thread in threads {
            all.add(&thread.join().unwrap());
        }
    });
    all
}

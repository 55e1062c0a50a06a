//! A comparison: contenders run in turn, in short slices; the rate of each is the median of its slices.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use super::Figure;
use messenger_db::local::DATABASE;

use crate::data::Server;

type Operation<'a> = Box<dyn Fn(&mut PgConnection, &mut SmallRng) -> bool + Sync + 'a>;

/// An operation that is repeated as often as possible, on connections of its own.
pub struct Contender<'a> {
    name: &'static str,
    connections: Vec<(PgConnection, SmallRng)>,
    prepare: Box<dyn Fn() + 'a>,
    operation: Operation<'a>,
    worth: u32,
}

impl<'a> Contender<'a> {
    /// An operation that can be repeated without end, and the connections that repeat it concurrently.
    pub fn new(
        name: &'static str,
        connections: impl IntoIterator<Item = PgConnection>,
        operation: impl Fn(&mut PgConnection, &mut SmallRng) + Sync + 'a,
    ) -> Self {
        let endless = move |conn: &mut PgConnection, dice: &mut SmallRng| {
            operation(conn, dice);
            true
        };
        Self::with_supply(name, connections, || (), endless)
    }

    /// An operation that uses something up. `prepare` makes a new supply before each slice, and is not measured;
    /// `operation` returns false, without having done anything, when the supply is used up. That ends the slice early.
    pub fn with_supply(
        name: &'static str,
        connections: impl IntoIterator<Item = PgConnection>,
        prepare: impl Fn() + 'a,
        operation: impl Fn(&mut PgConnection, &mut SmallRng) -> bool + Sync + 'a,
    ) -> Self {
        let connections = (0..).map(SmallRng::seed_from_u64).zip(connections).map(|(dice, conn)| (conn, dice));
        Self {
            name,
            connections: connections.collect(),
            prepare: Box::new(prepare),
            operation: Box::new(operation),
            worth: 1,
        }
    }

    /// Counts each call for so many operations, which it does together.
    pub const fn worth(mut self, operations: u32) -> Self {
        self.worth = operations;
        self
    }

    /// How many buffers (pages of 8 kB, in memory or not) one call reads or writes, the mean of some calls on one connection
    /// while all others are idle. `total` is what the server has counted in a database.
    fn buffers(&mut self, server: &Server) -> f64 {
        const CALLS: u32 = 20;
        (self.prepare)();
        let tell = |conn: &mut PgConnection| {
            // Otherwise a session tells the server when it likes.
            diesel::sql_query("SELECT pg_stat_force_next_flush()").execute(conn).unwrap();
        };
        self.connections.iter_mut().for_each(|(conn, _)| tell(conn));
        let Some((conn, dice)) = self.connections.first_mut() else { return 0.0 };
        let database: String = diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("current_database()::text"))
            .get_result(conn)
            .unwrap();
        tell(conn);
        let before = server.buffers(&database);
        let done = (0..CALLS).filter(|_| (self.operation)(conn, dice)).count() as u32 * self.worth;
        tell(conn);
        (server.buffers(&database) - before) / f64::from(done.max(1))
    }

    /// Repeats the operation for the length of a slice. Returns operations a second, and how many there were.
    fn run(&mut self, slice: Duration) -> (f64, u64) {
        let start_line = Barrier::new(self.connections.len());
        let (start_line, operation, worth) = (&start_line, &self.operation, self.worth);
        std::thread::scope(|scope| {
            let runners: Vec<_> = self
                .connections
                .iter_mut()
                .map(|(conn, dice)| {
                    scope.spawn(move || {
                        start_line.wait();
                        let start = Instant::now();
                        let mut done = 0_u32;
                        while start.elapsed() < slice && operation(conn, dice) {
                            done += worth;
                        }
                        (f64::from(done) / start.elapsed().as_secs_f64(), u64::from(done))
                    })
                })
                .collect();
            let results = runners.into_iter().map(|runner| runner.join().unwrap());
            results.fold((0.0, 0), |(rate, done), (more, and)| (rate + more, done + and))
        })
    }
}

/// How long a comparison takes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The length of a slice.
    pub slice: Duration,
    /// The number of slices of each contender.
    pub rounds: usize,
}

impl Pace {
    /// The pace of `make bench`, or a short one for trying out (`BENCH_QUICK`).
    pub fn usual() -> Self {
        if std::env::var_os("BENCH_QUICK").is_some() {
            Self { slice: Duration::from_millis(100), rounds: 5 }
        } else {
            Self { slice: Duration::from_millis(300), rounds: 8 }
        }
    }
}

/// The result of a comparison.
pub struct Comparison {
    names: Vec<&'static str>,
    /// Operations a second of each contender, slice by slice.
    rates: Vec<Vec<f64>>,
    /// Bytes of write-ahead log for one operation of each contender, without images of whole pages.
    log: Vec<f64>,
    /// Buffers of one operation of each contender.
    buffers: Vec<f64>,
}

impl Comparison {
    /// Lets the contenders run in turn, on a server.
    pub fn run(contenders: &mut [Contender<'_>], pace: Pace, server: &Server) -> Self {
        let mut dice = SmallRng::seed_from_u64(4);
        // What was prepared is on the disk, caches are filled and statements prepared before it counts.
        server.execute(DATABASE, "CHECKPOINT");
        for contender in &mut *contenders {
            (contender.prepare)();
            contender.run(pace.slice * 2);
        }
        let mut rates = vec![Vec::with_capacity(pace.rounds); contenders.len()];
        // Where the log was before and after the last slice of each, and what was done in it.
        let mut logged = vec![(0.0, 0.0, 1); contenders.len()];
        for _ in 0..pace.rounds {
            // A random one begins, so that none always follows the same other.
            let first = dice.random_range(0..contenders.len());
            for turn in 0..contenders.len() {
                let index = (first + turn) % contenders.len();
                (contenders[index].prepare)();
                let before = server.log_position();
                let (rate, done) = contenders[index].run(pace.slice);
                rates[index].push(rate);
                logged[index] = (before, server.log_position(), done.max(1));
            }
        }
        let log = logged.iter().map(|(from, to, done)| server.log_between(*from, *to) / *done as f64).collect();
        let buffers: Vec<_> = contenders.iter_mut().map(|contender| contender.buffers(server)).collect();
        let names: Vec<_> = contenders.iter().map(|contender| contender.name).collect();
        let comparison = Self { names, rates, log, buffers };
        for name in &comparison.names {
            eprintln!("  {name}: {:.0} a second, {} each", comparison.rate(name), comparison.each(name));
        }
        comparison
    }

    /// The median rate of a contender.
    pub fn rate(&self, name: &str) -> f64 {
        median(&self.rates[self.index(name)])
    }

    /// The bytes of log that one operation of a contender writes, without the images of whole pages: the first change of a
    /// page after a checkpoint writes one, so how many there are depends on when it was.
    pub fn log_bytes(&self, name: &str) -> f64 {
        self.log[self.index(name)]
    }

    /// What one operation of a contender writes and reads, for people.
    fn each(&self, name: &str) -> String {
        let buffers = self.buffers[self.index(name)];
        let log = self.log_bytes(name);
        if log < 1.0 {
            format!("{buffers:.0} buffers")
        } else {
            format!("{buffers:.0} buffers and {log:.0} bytes of log")
        }
    }

    /// The rate of one contender over that of another: the median of the rounds, in each of which both had a turn, so that a
    /// machine that becomes slower or faster meanwhile changes both.
    pub fn ratio(&self, key: &'static str, name: &str, of: &str) -> Figure {
        let (some, all) = (&self.rates[self.index(name)], &self.rates[self.index(of)]);
        let rounds: Vec<_> = some.iter().zip(all).map(|(some, all)| some / all).collect();
        let spread = spread(&rounds);
        let (each, other) = (self.each(name), self.each(of));
        let note =
            format!("{} of {} a second; {each} of {other}; {spread}", rounded(median(some)), rounded(median(all)));
        Figure::new(key, median(&rounds)).note(note).rounds(rounds)
    }

    /// How many times as long one takes as another, the median of the rounds.
    pub fn growth(&self, key: &'static str, name: &str, from: &str) -> Figure {
        let [large, small] = [name, from].map(|name| 1e6 / self.rate(name));
        let [larges, smalls] = [name, from].map(|name| &self.rates[self.index(name)]);
        let rounds: Vec<_> = smalls.iter().zip(larges).map(|(small, large)| small / large).collect();
        let note = format!("{large:.0} µs from {small:.0} µs; {}", spread(&rounds));
        Figure::new(key, median(&rounds)).note(note).rounds(rounds)
    }

    fn index(&self, name: &str) -> usize {
        let index = self.names.iter().position(|known| *known == name);
        index.unwrap_or_else(|| panic!("{name} is no contender"))
    }
}

/// How far apart the rounds were: the quartiles of what each round gave.
fn spread(rounds: &[f64]) -> String {
    let mut each = rounds.to_vec();
    each.sort_by(f64::total_cmp);
    format!("half of the rounds between {:.2} and {:.2}", each[each.len() / 4], each[each.len() * 3 / 4])
}

/// The middle one, or the mean of the two in the middle.
pub fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[middle - 1], sorted[middle]) } else { sorted[middle] }
}

fn rounded(rate: f64) -> String {
    format!("{}", indicatif::HumanCount(rate.round() as u64))
}

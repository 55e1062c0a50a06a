//! A contest: every contender runs for a moment, again and again, in turn; its rate is the median of its runs.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use diesel::PgConnection;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use super::Figure;

type Act<'a> = Box<dyn Fn(&mut PgConnection, &mut SmallRng) + Sync + 'a>;

/// Something that is done as often as possible, on connections of its own.
pub struct Contender<'a> {
    name: &'static str,
    connections: Vec<(PgConnection, SmallRng)>,
    act: Act<'a>,
}

impl<'a> Contender<'a> {
    /// An act, and the connections that it is done on at once.
    pub fn new(
        name: &'static str,
        connections: impl IntoIterator<Item = PgConnection>,
        act: impl Fn(&mut PgConnection, &mut SmallRng) + Sync + 'a,
    ) -> Self {
        let connections = (0..).map(SmallRng::seed_from_u64).zip(connections).map(|(dice, conn)| (conn, dice));
        Self { name, connections: connections.collect(), act: Box::new(act) }
    }

    /// How often a second it is done, for a while.
    fn run(&mut self, slice: Duration) -> f64 {
        let start_line = Barrier::new(self.connections.len());
        let (start_line, act) = (&start_line, &self.act);
        std::thread::scope(|scope| {
            let runners: Vec<_> = self
                .connections
                .iter_mut()
                .map(|(conn, dice)| {
                    scope.spawn(move || {
                        start_line.wait();
                        let start = Instant::now();
                        let mut done = 0_u32;
                        while start.elapsed() < slice {
                            act(conn, dice);
                            done += 1;
                        }
                        f64::from(done) / start.elapsed().as_secs_f64()
                    })
                })
                .collect();
            runners.into_iter().map(|runner| runner.join().unwrap()).sum()
        })
    }
}

/// How long a contest takes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long a run is.
    pub slice: Duration,
    /// How often each contender runs.
    pub rounds: usize,
}

impl Pace {
    /// The pace of `make bench`, or of a look at it (`BENCH_QUICK`).
    pub fn usual() -> Self {
        if std::env::var_os("BENCH_QUICK").is_some() {
            Self { slice: Duration::from_millis(100), rounds: 5 }
        } else {
            Self { slice: Duration::from_millis(400), rounds: 15 }
        }
    }
}

/// What came of it.
pub struct Contest {
    names: Vec<&'static str>,
    /// The rates of each contender, round by round.
    rates: Vec<Vec<f64>>,
}

impl Contest {
    /// Lets the contenders take turns.
    pub fn hold(contenders: &mut [Contender<'_>], pace: Pace) -> Self {
        let mut dice = SmallRng::seed_from_u64(4);
        // Caches are filled and statements prepared before it counts.
        for contender in &mut *contenders {
            contender.run(pace.slice * 2);
        }
        let mut rates = vec![Vec::with_capacity(pace.rounds); contenders.len()];
        for _ in 0..pace.rounds {
            // Who begins changes, so that nobody always follows the same other.
            let first = dice.random_range(0..contenders.len());
            for turn in 0..contenders.len() {
                let index = (first + turn) % contenders.len();
                rates[index].push(contenders[index].run(pace.slice));
            }
        }
        let names: Vec<_> = contenders.iter().map(|contender| contender.name).collect();
        for (name, rates) in names.iter().zip(&rates) {
            eprintln!("  {name}: {:.0} a second", median(rates));
        }
        Self { names, rates }
    }

    /// The median rate of a contender.
    pub fn rate(&self, name: &str) -> f64 {
        median(self.of(name))
    }

    /// The rate of one as a part of another's.
    pub fn ratio(&self, key: &'static str, name: &str, of: &str) -> Figure {
        let [some, all] = [name, of].map(|name| self.of(name));
        let mut each: Vec<_> = some.iter().zip(all).map(|(some, all)| some / all).collect();
        each.sort_by(f64::total_cmp);
        let note = format!(
            "{} of {} a second; half of the rounds between {:.2} and {:.2}",
            rounded(median(some)),
            rounded(median(all)),
            each[each.len() / 4],
            each[each.len() * 3 / 4]
        );
        Figure::new(key, median(some) / median(all)).note(note)
    }

    /// How many times as long one takes as another.
    pub fn growth(&self, key: &'static str, name: &str, from: &str) -> Figure {
        let [large, small] = [name, from].map(|name| 1e6 / self.rate(name));
        let [larges, smalls] = [name, from].map(|name| self.of(name));
        let mut each: Vec<_> = smalls.iter().zip(larges).map(|(small, large)| small / large).collect();
        each.sort_by(f64::total_cmp);
        let note = format!(
            "{large:.0} µs from {small:.0} µs; half of the rounds between {:.2} and {:.2}",
            each[each.len() / 4],
            each[each.len() * 3 / 4]
        );
        Figure::new(key, large / small).note(note)
    }

    fn of(&self, name: &str) -> &[f64] {
        let index = self.names.iter().position(|known| *known == name);
        &self.rates[index.unwrap_or_else(|| panic!("{name} is no contender"))]
    }
}

/// The middle one, or what is between the two in the middle.
pub fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[middle - 1], sorted[middle]) } else { sorted[middle] }
}

fn rounded(rate: f64) -> String {
    format!("{}", indicatif::HumanCount(rate.round() as u64))
}

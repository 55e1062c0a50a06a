//! When what happens: decided before, so that a slow answer does not keep the next request from coming.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Exp};

use super::mix::MIX;

/// A request that will come.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// When, counted from the start.
    pub at: Duration,
    /// Which operation: its place in the mix.
    pub operation: usize,
}

/// Independent users: the time between two requests is exponentially distributed (a Poisson process).
pub fn arrivals(messages_a_second: f64, time: Duration) -> Vec<Arrival> {
    let operations: f64 = MIX.iter().map(|(_, _, share)| share).sum();
    let pause = Exp::new(messages_a_second * operations).unwrap();
    let mut dice = SmallRng::seed_from_u64(5);
    let mut at = Duration::ZERO;
    let mut arrivals = Vec::new();
    loop {
        at += Duration::from_secs_f64(pause.sample(&mut dice));
        if at >= time {
            return arrivals;
        }
        let mut drawn = dice.random_range(0.0..operations);
        let operation = MIX.iter().position(|(_, _, share)| {
            drawn -= share;
            drawn < 0.0
        });
        arrivals.push(Arrival { at, operation: operation.unwrap_or_default() });
    }
}

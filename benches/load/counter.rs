//! What is written down of every operation: how long it took from the moment at which it was due, and in which second.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::mix::MIX;

/// What one thread, or all of them, have done.
pub struct Counter {
    /// The latencies of each operation, in microseconds.
    pub operations: Vec<Histogram<u64>>,
    /// The latencies of sending, second by second.
    pub sends: Vec<Histogram<u64>>,
    /// How many of each operation were done in each second.
    pub done: Vec<[u32; MIX.len()]>,
    /// What went wrong, and how often.
    pub errors: std::collections::BTreeMap<String, u64>,
}

impl Counter {
    /// Nothing yet.
    pub fn new(seconds: usize) -> Self {
        // Up to ten minutes.
        let histogram = || Histogram::new_with_bounds(1, 600_000_000, 3).unwrap();
        Self {
            operations: MIX.iter().map(|_| histogram()).collect(),
            sends: (0..seconds).map(|_| histogram()).collect(),
            done: vec![[0; MIX.len()]; seconds],
            errors: std::collections::BTreeMap::new(),
        }
    }

    /// An operation that was due at `due` and done at `done`.
    pub fn done(&mut self, operation: usize, due: Duration, done: Duration) {
        let micros = done.saturating_sub(due).as_micros() as u64;
        self.operations[operation].saturating_record(micros);
        if operation == 0
            && let Some(second) = self.sends.get_mut(due.as_secs() as usize)
        {
            second.saturating_record(micros);
        }
        if let Some(second) = self.done.get_mut(done.as_secs() as usize) {
            second[operation] += 1;
        }
    }

    /// An operation that failed.
    pub fn failed(&mut self, operation: usize, error: &dyn std::error::Error) {
        *self.errors.entry(format!("{}: {error}", MIX[operation].1)).or_default() += 1;
    }

    /// Adds what another has.
    pub fn add(&mut self, other: &Self) {
        for (ours, theirs) in [(&mut self.operations, &other.operations), (&mut self.sends, &other.sends)] {
            for (ours, theirs) in ours.iter_mut().zip(theirs) {
                ours.add(theirs).unwrap();
            }
        }
        for (ours, theirs) in self.done.iter_mut().zip(&other.done) {
            for (ours, theirs) in ours.iter_mut().zip(theirs) {
                *ours += theirs;
            }
        }
        for (error, count) in &other.errors {
            *self.errors.entry(error.clone()).or_default() += count;
        }
    }

    /// How many operations failed.
    pub fn failures(&self) -> u64 {
        self.errors.values().sum()
    }
}

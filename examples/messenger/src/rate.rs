//! Limits how often something is done: a bucket that fills again with time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A bucket of `capacity` tokens, of which `per_second` come back.
#[derive(Debug)]
pub struct Bucket {
    tokens: f64,
    capacity: f64,
    per_second: f64,
    at: Instant,
}

impl Bucket {
    /// A full one.
    pub fn new(capacity: f64, per_second: f64) -> Self {
        Self { tokens: capacity, capacity, per_second, at: Instant::now() }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self) -> bool {
        self.take_at(Instant::now())
    }

    fn take_at(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.tokens = (self.tokens + passed * self.per_second).min(self.capacity);
        let taken = self.tokens >= 1.0;
        if taken {
            self.tokens -= 1.0;
        }
        taken
    }

    fn is_full(&self) -> bool {
        self.at.elapsed().as_secs_f64() * self.per_second >= self.capacity
    }
}

/// A bucket for each key, such as an address.
#[derive(Debug)]
pub struct Limits<K> {
    buckets: Mutex<HashMap<K, Bucket>>,
    per_minute: f64,
}

/// How many keys are kept before those are forgotten that have not been seen for long.
const KEYS: usize = 10_000;

impl<K: Eq + Hash> Limits<K> {
    /// So many a minute for each key.
    pub fn per_minute(number: u32) -> Self {
        Self { buckets: Mutex::default(), per_minute: f64::from(number) }
    }

    /// Whether the key may, this once.
    pub fn take(&self, key: K) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEYS {
            buckets.retain(|_, bucket| !bucket.is_full());
        }
        buckets.entry(key).or_insert_with(|| Bucket::new(self.per_minute, self.per_minute / 60.0)).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_taken_comes_back_with_time_and_never_more() {
        let start = Instant::now();
        let mut bucket = Bucket::new(2.0, 1.0);
        assert!(bucket.take_at(start) && bucket.take_at(start));
        assert!(!bucket.take_at(start));
        assert!(bucket.take_at(start + Duration::from_secs(1)));
        assert!(!bucket.take_at(start + Duration::from_secs(1)));
        let later = start + Duration::from_secs(1_000);
        assert!(bucket.take_at(later) && bucket.take_at(later));
        assert!(!bucket.take_at(later));
    }

    #[test]
    fn one_key_does_not_use_up_the_tokens_of_another() {
        let limits = Limits::per_minute(1);
        assert!(limits.take("one"));
        assert!(!limits.take("one"));
        assert!(limits.take("other"));
    }
}

//! Retry policy for locks: a migration that does not get its lock in time steps back, waits, and tries again.

use std::thread;
use std::time::{Duration, Instant};

use crate::migrate::error::Error;
use crate::migrate::model::blocker::Blocker;
use crate::migrate::observer::{Event, Observer};
use crate::migrate::session::lock_monitor::{LockMonitor, is_for_a_lock};
use crate::migrate::session::pool::Pool;
use crate::migrate::sql::libpq::Connection;

/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How often something is tried, and from which session it is watched.
pub(crate) struct RetryPolicy<'a> {
    monitor_session: &'a mut Connection,
    limit: Duration,
    retries: usize,
}

impl<'a> RetryPolicy<'a> {
    /// As the pool's options say.
    pub(crate) const fn new(pool: &Pool, monitor_session: &'a mut Connection) -> Self {
        Self { monitor_session, limit: pool.lock_timeout(), retries: pool.lock_retries() }
    }

    /// The time that all attempts and the pauses between them take, when each waits for as long as it may.
    fn budget(&self) -> Duration {
        let (mut budget, mut pause) = (self.limit, self.limit);
        for _ in 0..self.retries.min(10_000) {
            budget = budget.saturating_add(self.limit).saturating_add(pause.min(LONGEST_PAUSE));
            pause = pause.saturating_mul(2);
        }
        budget
    }

    /// Makes the attempt, again after a pause when a lock could not be acquired. What is attempted must change nothing when
    /// it fails so, or bear being begun anew.
    ///
    /// The pauses begin with the lock timeout and double, each cut by up to half at random, for two that stand in each
    /// other's way not to meet again. Before each attempt the observer is asked whether to stop: `done` and `planned` say how many
    /// migrations are done then, and how many were to be.
    ///
    /// An attempt that made others wait for longer than the lock timeout is the last: the next would do so again.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] when the observer wants to stop; that of the attempt; [`Error::Blocked`] around it when it was the
    /// last, and a lock that failed it.
    pub(crate) fn attempt<T>(
        &mut self,
        observer: &mut dyn Observer,
        (done, planned): (usize, usize),
        mut attempt: impl FnMut(&mut LockMonitor<'_>, &mut dyn Observer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut known: Option<Blocker> = None;
        let mut pause = self.limit;
        let mut attempts = 0;
        loop {
            observer.stop_if_wanted(done, planned)?;
            attempts += 1;
            let mut monitor = LockMonitor::new(self.monitor_session, self.limit, self.budget());
            let error = match attempt(&mut monitor, observer) {
                Ok(done) => return Ok(done),
                Err(error) => monitor.explain(error),
            };
            if !is_for_a_lock(&error) {
                return Err(error);
            }
            known = monitor.blocker.take().or(known);
            let held = monitor.held_too_long();
            if attempts > self.retries || held.is_some() || monitor.is_spent() {
                // Reading the history has told already who has it.
                let (named, source) = match error {
                    Error::Blocked { blocker, source, .. } => (blocker, source),
                    error => (None, Box::new(error)),
                };
                return Err(Error::Blocked { blocker: known.or(named), attempts, held, source });
            }
            let cut = jittered(pause.min(LONGEST_PAUSE));
            let left = self.retries + 1 - attempts;
            if !observer.wants_to_stop() {
                observer.on(&Event::SteppedBack { blocker: known.as_ref(), pause: cut, left });
                rest(cut, observer);
            }
            pause = pause.saturating_mul(2);
        }
    }
}

/// Between half of it and all of it.
fn jittered(pause: Duration) -> Duration {
    let mut random = [u8::MAX];
    // Without random numbers there is no jitter, which is bearable.
    let _ = getrandom::fill(&mut random);
    pause / 2 + pause / 2 * u32::from(random[0]) / u32::from(u8::MAX)
}

fn rest(pause: Duration, observer: &dyn Observer) {
    let end = Instant::now() + pause;
    while !observer.wants_to_stop() {
        let remaining = end.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            return;
        }
        thread::sleep(remaining.min(Duration::from_millis(100)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::jittered;

    #[test]
    fn a_pause_is_cut_by_at_most_half_and_not_always_by_the_same() {
        let pauses: Vec<_> = (0..64).map(|_| jittered(Duration::from_secs(2))).collect();
        assert!(pauses.iter().all(|pause| (Duration::from_secs(1)..=Duration::from_secs(2)).contains(pause)));
        assert!(pauses.windows(2).any(|pair| pair.first() != pair.last()));
    }
}

//! Waits for what another process does, with a deadline: the only place where a test waits by the clock.

use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine, shorter than a person waits for a test that hangs.
pub const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Looks until it holds.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONGEST_WAIT;
    while !holds() {
        assert!(Instant::now() < deadline, "still not so after {} s: {what}", LONGEST_WAIT.as_secs());
        thread::park_timeout(Duration::from_millis(10));
    }
}

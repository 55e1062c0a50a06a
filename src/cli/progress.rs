//! What a terminal shows of long work: how far it is, and an estimate of the rest.

use std::fmt;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressState};

/// How far something is that takes long.
pub struct Progress {
    /// What is done, such as `messages`.
    pub what: &'static str,
    /// How much of it.
    pub done: u64,
    /// How much there is to do.
    pub total: u64,
    /// How far it is, in words.
    pub note: String,
}

/// `, 5s left`, once something is done to estimate it by.
pub fn left(state: &ProgressState, text: &mut dyn fmt::Write) {
    let is_known = state.pos() > 0 && state.eta() >= Duration::from_secs(1);
    if is_known {
        // A bar without it is a bar.
        let _ = write!(text, ", {:#} left", HumanDuration(state.eta()));
    }
}

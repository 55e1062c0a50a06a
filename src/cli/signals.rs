//! Decides what SIGINT and SIGTERM do: the first stops before the next migration, the second at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether a signal has come.
#[derive(Debug, Clone, Default)]
pub struct Signals(Arc<AtomicBool>);

impl Signals {
    /// Begins to listen. Where the system refuses, signals keep killing the process, which loses nothing either:
    /// the server rolls back what was not committed.
    pub fn listen() -> Self {
        let signals = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // In this order: a signal that finds the flag set ends the process, the one that sets it does not.
            let _ = flag::register_conditional_default(signal, Arc::clone(&signals.0));
            let _ = flag::register(signal, Arc::clone(&signals.0));
        }
        signals
    }

    /// Whether one has come.
    pub fn received(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

//! Handles SIGINT and SIGTERM: the first stops before the next migration, the second at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator;

/// Whether a signal has come.
#[derive(Debug, Clone, Default)]
pub struct Signals(Arc<AtomicBool>);

impl Signals {
    /// Begins to listen; `tell` is called when the first signal comes, on a thread of its own. Where the system
    /// refuses, signals keep killing the process, which loses nothing either: the server rolls back what was not
    /// committed.
    ///
    /// A signal that whoever started us has ignored, as `nohup` does and a shell for what it runs in the background,
    /// stays ignored.
    pub fn listen(tell: impl FnOnce() + Send + 'static) -> Self {
        let signals = Self::default();
        let ignored = ignored();
        let heard: Vec<_> = [SIGINT, SIGTERM].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0).collect();
        for signal in &heard {
            // In this order: a signal that finds the flag set ends the process, the one that sets it does not.
            let _ = flag::register_conditional_default(*signal, Arc::clone(&signals.0));
            let _ = flag::register(*signal, Arc::clone(&signals.0));
        }
        if let Ok(mut first) = iterator::Signals::new(&heard) {
            thread::spawn(move || first.forever().next().map(|_| tell()));
        }
        signals
    }

    /// Whether one has come.
    pub fn received(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Has the next signal end the process, as if nobody listened. Whether none has come before.
    pub fn stop_listening(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}

/// The signals that were ignored when this process began, a bit each, where the system tells.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

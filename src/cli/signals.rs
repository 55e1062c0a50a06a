//! Handles SIGINT and SIGTERM: the first stops before the next migration, the second at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator;
use signal_hook::low_level::emulate_default_handler;

/// What has come so far.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    first: Arc<AtomicBool>,
    /// Whether the next signal ends the process.
    last: Arc<AtomicBool>,
}

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
        let heard = [SIGINT, SIGTERM].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
        let Ok(mut received) = iterator::Signals::new(&[] as &[i32]) else { return signals };
        for signal in heard {
            // In this order: the thread must not have set what the first signal's own handler has yet to look at.
            let _ = flag::register_conditional_default(signal, Arc::clone(&signals.last));
            let _ = flag::register(signal, Arc::clone(&signals.first));
            let _ = received.add_signal(signal);
        }
        let last = Arc::clone(&signals.last);
        // Handlers of two signals can run at the same time on two threads, and neither would be the second. This thread
        // takes them in turn.
        thread::spawn(move || {
            let mut tell = Some(tell);
            for signal in received.forever() {
                if last.swap(true, Ordering::SeqCst) {
                    let _ = emulate_default_handler(signal);
                }
                // On a thread of its own: a terminal that takes no output must not delay the second signal.
                tell.take().map(thread::spawn);
            }
        });
        signals
    }

    /// Whether one has come.
    pub fn received(&self) -> bool {
        self.first.load(Ordering::SeqCst)
    }

    /// Has the next signal end the process, as if nobody listened. Whether none has come before.
    pub fn stop_listening(&self) -> bool {
        self.last.store(true, Ordering::SeqCst);
        !self.received()
    }
}

/// The signals that were ignored when this process began, a bit each, where the system tells.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

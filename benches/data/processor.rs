//! How long the processes of a server have had a processor. Linux only, and only of a server on this machine.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// What `/proc` counts in, on every Linux that PostgreSQL runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// What the server with this main process has used so far, with the processes that it started and those of them that ended.
/// `None` where `/proc` does not tell.
pub fn time_of(server: u32) -> Option<Duration> {
    let server_process = Path::new("/proc").join(server.to_string());
    let mut used = run(&server_process)?;
    // Of those that ended, in user and system mode.
    let ended = [13, 14].map(|field| stat(&server_process).and_then(|fields| fields.get(field)?.parse::<f64>().ok()));
    let ended: f64 = ended.into_iter().map(Option::unwrap_or_default).sum();
    used += Duration::from_secs_f64(ended / TICKS_A_SECOND);
    for process in fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path()) {
        let parent = stat(&process).and_then(|fields| fields.get(1)?.parse::<u32>().ok());
        if parent == Some(server) {
            // One that has just ended is counted above the next time.
            used += run(&process).unwrap_or_default();
        }
    }
    Some(used)
}

/// The fields of `/proc/PID/stat` after the name, which may have spaces: the state first, then the parent.
fn stat(process: &Path) -> Option<Vec<String>> {
    let text = fs::read_to_string(process.join("stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// How long a process has run, by the scheduler's count in nanoseconds.
fn run(process: &Path) -> Option<Duration> {
    let text = fs::read_to_string(process.join("schedstat")).ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

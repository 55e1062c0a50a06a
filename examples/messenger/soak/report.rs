//! What is counted while the soak runs, printed in the end, and written for `make report` to draw.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Failed;
use crate::arguments::Arguments;
use crate::compare::Wrong;

#[derive(Default)]
pub struct Report {
    online: AtomicI64,
    written: AtomicU64,
    skipped: AtomicU64,
    away: AtomicU64,
    pages: AtomicU64,
    heard: AtomicU64,
    failures: Mutex<Vec<String>>,
    /// In microseconds, of each second since the first message was due.
    latencies: Mutex<Vec<Vec<u32>>>,
    /// How many messages were written in each second.
    writes: Mutex<Vec<u64>>,
    /// How many devices were online at the end of each second.
    devices: Mutex<Vec<i64>>,
    begun: OnceLock<Instant>,
}

/// A lock; who panicked while holding it has counted one thing less.
fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What belongs to a second, which is made where it is not there yet.
fn at<T: Clone + Default>(seconds: &mut Vec<T>, second: usize) -> Option<&mut T> {
    if seconds.len() <= second {
        seconds.resize(second + 1, T::default());
    }
    seconds.get_mut(second)
}

impl Report {
    /// The seconds are counted from here on.
    pub fn begin(&self) {
        let _ = self.begun.set(Instant::now());
    }

    pub fn second(&self) -> usize {
        self.begun.get().map_or(0, |begun| usize::try_from(begun.elapsed().as_secs()).unwrap_or(usize::MAX))
    }

    /// Notes how many devices are online, once in each second.
    pub fn look(&self) {
        let mut devices = locked(&self.devices);
        if devices.len() < self.second() {
            devices.push(self.online.load(Ordering::Relaxed));
        }
    }

    pub fn come_online(&self) {
        self.online.fetch_add(1, Ordering::Relaxed);
    }

    pub fn gone_offline(&self) {
        self.online.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn count_written(&self) {
        self.written.fetch_add(1, Ordering::Relaxed);
        if let Some(writes) = at(&mut locked(&self.writes), self.second()) {
            *writes += 1;
        }
    }

    pub fn count_skipped(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub fn count_away(&self) {
        self.away.fetch_add(1, Ordering::Relaxed);
    }

    pub fn count_page(&self) {
        self.pages.fetch_add(1, Ordering::Relaxed);
    }

    pub fn heard(&self) {
        self.heard.fetch_add(1, Ordering::Relaxed);
    }

    pub fn failed(&self, error: &(dyn std::error::Error + Send + Sync)) {
        locked(&self.failures).push(error.to_string());
    }

    pub fn delivered(&self, latency: Duration) {
        let micros = u32::try_from(latency.as_micros()).unwrap_or(u32::MAX);
        if let Some(second) = at(&mut locked(&self.latencies), self.second()) {
            second.push(micros);
        }
    }

    /// Waits until all devices are there.
    pub async fn wait_until_online(&self, devices: usize, timeout: Duration) -> Result<(), Failed> {
        let start = Instant::now();
        while self.online.load(Ordering::Relaxed) < i64::try_from(devices)? {
            if start.elapsed() > timeout {
                return Err(format!(
                    "only {} devices came online: {:?}",
                    self.online.load(Ordering::Relaxed),
                    self.failures
                )
                .into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Waits until all devices are there, and none has heard anything for two seconds.
    pub async fn settle(&self, devices: usize, timeout: Duration) {
        let (start, mut last, mut quiet) = (Instant::now(), u64::MAX, Instant::now());
        while start.elapsed() < timeout {
            let heard = self.heard.load(Ordering::Relaxed);
            let all = self.online.load(Ordering::Relaxed) == i64::try_from(devices).unwrap_or(i64::MAX);
            if heard != last || !all {
                (last, quiet) = (heard, Instant::now());
            }
            if quiet.elapsed() > Duration::from_secs(2) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The deliveries since a second, the quickest first, in microseconds, and how many failures there were in all.
    pub fn since(&self, second: usize) -> (Vec<u32>, usize) {
        let mut latencies = locked(&self.latencies).get(second..).unwrap_or_default().concat();
        latencies.sort_unstable();
        (latencies, locked(&self.failures).len())
    }

    /// Prints everything, and writes it where the arguments say; says whether all was right. While the rate was raised it
    /// breaks in the end, and what counts is that every device has everything.
    pub fn tell(&self, arguments: &Arguments, wrong: &Wrong) -> Result<bool, Failed> {
        let mut latencies = locked(&self.latencies).concat();
        latencies.sort_unstable();
        let failures = locked(&self.failures);
        let at = |share| percentile(&latencies, share).unwrap_or_default();
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        println!(
            "{} users, {} devices, {} servers, {} operations a second {} {} s",
            arguments.users,
            arguments.devices,
            arguments.servers.len(),
            arguments.rate,
            if arguments.raise { "and more, each rate for" } else { "for" },
            arguments.seconds
        );
        println!("written {}, not written because the device was away {}", of(&self.written), of(&self.skipped));
        println!("went away and came back {} times, {} pages of changes", of(&self.away), of(&self.pages));
        println!(
            "deliveries to online devices {}: half within {:.1} ms, 99 of 100 within {:.1} ms, 999 of 1000 within {:.1} ms",
            latencies.len(),
            at(500),
            at(990),
            at(999)
        );
        println!("failures {}", failures.len());
        for failure in failures.iter().take(5) {
            println!("  {failure}");
        }
        println!(
            "compared {} devices with {} messages in all: {} devices wrong",
            wrong.devices, wrong.messages, wrong.wrong
        );
        for example in &wrong.examples {
            println!("  {example}");
        }
        let is_right = wrong.wrong == 0 && !latencies.is_empty() && (arguments.raise || failures.is_empty());
        if let Some(file) = &arguments.summary {
            let summary = json!({
                "taken_at": chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "users": arguments.users, "devices": arguments.devices, "servers": arguments.servers.len(),
                "rate": arguments.rate, "seconds": arguments.seconds,
                "written": of(&self.written), "deliveries": latencies.len(),
                "p50_ms": at(500), "p99_ms": at(990), "p99_9_ms": at(999),
                "failures": &*failures, "devices_compared": wrong.devices, "devices_wrong": wrong.wrong, "met": is_right,
                "each_second": self.each_second(),
                "online": { "name": "online", "values": &*locked(&self.devices) },
            });
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(file, serde_json::to_string_pretty(&summary)? + "\n")?;
            println!("{}", file.display());
        }
        Ok(is_right)
    }

    /// Throughput and latencies, second by second.
    fn each_second(&self) -> Value {
        let mut latencies = locked(&self.latencies).clone();
        latencies.iter_mut().for_each(|second| second.sort_unstable());
        let deliveries: Vec<_> = latencies.iter().map(Vec::len).collect();
        let of = |share| latencies.iter().map(|second| percentile(second, share)).collect::<Vec<_>>();
        json!({
            "counts": [
                { "name": "messages written", "values": &*locked(&self.writes) },
                { "name": "deliveries to devices", "values": deliveries },
            ],
            "latency_ms": [
                { "name": "p50", "values": of(500) },
                { "name": "p99", "values": of(990) },
                { "name": "p99.9", "values": of(999) },
            ],
        })
    }
}

/// The value that so many of a thousand are not above, in milliseconds. `None`: there is none.
pub fn percentile(sorted: &[u32], share: usize) -> Option<f64> {
    let index = (sorted.len() * share / 1_000).min(sorted.len().checked_sub(1)?);
    sorted.get(index).map(|micros| f64::from(*micros) / 1_000.0)
}

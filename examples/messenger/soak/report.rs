//! What is counted while the soak runs, and printed in the end.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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
    latencies: Mutex<Vec<u32>>,
}

impl Report {
    pub fn come_online(&self) {
        self.online.fetch_add(1, Ordering::Relaxed);
    }

    pub fn gone_offline(&self) {
        self.online.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn count_written(&self) {
        self.written.fetch_add(1, Ordering::Relaxed);
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
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(error.to_string());
    }

    pub fn delivered(&self, latency: Duration) {
        let micros = u32::try_from(latency.as_micros()).unwrap_or(u32::MAX);
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).push(micros);
    }

    /// Waits until all devices are there.
    pub async fn wait_until_online(&self, devices: usize, patience: Duration) -> Result<(), Failed> {
        let start = Instant::now();
        while self.online.load(Ordering::Relaxed) < i64::try_from(devices)? {
            if start.elapsed() > patience {
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
    pub async fn settle(&self, devices: usize, patience: Duration) {
        let (start, mut last, mut quiet) = (Instant::now(), u64::MAX, Instant::now());
        while start.elapsed() < patience {
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

    /// Prints everything; says whether all was right.
    pub fn print(&self, arguments: &Arguments, wrong: &Wrong) -> bool {
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        latencies.sort_unstable();
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let at = |share: usize| {
            let index = (latencies.len() * share / 1_000).min(latencies.len().saturating_sub(1));
            f64::from(latencies.get(index).copied().unwrap_or_default()) / 1_000.0
        };
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        println!(
            "{} users, {} devices, {} servers, {} operations a second for {} s",
            arguments.users,
            arguments.devices,
            arguments.servers.len(),
            arguments.rate,
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
        wrong.wrong == 0 && failures.is_empty() && !latencies.is_empty()
    }
}

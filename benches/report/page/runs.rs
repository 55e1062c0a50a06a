//! The sections of `make load` and the soak: throughput and percentiles, second by second.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::Deserialize;

use super::lines::{self, Series};
use super::{number, table};

/// What was counted and measured in each second.
#[derive(Debug, Deserialize)]
struct Seconds {
    counts: Vec<Series>,
    latency_ms: Vec<Series>,
}

/// What `make load` has left.
#[derive(Debug, Deserialize)]
pub struct Load {
    postgresql: String,
    taken_at: String,
    users: usize,
    rate: u64,
    seconds: u64,
    goal_p99_ms: f64,
    met: bool,
    errors: BTreeMap<String, u64>,
    operations: Vec<Operation>,
    each_second: Seconds,
}

#[derive(Debug, Deserialize)]
struct Operation {
    #[serde(rename = "operation")]
    name: String,
    due_per_second: f64,
    done_per_second: f64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    p99_9_ms: f64,
    max_ms: f64,
}

/// What the soak has left.
#[derive(Debug, Deserialize)]
pub struct Soak {
    taken_at: String,
    users: usize,
    devices: usize,
    servers: usize,
    rate: u64,
    seconds: u64,
    written: u64,
    deliveries: u64,
    p50_ms: f64,
    p99_ms: f64,
    p99_9_ms: f64,
    failures: Vec<String>,
    devices_compared: usize,
    devices_wrong: usize,
    met: bool,
    each_second: Seconds,
    online: Series,
}

/// The section of `make load`.
pub fn load(of: &Load) -> Markup {
    let rows: Vec<_> = of
        .operations
        .iter()
        .map(|operation| {
            let numbers = [
                operation.due_per_second,
                operation.done_per_second,
                operation.p50_ms,
                operation.p95_ms,
                operation.p99_ms,
                operation.p99_9_ms,
                operation.max_ms,
            ];
            std::iter::once(operation.name.clone()).chain(numbers.map(number)).collect()
        })
        .collect();
    html! {
        p {
            (number(of.rate as f64)) " messages a second for " (of.seconds) " s by " (of.users) " users, taken at " (of.taken_at)
            " with PostgreSQL " (of.postgresql) ". The goal, a 99th percentile of sending under " (of.goal_p99_ms)
            " ms and no error, is " (verdict(of.met))
        }
        @if !of.errors.is_empty() {
            ul { @for (error, count) in &of.errors { li class="bad" { (count) " × " (error) } } }
        }
        (lines::plot("Throughput", "operations done in each second", false, &of.each_second.counts))
        (lines::plot("How long sending took, from the moment at which it was due", "ms", true, &of.each_second.latency_ms))
        (table(
            "Operations",
            &["operation", "due a second", "done a second", "p50 ms", "p95 ms", "p99 ms", "p99.9 ms", "longest ms"],
            &rows,
        ))
    }
}

/// The section of the soak.
pub fn soak(of: &Soak) -> Markup {
    let deliveries = vec![
        "deliveries".to_owned(),
        number(of.deliveries as f64),
        number(of.p50_ms),
        number(of.p99_ms),
        number(of.p99_9_ms),
    ];
    html! {
        p {
            (of.users) " users with " (of.devices) " devices on " (of.servers) " servers, " (of.rate) " messages a second for " (of.seconds)
            " s, taken at " (of.taken_at) ". " (number(of.written as f64)) " messages were written. " (of.devices_compared)
            " devices were compared with a fresh download, " (of.devices_wrong) " were wrong, " (of.failures.len())
            " failures: no device wrong and no failure is " (verdict(of.met))
        }
        @if !of.failures.is_empty() { ul { @for failure in &of.failures { li class="bad" { (failure) } } } }
        (lines::plot("Throughput", "in each second", false, &of.each_second.counts))
        (lines::plot("How long a message took from the moment at which it was due to a device", "ms", true, &of.each_second.latency_ms))
        (lines::plot("Devices", "at the end of each second", false, std::slice::from_ref(&of.online)))
        (table("Deliveries to devices that were online", &["what", "count", "p50 ms", "p99 ms", "p99.9 ms"], &[deliveries]))
    }
}

fn verdict(is_met: bool) -> Markup {
    html! { @if is_met { strong class="good" { "met" } "." } @else { strong class="bad" { "missed" } "." } }
}

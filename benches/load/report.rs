//! What is said of a run: a table, `target/load/summary.json`, which `make report` draws, and one line that sums it up.

use std::fs;
use std::path::{Path, PathBuf};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::counter::Counter;
use super::mix::MIX;

/// What is told of the latencies.
pub const PERCENTILES: [(&str, f64); 4] = [("p50", 50.0), ("p95", 95.0), ("p99", 99.0), ("p99.9", 99.9)];

/// What the 99th percentile of sending should be less than, in milliseconds.
const GOAL: f64 = 50.0;

/// A run that is over.
pub struct Run {
    /// How many messages a second were due.
    pub rate: u64,
    /// For how long.
    pub seconds: u64,
    /// Of how many users.
    pub users: usize,
    /// On which PostgreSQL.
    pub server: String,
    /// What came of it.
    pub counter: Counter,
}

impl Run {
    /// Says it.
    pub fn report(&self) {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(["operation", "a second", "p50 ms", "p95 ms", "p99 ms", "p99.9 ms", "longest ms"]);
        for (number, (_, name, _)) in MIX.iter().enumerate() {
            let (rate, latencies, longest) = self.operation(number);
            let mut row = vec![(*name).to_owned(), format!("{rate:.1}")];
            row.extend(latencies.iter().chain([&longest]).map(|millis| format!("{millis:.2}")));
            table.add_row(row);
        }
        for column in 1..7 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        println!("{table}");
        for (error, count) in &self.counter.errors {
            println!("{count} × {error}");
        }

        let file = output().join("summary.json");
        fs::write(&file, serde_json::to_string_pretty(&self.json()).unwrap() + "\n").unwrap();
        println!("{}", file.display());

        let (rate, latencies, _) = self.operation(0);
        println!(
            "{rate:.0} messages a second for {} s by {} users, {:.0} operations a second in all: sending took {:.1} ms (p50), \
             {:.1} ms (p99), {:.1} ms (p99.9); {} errors; goal (p99 under {GOAL:.0} ms, no error) {}",
            self.seconds,
            self.users,
            self.counter.operations.iter().map(|operation| operation.len() as f64).sum::<f64>() / self.seconds as f64,
            latencies[0],
            latencies[2],
            latencies[3],
            self.counter.failures(),
            if self.is_met() { "met" } else { "MISSED" }
        );
    }

    /// The rate of an operation, its percentiles and its longest, in milliseconds.
    pub fn operation(&self, number: usize) -> (f64, [f64; 4], f64) {
        let latencies = &self.counter.operations[number];
        let percentiles = PERCENTILES.map(|(_, percentile)| millis(latencies.value_at_percentile(percentile)));
        (latencies.len() as f64 / self.seconds as f64, percentiles, millis(latencies.max()))
    }

    fn is_met(&self) -> bool {
        self.counter.failures() == 0 && self.operation(0).1[2] < GOAL
    }

    fn json(&self) -> Value {
        let operations: Vec<_> = MIX
            .iter()
            .enumerate()
            .map(|(number, (_, name, share))| {
                let (rate, [p50, p95, p99, p999], longest) = self.operation(number);
                json!({
                    "operation": name, "due_per_second": share * self.rate as f64, "done_per_second": rate,
                    "p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "p99_9_ms": p999, "max_ms": longest,
                })
            })
            .collect();
        json!({
            "postgresql": self.server, "taken_at": chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            "users": self.users, "rate": self.rate, "seconds": self.seconds, "errors": self.counter.errors,
            "goal_p99_ms": GOAL, "met": self.is_met(), "operations": operations,
            "each_second": { "counts": self.counts(), "latency_ms": self.latencies() },
        })
    }

    /// How many operations were done in each second, of a few kinds.
    fn counts(&self) -> Vec<Value> {
        let of = |name: &str, operations: &[usize]| {
            let values: Vec<u32> = self
                .counter
                .done
                .iter()
                .map(|done| operations.iter().map(|operation| done[*operation]).sum())
                .collect();
            json!({ "name": name, "values": values })
        };
        let all: Vec<_> = (0..MIX.len()).collect();
        vec![of("all", &all), of("messages sent", &[0]), of("receipts", &[1, 2]), of("pages of history", &[3, 4, 5])]
    }

    /// How long sending took in each second in which something was sent.
    fn latencies(&self) -> Vec<Value> {
        let of = |(name, percentile): (&str, f64)| {
            let seconds = self.counter.sends.iter();
            let values: Vec<_> =
                seconds.map(|of| (!of.is_empty()).then(|| millis(of.value_at_percentile(percentile)))).collect();
            json!({ "name": name, "values": values })
        };
        PERCENTILES.map(of).to_vec()
    }
}

/// Microseconds as milliseconds.
pub fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

fn output() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new("target").to_owned(), PathBuf::from);
    let folder = target.join("load");
    fs::create_dir_all(&folder).unwrap();
    folder
}

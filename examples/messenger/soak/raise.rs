//! Raises the rate step by step until a bound breaks, and says what was busy at each.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use crate::arguments::Arguments;
use crate::device::Order;
use crate::give_out;
use crate::processors::{self, Spent};
use crate::report::{Report, percentile};

/// Within how many milliseconds 99 of 100 deliveries to online devices have to be there.
const BOUND: f64 = 200.0;

/// Begins at the rate of the arguments. Each step is a quarter faster, until fewer than 99 of 100 messages are there within
/// 200 ms, or anything fails.
pub async fn until_it_breaks(arguments: &Arguments, orders: &[UnboundedSender<Order>], report: &Report) {
    let (mut rate, mut carried) = (arguments.rate.max(1), None);
    let (_, mut failed) = report.since(usize::MAX);
    loop {
        let (first, before, start) = (report.second(), processors::spent(), Instant::now());
        give_out(orders, rate, arguments.seconds, report).await;
        let busy = busy(&before, &processors::spent(), start.elapsed());
        // What was due last is there by now, or is late.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (latencies, failures) = report.since(first);
        let of = |share| percentile(&latencies, share).unwrap_or_default();
        let late = of(990);
        println!(
            "{rate} operations a second: {} deliveries, half within {:.1} ms, 99 of 100 within {late:.1} ms, {} failures; {busy}",
            latencies.len(),
            of(500),
            failures - failed,
        );
        if late > BOUND || failures > failed || latencies.is_empty() {
            match carried {
                Some(carried) => println!("carries {carried} operations a second"),
                None => println!("does not carry {rate} operations a second"),
            }
            return;
        }
        (carried, failed) = (Some(rate), failures);
        rate += (rate / 4).max(1);
    }
}

/// How many processors each kind of process kept busy.
fn busy(before: &Spent, after: &Spent, took: Duration) -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let share = |name: &str| {
        let spent = after.get(name).copied().unwrap_or_default() - before.get(name).copied().unwrap_or_default();
        // A process that ended takes what it spent with it.
        spent.max(0.0) / took.as_secs_f64()
    };
    format!(
        "of {processors} processors, PostgreSQL had {:.2}, the servers {:.2}, the bots {:.2}",
        share("postgres"),
        share("messenger"),
        share("soak")
    )
}

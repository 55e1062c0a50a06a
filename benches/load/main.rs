//! `make load`: a thousand users who do not wait for each other, and how long each of them waits.
//!
//! `RATE` is how many messages a second are sent, everything else in proportion (`mix.rs`); `SECONDS` how long.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "numbers here are small"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on should say so at once"
)]

mod backend;
mod counter;
mod mix;
mod people;
mod report;
mod schedule;

#[path = "../data/mod.rs"]
#[allow(dead_code, reason = "each bench stages what it needs")]
mod data;

use std::time::Duration;

use data::{Database, Server, Size, Words};
use people::People;

fn main() {
    let rate = number("RATE", 1_000);
    let seconds = number("SECONDS", 60);
    let server = Server::start();
    let words = Words::new();
    let database = Database::create(&server, "load", Size::LOAD, &words);
    let people = People::new(&database.world, &words);
    let pools = backend::pools(&database.url);

    // Statements are prepared and caches filled before it counts.
    let warm_up = schedule::arrivals(rate as f64 / 2.0, Duration::from_secs(5));
    backend::serve(&pools, &people, &warm_up, 5);
    server.execute("load", "CHECKPOINT");
    eprintln!("{rate} messages a second for {seconds} seconds");
    let arrivals = schedule::arrivals(rate as f64, Duration::from_secs(seconds));
    let counter = backend::serve(&pools, &people, &arrivals, seconds as usize);
    let run = report::Run { rate, seconds, users: database.world.users.len(), server: server.version(), counter };
    run.report();
}

fn number(variable: &str, usual: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")),
        _ => usual,
    }
}

//! `make bench`: what the operations cost as a share of a limit, beside other designs, and whether it grows with the data.
//!
//! `BENCH_ONLY=send,read` takes some families only, `BENCH_QUICK=1` small data and short runs: to try out, not to keep.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers here are small"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on should say so at once"
)]

mod changes;
mod doorbell;
mod growth;
mod hostile;
mod hot;
mod inbox;
mod limit;
mod marking;
mod page;
mod peers;
mod push;
mod retention;
mod row_per_recipient;
mod runner;
mod search;
mod send;
mod session;
mod size;
mod standbys;
mod together;
mod writes;

#[path = "../data/mod.rs"]
#[allow(dead_code, reason = "each bench stages what it needs")]
mod data;
#[path = "../measure/mod.rs"]
mod measure;

use std::process::ExitCode;

use data::{Database, Server, Size, Words};
use diesel::PgConnection;
use measure::{Comparison, Contender, Figure, Pace, Summary};

/// What the figures are taken on.
struct Bench {
    server: Server,
    words: Words,
    large: Database,
    small: Database,
}

impl Bench {
    /// Connections to the large database, as many as the contenders use concurrently.
    fn connections(&self) -> impl Iterator<Item = PgConnection> {
        (0..CONNECTIONS).map(|_| self.large.connect())
    }

    /// Runs a comparison on this bench's server.
    fn compare(&self, contenders: &mut [Contender<'_>], pace: Pace) -> Comparison {
        Comparison::run(contenders, pace, &self.server)
    }
}

/// How many connections each contender has.
const CONNECTIONS: usize = 8;

/// A family of figures, by its name in `BENCH_ONLY`. None depends on another; `size` comes first, because it measures
/// the data as it was imported.
type Family = (&'static str, fn(&Bench, &mut Summary));

const FAMILIES: [Family; 19] = [
    ("size", size::figures),
    ("growth", growth::figures),
    ("page", page::figures),
    ("inbox", inbox::figures),
    ("changes", changes::figures),
    ("push", push::figures),
    ("session", session::figures),
    ("search", search::figures),
    ("marking", marking::figures),
    ("writes", writes::figures),
    ("send", send::figures),
    ("together", together::figures),
    ("doorbell", doorbell::figures),
    ("hot", hot::figures),
    ("standbys", standbys::figures),
    ("retention", retention::figures),
    ("hostile", hostile::figures),
    ("recipients", row_per_recipient::figures),
    ("runner", runner::figures),
];

fn main() -> ExitCode {
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let wanted = |name| only.is_empty() || only.split(',').any(|only| only == name);
    let (large, small) = if std::env::var_os("BENCH_QUICK").is_some() {
        (Size::QUICK, Size::QUICK_SMALL)
    } else {
        (Size::LARGE, Size::SMALL)
    };

    let server = Server::start();
    let mut summary = Summary::new("bench", &server.version());
    let words = Words::new();
    let large = Database::create(&server, "large", large, &words);
    let small = Database::create(&server, "small", small, &words);
    summary.add(
        Figure::new("import_messages_per_second", large.import_rate)
            .unit("/s")
            .at_least(40_000.0)
            .note(format!("{} messages on one connection, all indexes in place", large.world.messages())),
    );
    let bench = Bench { server, words, large, small };
    for (name, figures) in FAMILIES {
        if wanted(name) {
            summary.family(name, |summary| figures(&bench, summary));
        }
    }
    if std::env::var_os("BENCH_PAUSE").is_some() {
        eprintln!("{} is there until Enter is pressed", bench.server.url("large"));
        let _ = std::io::stdin().read_line(&mut String::new());
    }
    summary.finish()
}

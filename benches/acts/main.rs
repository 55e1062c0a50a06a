//! `make bench`: what the acts cost, as parts of what nothing could do faster, and whether it grows with the data.
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

mod growth;
mod hot;
mod inbox;
mod marking;
mod page;
mod row_per_recipient;
mod runner;
mod send;
mod size;

#[path = "../measure/mod.rs"]
mod measure;
#[path = "../stage/mod.rs"]
#[allow(dead_code, reason = "each bench stages what it needs")]
mod stage;

use measure::{Figure, Summary};
use stage::{Database, Server, Size, Words};

/// What the figures are taken on.
struct Bench {
    server: Server,
    words: Words,
    large: Database,
    small: Database,
}

/// A family of figures, by the name that `BENCH_ONLY` knows it by. In this order: the first ones look at the data as
/// it was staged.
type Family = (&'static str, fn(&Bench, &mut Summary));

const FAMILIES: [Family; 8] = [
    ("size", size::figures),
    ("growth", growth::figures),
    ("page", page::figures),
    ("inbox", inbox::figures),
    ("marking", marking::figures),
    ("send", send::figures),
    ("hot", hot::figures),
    ("runner", runner::figures),
];

fn main() {
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let wanted = |name| only.is_empty() || only.split(',').any(|only| only == name);
    let (large, small) = if std::env::var_os("BENCH_QUICK").is_some() {
        (Size::QUICK, Size::QUICK_SMALL)
    } else {
        (Size::LARGE, Size::SMALL)
    };

    let server = Server::start();
    let mut summary = Summary::new(&server.version());
    let words = Words::new();
    let large = Database::stage(&server, "large", large, &words);
    let small = Database::stage(&server, "small", small, &words);
    summary.add(
        Figure::new("import_messages_per_second", large.import_rate)
            .unit("/s")
            .at_least(10_000.0)
            .note(format!("{} messages on one connection, all indexes in place", large.world.messages())),
    );
    let bench = Bench { server, words, large, small };
    for (name, figures) in FAMILIES {
        if wanted(name) {
            eprintln!("{name}");
            bench.server.execute("large", "CHECKPOINT");
            figures(&bench, &mut summary);
        }
    }
    if std::env::var_os("BENCH_PAUSE").is_some() {
        eprintln!("{} is there until Enter is pressed", bench.server.url("large"));
        let _ = std::io::stdin().read_line(&mut String::new());
    }
    summary.finish("bench");
}

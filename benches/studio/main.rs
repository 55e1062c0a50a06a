//! `make bench-studio`: how long each page of the studio takes on a million messages, for the user with the most chats.
//!
//! `BENCH_QUICK=1` takes a sixth of the data: to try out, not to keep.

#![allow(
    clippy::cast_possible_truncation,
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

#[path = "../../tests/studio/browser.rs"]
#[allow(dead_code, reason = "the tests ask for more")]
mod browser;
#[path = "../data/mod.rs"]
#[allow(dead_code, reason = "each bench stages what it needs")]
mod data;
#[path = "../measure/mod.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "each bench measures what it needs")]
mod measure;

use std::process::ExitCode;
use std::time::Instant;

use browser::Browser;
use data::{Database, Server, Size, Words};
use measure::comparison::median;
use measure::{Figure, Summary};
use messenger_db::migrate::{self, ConnectOptions, Silent};
use messenger_db::studio::{Options, Studio};
use rand::SeedableRng as _;
use rand::rngs::SmallRng;

/// What a page may take at the median, in milliseconds.
const GOAL: f64 = 300.0;

/// How often each page is loaded, in turn with the others; once more before, to fill caches.
const ROUNDS: usize = 15;

fn main() -> ExitCode {
    let size = if std::env::var_os("BENCH_QUICK").is_some() { Size::QUICK } else { Size::LARGE };
    let server = Server::start();
    let words = Words::new();
    let database = Database::create(&server, "studio", size, &words);
    let mut summary = Summary::new("bench-studio", &server.version());
    let pool = migrate::connect(&database.url.parse().unwrap(), &ConnectOptions::default(), &mut Silent).unwrap();
    let studio = Studio::open(&pool, &Options::default()).unwrap();
    let (port, url) = (studio.address().port(), studio.url());
    std::thread::spawn(move || studio.run_until(|| false));
    let browser = let_in(port, &url);

    let pages = pages(&server, &words);
    let mut took = vec![Vec::with_capacity(ROUNDS); pages.len()];
    for round in 0..=ROUNDS {
        for ((_, address), took) in pages.iter().zip(&mut took) {
            let begun = Instant::now();
            browser.get(address).shown();
            if round > 0 {
                took.push(begun.elapsed().as_secs_f64() * 1_000.0);
            }
        }
    }
    for ((key, _), took) in pages.iter().zip(took) {
        let most = took.iter().copied().fold(0.0, f64::max);
        let note = format!("of {ROUNDS} times; the longest {most:.0} ms");
        summary.add(Figure::new(key, median(&took)).unit("ms").at_most(GOAL).note(note).rounds(took));
    }
    summary.finish()
}

/// A browser that was let in.
fn let_in(port: u16, url: &str) -> Browser {
    let token = url.rsplit_once("token=").unwrap().1;
    let answer = Browser::outside(port).get(&format!("/?token={token}"));
    Browser::with_cookie(port, answer.header("set-cookie").unwrap().split(';').next().unwrap())
}

/// Each page, with what makes it heavy: the user with the most chats, and the chat with the most messages among those.
fn pages(server: &Server, words: &Words) -> Vec<(&'static str, String)> {
    let user = server.value(
        "studio",
        "SELECT user_id FROM chat_participants GROUP BY user_id ORDER BY count(*) DESC, user_id LIMIT 1",
    );
    let chat = server.value(
        "studio",
        &format!(
            "SELECT chat_id FROM chat_heads INNER JOIN chat_participants USING (chat_id) WHERE user_id = '{user}'
             ORDER BY last_seq DESC, chat_id LIMIT 1"
        ),
    );
    let last = server.value("studio", &format!("SELECT last_seq FROM chat_heads WHERE chat_id = '{chat}'"));
    let word = words.sought(&mut SmallRng::seed_from_u64(1)).to_owned();
    let name = server.value("studio", &format!("SELECT username FROM users WHERE id = '{user}'"));
    vec![
        ("standing", "/".to_owned()),
        ("plan", "/plan.sql".to_owned()),
        ("tables", "/tables".to_owned()),
        ("table_messages", "/tables/messages".to_owned()),
        ("diagram", "/diagram".to_owned()),
        ("data", "/data".to_owned()),
        ("data_messages", "/data/messages".to_owned()),
        ("data_messages_last", "/data/messages?order=desc".to_owned()),
        ("data_messages_of_chat", format!("/data/messages?c=chat_id&o=eq&v={chat}")),
        ("data_row", format!("/data/messages/row?c=chat_id&o=eq&v={chat}&c=seq&o=eq&v=1")),
        ("data_receipts", format!("/data/message_receipts?c=chat_id&o=eq&v={chat}")),
        ("people", "/people".to_owned()),
        ("people_found", format!("/people?q={name}")),
        ("person", format!("/people/{user}")),
        ("person_search", format!("/people/{user}/search?q={word}")),
        ("chat", format!("/people/{user}/chats/{chat}")),
        ("chat_middle", format!("/people/{user}/chats/{chat}?around={}", last.parse::<u64>().unwrap() / 2)),
        ("message", format!("/people/{user}/chats/{chat}/{last}")),
        ("health", "/health".to_owned()),
    ]
}

//! `make bench-search`: what the candidates for the search index cost, finding and sending, on the data of `make bench`.
//!
//! Each candidate has a copy of the database. The statements are those of the library but for what the index is on, and
//! without the highlighting, which costs the same with each.

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

mod candidate;

#[path = "../data/mod.rs"]
#[allow(dead_code, reason = "each bench stages what it needs")]
mod data;
#[path = "../measure/mod.rs"]
#[allow(dead_code, reason = "each bench measures what it needs")]
mod measure;

use std::process::ExitCode;

use candidate::{CANDIDATES, Candidate};
use data::{Database, Server, Size, Words};
use diesel::{Connection as _, PgConnection};
use measure::{Comparison, Contender, Figure, Pace, Summary};
use messenger_db::actor::Actor;
use messenger_db::queries::messages::{self, Draft};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;

/// How many search, or send, at once.
const CONNECTIONS: usize = 8;

type Operation = fn(&Candidate, &Database, &Words, &mut PgConnection, &mut SmallRng);

/// What is done, and how its figures are called.
const OPERATIONS: [(&str, Operation, [&str; 7]); 3] = [
    (
        "a user's chats",
        |candidate, database, words, conn, dice| {
            let user = *database.world.in_10_chats.choose(dice).unwrap();
            (candidate.all)(conn, user, words.sought(dice));
        },
        [
            "find_all_expression",
            "find_all_stored",
            "find_all_chat_expression",
            "find_all_chat_stored",
            "find_all_chat_words",
            "find_all_blocks_32",
            "find_all_blocks_128",
        ],
    ),
    (
        "one chat",
        |candidate, database, words, conn, dice| {
            let chat = database.world.others.choose(dice).unwrap();
            (candidate.in_chat)(conn, chat.id, chat.member(dice), words.sought(dice));
        },
        [
            "find_in_chat_expression",
            "find_in_chat_stored",
            "find_in_chat_chat_expression",
            "find_in_chat_chat_stored",
            "find_in_chat_chat_words",
            "find_in_chat_blocks_32",
            "find_in_chat_blocks_128",
        ],
    ),
    (
        "send",
        |_, database, words, conn, dice| {
            let chat = database.world.others.choose(dice).unwrap();
            messages::send(conn, Actor::trusted(chat.speaker(dice)), chat.id, &Draft::text(words.say(dice))).unwrap();
        },
        [
            "send_expression",
            "send_stored",
            "send_chat_expression",
            "send_chat_stored",
            "send_chat_words",
            "send_blocks_32",
            "send_blocks_128",
        ],
    ),
];

const SIZES: [&str; 7] = [
    "bytes_expression",
    "bytes_stored",
    "bytes_chat_expression",
    "bytes_chat_stored",
    "bytes_chat_words",
    "bytes_blocks_32",
    "bytes_blocks_128",
];

fn main() -> ExitCode {
    let size = if std::env::var_os("BENCH_QUICK").is_some() { Size::QUICK } else { Size::LARGE };
    let server = Server::start();
    let words = Words::new();
    let mut summary = Summary::new("bench-search", &server.version());
    let database = Database::create(&server, "staged", size, &words);
    for (candidate, key) in CANDIDATES.iter().zip(SIZES) {
        eprintln!("{}", candidate.name);
        server.create(candidate.name, "staged");
        for statement in candidate.sql {
            server.execute(candidate.name, statement);
        }
        server.execute(candidate.name, "VACUUM ANALYZE messages");
        // With the table of the blocks, where there is one.
        let bytes = "SELECT (pg_total_relation_size('messages') \
                     + coalesce(pg_total_relation_size(to_regclass('message_blocks')), 0))::float / count(*) FROM messages";
        let bytes = server.value(candidate.name, bytes).parse().unwrap();
        summary.add(Figure::new(key, bytes).unit("bytes").note("messages with all its indexes, each message"));
    }
    server.execute("staged", "CHECKPOINT");
    for (what, operation, keys) in OPERATIONS {
        eprintln!("{what}");
        let (database, words) = (&database, &words);
        let mut contenders: Vec<_> = CANDIDATES
            .iter()
            .map(|candidate| {
                let url = server.url(candidate.name);
                let connections = (0..CONNECTIONS).map(|_| PgConnection::establish(&url).unwrap());
                Contender::new(candidate.name, connections, move |conn, dice| {
                    operation(candidate, database, words, conn, dice);
                })
            })
            .collect();
        let comparison = Comparison::run(&mut contenders, Pace::usual(), &server);
        for (candidate, key) in CANDIDATES.iter().zip(keys) {
            let chosen = comparison.rate("chat_words");
            let rate = comparison.rate(candidate.name);
            let (share, log) = (rate / chosen, comparison.log_bytes(candidate.name));
            let note = format!("{what}: {share:.2} of what the chosen one does; {log:.0} bytes of log each");
            summary.add(Figure::new(key, rate).unit("/s").note(note));
        }
    }
    summary.finish()
}

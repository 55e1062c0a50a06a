//! The other design: a row for every recipient of every message. The files of SQL beside this one are all of it.
//!
//! There are two of it, with the same sample of what was said. The lean one is nothing but its tables and an index for
//! history. The equal one answers and refuses what ours answers and refuses: no message twice, no sender from outside,
//! search, what a device has missed.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use messenger_db::ids::{ChatId, UserId};
use uuid::Uuid;

use super::Bench;
use super::measure::{Contender, Pace, Summary, statement};
use super::send::{ours, somebody};

/// A schema in the large database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    /// Only what sending and history need.
    Lean,
    /// All that ours can do.
    Equal,
}

/// What each keeps beside users, chats and members.
pub const TABLES: [&str; 3] = ["sent_messages", "recipients", "unread"];

impl Variant {
    const fn schema(self) -> &'static str {
        match self {
            Self::Lean => "row_per_recipient_lean",
            Self::Equal => "row_per_recipient",
        }
    }

    /// A connection that sees its tables before ours.
    fn connect(self, bench: &Bench) -> PgConnection {
        let mut conn = bench.large.connect();
        conn.batch_execute(&format!("SET search_path TO {}, public", self.schema())).unwrap();
        conn
    }
}

/// Creates both, unless they exist.
pub fn create(bench: &Bench) {
    if bench.server.value("large", "SELECT to_regnamespace('row_per_recipient') IS NOT NULL") == "t" {
        return;
    }
    let (tables, fill, equal) = (include_str!("tables.sql"), include_str!("fill.sql"), include_str!("equal.sql"));
    for (variant, files) in [(Variant::Lean, &[tables, fill][..]), (Variant::Equal, &[tables, fill, equal])] {
        bench.server.execute("large", &format!("CREATE SCHEMA {}", variant.schema()));
        let mut conn = variant.connect(bench);
        for file in files {
            conn.batch_execute(file).unwrap();
        }
        for table in TABLES {
            conn.batch_execute(&format!("VACUUM ANALYZE {table}")).unwrap();
        }
    }
}

/// What a send to three hundred costs beside them. They write so much that the family is one of the last.
pub fn figures(bench: &Bench, summary: &mut Summary) {
    create(bench);
    let groups = bench.large.world.chats_of(300);
    let theirs = |name, variant: Variant| {
        let connections = (0..super::CONNECTIONS).map(move |_| variant.connect(bench));
        Contender::new(name, connections, |conn, dice| {
            let (chat, sender) = somebody(&groups, dice);
            send(conn, chat, sender, bench.words.say(dice));
        })
    };
    let mut contenders = [
        ours(bench, "send to 300", groups.clone()),
        theirs("row per recipient", Variant::Equal),
        theirs("lean row per recipient", Variant::Lean),
    ];
    let comparison = bench.compare(&mut contenders, Pace::usual());
    for (key, of, goal) in [
        ("send_group300_vs_row_per_recipient", "row per recipient", Some(20.0)),
        ("send_group300_vs_lean_row_per_recipient", "lean row per recipient", None),
    ] {
        let figure = comparison.ratio(key, "send to 300", of);
        summary.add(match goal {
            Some(goal) => figure.at_least(goal),
            None => figure,
        });
    }
}

statement! {
    Send {
        chat: Uuid as SqlUuid,
        sender: Uuid as SqlUuid,
        client: Uuid as SqlUuid,
        words: String as Text,
    } -> (BigInt) = include_str!("send.sql")
}

/// Sends a message, on a connection to one of them.
fn send(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) -> i64 {
    let client = Uuid::now_v7();
    Send { chat: chat.as_uuid(), sender: sender.as_uuid(), client, words }.get_result::<(i64,)>(conn).unwrap().0
}

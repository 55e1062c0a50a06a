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
use super::measure::statement;

/// A schema in the large database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
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
    pub fn connect(self, bench: &Bench) -> PgConnection {
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

statement! {
    Send {
        chat: Uuid as SqlUuid,
        sender: Uuid as SqlUuid,
        client: Uuid as SqlUuid,
        words: String as Text,
    } -> (BigInt) = include_str!("send.sql")
}

/// Sends a message, on a connection to one of them.
pub fn send(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) -> i64 {
    let client = Uuid::now_v7();
    Send { chat: chat.as_uuid(), sender: sender.as_uuid(), client, words }.get_result::<(i64,)>(conn).unwrap().0
}

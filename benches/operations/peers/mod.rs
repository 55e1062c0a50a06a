//! Other messengers' designs beside ours, on the same server and for the same chats and members.
//!
//! Our own writing after their published schemas, with the keys and indexes that they have there. Each operation is one prepared
//! statement, which is kinder to them than what they issue; and what writes also as their servers issue it, statement by statement.
//! The SQL files say what each lacks.

pub mod counter;
pub mod posts;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use messenger_db::ids::{ChatId, UserId};

use super::Bench;

/// A design.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A counter for each chat and read marks for each member, as Tinode has them.
    Counter,
    /// A table of posts, and counts for each channel and member, as Mattermost has them.
    Posts,
}

impl Peer {
    const fn schema(self) -> &'static str {
        match self {
            Self::Counter => "peer_counter",
            Self::Posts => "peer_posts",
        }
    }

    /// Creates its tables with the data of ours, unless they exist.
    pub fn create(self, bench: &Bench) {
        let schema = self.schema();
        if bench.server.value("large", &format!("SELECT to_regnamespace('{schema}') IS NOT NULL")) == "t" {
            return;
        }
        bench.server.execute("large", &format!("CREATE SCHEMA {schema}"));
        let mut conn = self.connect(bench);
        conn.batch_execute(match self {
            Self::Counter => include_str!("counter.sql"),
            Self::Posts => include_str!("posts.sql"),
        })
        .unwrap();
        bench.server.execute("large", "VACUUM ANALYZE");
    }

    /// Connections that see its tables before ours.
    pub fn connections(self, bench: &Bench) -> impl Iterator<Item = PgConnection> {
        (0..super::CONNECTIONS).map(move |_| self.connect(bench))
    }

    /// One of them.
    pub fn connect(self, bench: &Bench) -> PgConnection {
        let mut conn = bench.large.connect();
        conn.batch_execute(&format!("SET search_path TO {}, public", self.schema())).unwrap();
        conn
    }

    /// Sends a message, and moves the sender's own mark.
    pub fn send(self, conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
        match self {
            Self::Counter => counter::send(conn, chat, sender, words),
            Self::Posts => posts::send(conn, chat, sender, words),
        }
    }

    /// The same, statement by statement, in one transaction.
    pub fn send_in_transaction(self, conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
        match self {
            Self::Counter => counter::send_in_transaction(conn, chat, sender, words),
            Self::Posts => posts::send_in_transaction(conn, chat, sender, words),
        }
    }

    /// The same as its server issues it: in three commits.
    pub fn send_as_issued(self, conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
        match self {
            Self::Counter => counter::send_as_issued(conn, chat, sender, words),
            Self::Posts => posts::send_as_issued(conn, chat, sender, words),
        }
    }

    /// Marks a chat as read to its end.
    pub fn mark_read(self, conn: &mut PgConnection, chat: ChatId, user: UserId) {
        match self {
            Self::Counter => counter::mark_read(conn, chat, user),
            Self::Posts => posts::mark_read(conn, chat, user),
        }
    }

    /// Says that a user is online.
    pub fn presence(self, conn: &mut PgConnection, user: UserId) {
        match self {
            Self::Counter => counter::presence(conn, user),
            Self::Posts => posts::presence(conn, user),
        }
    }

    /// How much somebody has not read.
    pub fn badge(self, conn: &mut PgConnection, user: UserId) {
        match self {
            Self::Counter => counter::badge(conn, user),
            Self::Posts => posts::badge(conn, user),
        }
    }
}

fn in_transaction(conn: &mut PgConnection, parts: impl FnOnce(&mut PgConnection)) {
    conn.transaction(|conn| {
        parts(conn);
        diesel::QueryResult::Ok(())
    })
    .unwrap();
}

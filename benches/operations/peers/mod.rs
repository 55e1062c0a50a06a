//! Other messengers' designs beside ours, on the same server and for the same chats and members.
//!
//! Our own writing after their published schemas, as lean as they can be: each operation is one prepared statement, which
//! is kinder to them than what they issue; a send also as they issue it. The SQL files say what each lacks.

mod counter;
mod posts;

use diesel::PgConnection;
use diesel::connection::SimpleConnection as _;
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

    fn connect(self, bench: &Bench) -> PgConnection {
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

    /// The same as their servers issue it: statement by statement, each with a commit of its own.
    pub fn send_in_commits(self, conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
        match self {
            Self::Counter => counter::send_in_commits(conn, chat, sender, words),
            Self::Posts => posts::send_in_commits(conn, chat, sender, words),
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

    /// Replaces the words of the last message of a chat.
    pub fn edit(self, conn: &mut PgConnection, chat: ChatId, words: String) {
        match self {
            Self::Counter => counter::edit(conn, chat, words),
            Self::Posts => posts::edit(conn, chat, words),
        }
    }
}

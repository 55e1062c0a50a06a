//! The other design: a row for every recipient of every message. Its tables and its send are the two files of SQL
//! beside this one.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use messenger_db::ids::{ChatId, UserId};
use uuid::Uuid;

use super::measure::statement;
use super::stage::Server;

/// What it keeps beside users, chats and members.
pub const TABLES: [&str; 3] = ["row_per_recipient.messages", "row_per_recipient.delivery", "row_per_recipient.unread"];

/// Makes its tables in the large database, with a sample of what was said there, unless they are there.
pub fn stage(server: &Server) {
    if server.value("large", "SELECT to_regclass('row_per_recipient.messages') IS NULL") == "t" {
        server.execute("large", include_str!("row_per_recipient.sql"));
        for table in TABLES {
            server.execute("large", &format!("VACUUM ANALYZE {table}"));
        }
    }
}

statement! {
    Send {
        chat: Uuid as SqlUuid,
        sender: Uuid as SqlUuid,
        client: Uuid as SqlUuid,
        words: String as Text,
    } -> (BigInt) = include_str!("row_per_recipient_send.sql")
}

/// Sends a message.
pub fn send(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) -> i64 {
    let client = Uuid::now_v7();
    Send { chat: chat.as_uuid(), sender: sender.as_uuid(), client, words }.get_result::<(i64,)>(conn).unwrap().0
}

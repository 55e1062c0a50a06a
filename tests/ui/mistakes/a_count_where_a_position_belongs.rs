//! Reading a chat up to the number of its unread messages.
use diesel::PgConnection;
use messenger_db::actor::Actor;
use messenger_db::ids::ChatId;
use messenger_db::queries::receipts;

fn read(conn: &mut PgConnection, reader: Actor, chat: ChatId, unread: i64) {
    let _ = receipts::mark_read(conn, reader, chat, unread);
}

fn main() {}

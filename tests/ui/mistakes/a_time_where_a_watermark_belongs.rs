//! Remembering up to when a chat was read, in a time that two messages can share.
use chrono::Utc;
use diesel::prelude::*;
use messenger_db::schema::unread_messages;

fn main() {
    let _ = unread_messages::last_read_seq.eq(Utc::now());
}

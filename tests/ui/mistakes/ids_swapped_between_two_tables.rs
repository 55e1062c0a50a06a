//! Copying a key of two UUIDs from a table that has them in the other order.
use diesel::prelude::*;
use messenger_db::schema::chat_participants::{self, chat_id, user_id};
use messenger_db::schema::unread_messages;

fn main() {
    let _ = chat_participants::table
        .select((chat_id, user_id))
        .insert_into(unread_messages::table)
        .into_columns((unread_messages::user_id, unread_messages::chat_id));
}

//! Finding who sent a message by the id that stands beside the sender's.
use diesel::prelude::*;
use messenger_db::schema::{messages, users};

fn main() {
    let _ = users::table.find(messages::chat_id);
}

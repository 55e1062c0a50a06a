//! Counting the messages of each chat without a GROUP BY, which the server refuses.
use diesel::dsl::count_star;
use diesel::prelude::*;
use messenger_db::schema::messages;

fn main() {
    let _ = messages::table.select((messages::chat_id, count_star()));
}

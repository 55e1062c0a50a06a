//! Filtering users by the key of a chat: both are UUIDs, so the server finds nobody and says nothing.
use diesel::prelude::*;
use messenger_db::ids::ChatId;
use messenger_db::schema::users;

fn main() {
    let _ = users::id.eq(ChatId::new());
}

//! Joining two tables by their `id`, because both have one.
use diesel::prelude::*;
use messenger_db::schema::{chats, users};

fn main() {
    let _ = chats::table.inner_join(users::table.on(chats::id.eq(users::id)));
}

//! Inserting into one table by the column of another, because both are called `id`.
use diesel::prelude::*;
use messenger_db::ids::UserId;
use messenger_db::schema::{chats, users};

fn main() {
    let _ = diesel::insert_into(chats::table).values(users::id.eq(UserId::new()));
}

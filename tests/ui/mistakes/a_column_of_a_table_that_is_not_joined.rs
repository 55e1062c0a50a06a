//! Selecting from a table that the query does not read: `missing FROM-clause entry`, in production.
use diesel::prelude::*;
use messenger_db::schema::{chats, users};

fn main() {
    let _ = users::table.select(chats::id);
}

//! Filtering by a time as if it were a flag: `argument of WHERE must be type boolean`.
use diesel::prelude::*;
use messenger_db::schema::messages;

fn main() {
    let _ = messages::table.filter(messages::deleted_at);
}

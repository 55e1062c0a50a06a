//! Querying a table that no migration makes, under the name it had in the prototype.
use diesel::prelude::*;
use messenger_db::schema::conversations;

fn main() {
    let _ = conversations::table.count();
}

//! Querying a column that no migration makes: a message that is read or not, whoever its readers are.
use diesel::prelude::*;
use messenger_db::schema::messages;

fn main() {
    let _ = messages::is_read.eq(true);
}

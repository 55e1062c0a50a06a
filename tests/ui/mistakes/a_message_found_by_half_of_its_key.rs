//! Finding a message by its id alone, which only its chat keeps unique and no index leads to.
use diesel::prelude::*;
use messenger_db::ids::MessageId;
use messenger_db::schema::messages;

fn main() {
    let _ = messages::table.find(MessageId::new());
}

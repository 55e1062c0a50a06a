//! Remembering which message was read last by its id, which says nothing of the messages before it.
use messenger_db::models::{Message, NewUnreadMessages};

fn read(message: &Message, position: NewUnreadMessages) -> NewUnreadMessages {
    NewUnreadMessages { last_read_seq: message.id, ..position }
}

fn main() {}

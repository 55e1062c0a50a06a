//! Counting the messages of a chat in 32 bits.
use messenger_db::models::NewUnreadMessages;

fn read(position: NewUnreadMessages, seq: i32) -> NewUnreadMessages {
    NewUnreadMessages { last_read_seq: seq, ..position }
}

fn main() {}

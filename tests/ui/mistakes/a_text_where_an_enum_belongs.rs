//! Passing on the kind of message that the client sent, whatever it is.
use messenger_db::models::NewMessage;

fn send<'a>(message: NewMessage<'a>, said: &str) -> NewMessage<'a> {
    NewMessage { kind: said, ..message }
}

fn main() {}

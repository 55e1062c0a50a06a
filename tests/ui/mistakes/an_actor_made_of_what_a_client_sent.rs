//! Believing a client who it is.
use messenger_db::actor::Actor;
use messenger_db::ids::UserId;

fn who(header: UserId) -> Actor {
    header.into()
}

fn main() {}

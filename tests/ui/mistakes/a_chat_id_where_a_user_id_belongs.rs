//! Blocking a chat, through a constructor that takes any two UUIDs.
use messenger_db::ids::{ChatId, UserId};
use messenger_db::models::NewBlock;

fn main() {
    let _ = NewBlock { blocker_id: UserId::new(), blocked_id: ChatId::new() };
}

//! Reacting without saying to which message.
use messenger_db::ids::{ChatId, UserId};
use messenger_db::models::NewMessageReaction;

fn main() {
    let _ = NewMessageReaction { chat_id: ChatId::new(), user_id: UserId::new(), emoji: "👍" };
}

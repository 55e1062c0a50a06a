//! Taking whatever UUID is at hand for the key of a chat.
use messenger_db::models::NewChatHead;
use uuid::Uuid;

fn main() {
    let _ = NewChatHead { chat_id: Uuid::now_v7() };
}

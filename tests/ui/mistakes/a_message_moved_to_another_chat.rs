//! Changing a primary key that replies, reactions and attachments point at.
use messenger_db::ids::ChatId;
use messenger_db::models::MessageChanges;

fn main() {
    let _ = MessageChanges { chat_id: ChatId::new(), ..MessageChanges::default() };
}

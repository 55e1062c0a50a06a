//! Adding nobody to a chat, which is a NOT NULL violation when it runs.
use messenger_db::models::NewChatParticipant;

fn nobody(member: NewChatParticipant) -> NewChatParticipant {
    NewChatParticipant { user_id: None, ..member }
}

fn main() {}

//! Listing the devices of a user with the rows as they are stored, hashes of tokens and all.
use messenger_db::models::UserSession;

fn answer(sessions: &[UserSession]) -> serde_json::Result<String> {
    serde_json::to_string(sessions)
}

fn main() {}

//! Answering a request with the row as it is stored, password hash and all.
use messenger_db::models::User;

fn answer(user: &User) -> serde_json::Result<String> {
    serde_json::to_string(user)
}

fn main() {}

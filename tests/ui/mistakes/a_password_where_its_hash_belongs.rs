//! Storing passwords as they are.
use messenger_db::models::NewUser;

fn register<'a>(user: NewUser<'a>, password: &'a str) -> NewUser<'a> {
    NewUser { password_hash: password, ..user }
}

fn main() {}

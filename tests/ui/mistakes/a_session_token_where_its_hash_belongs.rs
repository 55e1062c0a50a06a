//! Storing session tokens as they are, so that whoever reads a backup is signed in as everybody.
use messenger_db::models::NewUserSession;

fn sign_in<'a>(session: NewUserSession<'a>, token: &str) -> NewUserSession<'a> {
    NewUserSession { token_hash: token, ..session }
}

fn main() {}

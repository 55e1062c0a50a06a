//! Writing a password's hash to the log.
use messenger_db::secrets::PasswordHash;

fn log(hash: &PasswordHash) {
    println!("{hash}");
}

fn main() {}

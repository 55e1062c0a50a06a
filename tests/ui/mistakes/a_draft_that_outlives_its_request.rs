//! Sending from another thread what the request still owns.
use messenger_db::queries::messages::Draft;

fn send(request: String) {
    let draft = Draft::text(&request);
    std::thread::spawn(move || drop(draft));
}

fn main() {}

//! Handing to another thread what the request still owns.
use messenger_db::queries::messages::Draft;

fn hand_over(_: Draft<'static>) {}

fn send(request: String) {
    let draft = Draft::text(&request);
    hand_over(draft);
}

fn main() {}

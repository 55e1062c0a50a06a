//! What people do with the page, in a real Chromium.

mod away;
mod devices;
mod edits;
mod groups;
mod history;
mod keyboard;
mod many_chats;
mod markup;
mod offline;
mod overtaken;
mod pictures;
mod sign_in;
mod two_windows;

use serde_json::{Value, json};

use crate::support::Window;

/// Signs Anna and Bob up, each in a window, who become contacts.
async fn are_friends(anna: &Window, bob: &Window) {
    anna.signs_up("anna", "Anna").await;
    bob.signs_up("bob", "Bob").await;
    anna.befriends("bob", "Bob", bob).await;
}

/// Asks the server as the page does, for what would be many clicks.
async fn asks(window: &Window, op: &str, arguments: Value) -> Value {
    let script = "return import('/page/js/device.js').then(({ ask }) => ask(arguments[0], arguments[1]))";
    window.script(script, vec![json!(op), arguments]).await
}

/// Opens a group with the only contact, and gives its id.
async fn opens_group(window: &Window, name: &str) -> Value {
    let people = asks(window, "people", json!({})).await;
    let members = [&people["contacts"][0]["profile"]["id"]];
    asks(window, "create_group", json!({ "name": name, "members": members })).await["id"].clone()
}

/// Sends a message, and gives its number.
async fn says_in(window: &Window, chat: &Value, text: &str) -> Value {
    let draft = json!({ "chat": chat, "id": uuid::Uuid::now_v7(), "text": text });
    asks(window, "send", draft).await["message"]["seq"].clone()
}

/// From its next connection on, the page can be kept from what comes over its socket: from what `keeps` says, until
/// `release`, which may say what is kept from then on.
async fn can_be_kept_waiting(window: &Window) {
    let script = "const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
        window.kept = [];
        window.keeps = () => false;
        window.release = (keeps = () => false) => {
            window.keeps = keeps;
            kept.splice(0).forEach((go) => go());
        };
        Object.defineProperty(WebSocket.prototype, 'onmessage', { set(listener) {
            const go = (event) => keeps(JSON.parse(event.data)) ? kept.push(() => go(event)) : listener(event);
            set.call(this, go);
        } })";
    window.script(script, Vec::new()).await;
}

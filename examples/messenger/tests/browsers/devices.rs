//! One person with two devices.

use serde_json::json;

use super::{asks, can_be_kept_waiting, opens_group, says_in};
use crate::support::{Browser, Service};

#[tokio::test]
async fn a_second_device_shows_the_same_and_can_be_signed_out_from_the_first() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (laptop, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    laptop.signs_up("anna", "Anna").await;
    bob.signs_up("bob", "Bob").await;
    laptop.befriends("bob", "Bob", &bob).await;
    laptop.says("Hello").await;
    bob.sees("#chats .badge", "1").await;

    let phone = browser.window(&service.url()).await;
    phone.size(420, 800).await;
    phone.signs_in("anna", "correct horse").await;
    phone.sees("#chats .preview", "You: Hello").await;
    phone.presses("#chats button").await;
    phone.sees(".message.own .text", "Hello").await;
    // On a small window there is either the list or the chat.
    phone.until("!document.getElementById('side').checkVisibility()").await;
    phone.says("From my phone").await;
    laptop.sees(".message.own .text", "From my phone").await;
    phone.clicks("#back").await;
    phone.sees("#chats .preview", "From my phone").await;

    // What is read on one device is read on the other.
    laptop.types(fantoccini::key::Key::Escape).await;
    laptop.sees("#nothing", "").await;
    bob.presses("#chats button").await;
    bob.says("Which phone?").await;
    phone.sees("#chats .badge", "1").await;
    laptop.sees("#chats .badge", "1").await;
    laptop.presses("#chats button").await;
    phone.does_not_see("#chats .badge", "").await;

    laptop.clicks("#open-settings").await;
    laptop.sees("#devices .device", "this device").await;
    laptop.presses_in("#devices .device", "active", "Sign out").await;
    phone.sees("#sign-form", "").await;
    phone.until("document.querySelectorAll('.message').length === 0").await;
    laptop.until("document.querySelectorAll('.device').length === 1").await;
    for window in [laptop, bob, phone] {
        window.close().await;
    }
}

#[tokio::test]
async fn what_is_unread_after_a_part_was_read_on_another_device_is_what_the_server_counts() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (laptop, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    let phone = browser.window(&service.url()).await;
    can_be_kept_waiting(&phone).await;
    laptop.signs_up("anna", "Anna").await;
    bob.signs_up("bob", "Bob").await;
    laptop.befriends("bob", "Bob", &bob).await;
    let group = opens_group(&bob, "Hikers").await;
    phone.signs_in("anna", "correct horse").await;
    phone.sees("#chats .name", "Hikers").await;

    let seq = says_in(&bob, &group, "One").await;
    says_in(&bob, &group, "Two").await;
    for name in ["Climbers", "Divers"] {
        asks(&bob, "rename_group", json!({ "chat": group, "name": name })).await;
    }
    phone.sees("#chats .name", "Divers").await;
    phone.sees("#chats .badge", "2").await;
    // The next look at what changed is not what tells it.
    phone.script("keeps = (frame) => frame.ok?.is_last !== undefined", Vec::new()).await;
    asks(&laptop, "read", json!({ "chat": group, "seq": seq })).await;
    phone.until("document.querySelector('#chats .badge')?.textContent === '1'").await;
    for window in [laptop, bob, phone] {
        window.close().await;
    }
}

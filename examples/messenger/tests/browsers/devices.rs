//! One person with two devices.

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

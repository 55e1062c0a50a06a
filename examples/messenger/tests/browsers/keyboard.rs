//! Everything without a mouse.

use fantoccini::key::Key;

use crate::support::{Browser, Service};

#[tokio::test]
async fn the_keyboard_is_enough() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    bob.signs_up("bob", "Bob").await;

    // The first field has the focus; Tab leads to the others.
    anna.presses("#sign-switch").await;
    anna.until("document.querySelector('[data-only=up]').checkVisibility()").await;
    anna.script("document.querySelector('[name=username]').focus()", Vec::new()).await;
    anna.types("anna").await;
    anna.types(Key::Tab).await;
    anna.types("Anna").await;
    anna.types(Key::Tab).await;
    anna.types("correct horse").await;
    anna.types(Key::Enter).await;
    anna.sees("#own-name", "Anna").await;
    anna.until("document.getElementById('offline').hidden").await;
    anna.befriends("bob", "Bob", &bob).await;

    // The chat that was opened has the focus where one writes.
    anna.until("document.activeElement.id === 'text'").await;
    anna.types("Good mornin").await;
    anna.types(Key::Enter).await;
    anna.sees(".message.own:not(.pending) .text", "Good mornin").await;
    anna.types(Key::Up).await;
    anna.types("g").await;
    anna.types(Key::Enter).await;
    anna.sees(".message.own .text", "Good morning").await;

    // Shift and Tab lead up into the newest message.
    anna.types(format!("{}{}", Key::Shift, Key::Tab)).await;
    anna.types(format!("{}{}", Key::Shift, Key::Tab)).await;
    anna.until("document.activeElement.closest('.message')?.textContent.includes('Good morning')").await;

    // Who reacts goes on from the same button, whatever the reaction has moved.
    anna.script("document.querySelector('.message .react').focus()", Vec::new()).await;
    anna.types(Key::Enter).await;
    anna.sees(".message .reactions", "1").await;
    anna.until("document.activeElement.matches('.message .react')").await;

    anna.types(format!("{}k", Key::Control)).await;
    anna.until("document.activeElement.id === 'words'").await;
    anna.types("morning").await;
    anna.sees("#hits mark", "morning").await;
    anna.presses("#hits .hit").await;
    anna.until("document.querySelector('.message.found')").await;

    anna.types(Key::Escape).await;
    anna.sees("#nothing", "").await;
    anna.until("document.activeElement.dataset.chat").await;
    anna.types(Key::Enter).await;
    anna.sees("#title", "Bob").await;
    anna.close().await;
    bob.close().await;
}

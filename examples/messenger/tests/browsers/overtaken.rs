//! The list of chats may tell of a message before its event does.

use super::{are_friends, can_be_kept_waiting, opens_group};
use crate::support::{Browser, Service};

/// Keeps messages, and the answers to what changed, which have them, too.
const KEPT: &str = "keeps = (frame) => frame.event === 'message' || frame.ok?.is_last !== undefined";

/// Releases the messages.
const RELEASED: &str = "release((frame) => frame.ok?.is_last !== undefined)";

#[tokio::test]
async fn a_message_that_the_list_has_first_is_shown_when_it_comes_and_is_read_only_then() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    can_be_kept_waiting(&bob).await;
    are_friends(&anna, &bob).await;
    anna.says("One").await;
    bob.presses("#chats button").await;
    bob.sees(".message .text", "One").await;
    anna.until("document.querySelector('.tick.read')").await;

    bob.script(KEPT, Vec::new()).await;
    anna.says("Two").await;
    anna.sees(".message.own:not(.pending)", "Two").await;
    // A new group is a reason to load the list.
    opens_group(&anna, "Hikers").await;
    bob.sees("#chats .preview", "Two").await;
    bob.sees("#chats .badge", "1").await;
    // Whoever comes back to the window reads what it shows, a moment later.
    let back =
        "document.dispatchEvent(new Event('visibilitychange')); return new Promise((done) => setTimeout(done, 200))";
    bob.script(back, Vec::new()).await;
    bob.sees("#chats .badge", "1").await;
    anna.until("!document.querySelector('.message.own:last-child .tick.read')").await;

    bob.script(RELEASED, Vec::new()).await;
    bob.sees(".message .text", "Two").await;
    anna.until("document.querySelector('.message.own:last-child .tick.read')").await;
    bob.does_not_see("#chats .badge", "").await;
    anna.close().await;
    bob.close().await;
}

#[tokio::test]
async fn a_message_that_comes_after_the_answer_to_a_later_one_is_shown() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    can_be_kept_waiting(&bob).await;
    are_friends(&anna, &bob).await;
    bob.presses("#chats button").await;
    bob.says("One").await;
    anna.sees(".message .text", "One").await;

    bob.script(KEPT, Vec::new()).await;
    anna.says("Two").await;
    anna.sees(".message.own:not(.pending)", "Two").await;
    bob.says("Three").await;
    bob.sees(".message.own:not(.pending)", "Three").await;
    bob.script(RELEASED, Vec::new()).await;
    bob.sees(".message .text", "Two").await;
    bob.until("[...document.querySelectorAll('.text')].map((text) => text.textContent).join() === 'One,Two,Three'")
        .await;
    anna.close().await;
    bob.close().await;
}

#[tokio::test]
async fn a_list_that_was_read_before_a_message_does_not_hide_it() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    can_be_kept_waiting(&bob).await;
    are_friends(&anna, &bob).await;
    anna.says("One").await;
    bob.sees("#chats .preview", "One").await;

    bob.script("keeps = (frame) => frame.ok?.entries?.some(({ name }) => name === 'Hikers')", Vec::new()).await;
    opens_group(&anna, "Hikers").await;
    bob.until("kept.length > 0").await;
    anna.says("Two").await;
    bob.sees("#chats .preview", "Two").await;
    bob.sees("#chats .badge", "2").await;
    // A later list is kept, so that only the one of before is seen.
    bob.script("release((frame) => frame.ok?.entries?.some(({ last }) => last?.preview === 'Two'))", Vec::new()).await;
    bob.sees("#chats .name", "Hikers").await;
    bob.sees("#chats .preview", "Two").await;
    bob.sees("#chats .badge", "2").await;
    bob.script("release()", Vec::new()).await;
    bob.sees("#chats .preview", "Two").await;
    anna.close().await;
    bob.close().await;
}

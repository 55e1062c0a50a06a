//! The history of a chat, however the page learned of the chat first.

use serde_json::json;

use super::{are_friends, asks, opens_group, says_in};
use crate::support::{Browser, Service};

#[tokio::test]
async fn a_chat_in_which_something_was_said_before_it_was_opened_has_its_whole_history() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    are_friends(&anna, &bob).await;
    let group = opens_group(&anna, "Hikers").await;
    says_in(&anna, &group, "needle").await;
    for _ in 0..60 {
        says_in(&anna, &group, "hay").await;
    }

    bob.goes_to(&service.url()).await;
    bob.sees("#chats .preview", "Anna: hay").await;
    says_in(&anna, &group, "news").await;
    bob.sees("#chats .preview", "Anna: news").await;
    asks(&anna, "rename_group", json!({ "chat": group, "name": "Climbers" })).await;
    bob.sees("#chats .name", "Climbers").await;
    says_in(&anna, &group, "more news").await;
    bob.sees("#chats .preview", "Anna: more news").await;
    bob.sees("#chats .badge", "63").await;

    bob.presses(&format!("#chats [data-chat={group}]")).await;
    bob.sees(".message .text", "more news").await;
    bob.sees(".message .text", "hay").await;
    bob.sees("#messages .older", "Older messages").await;
    bob.until("document.querySelectorAll('.message').length === 50").await;
    bob.does_not_see("#chats .badge", "").await;

    bob.clicks("#open-search").await;
    bob.writes("#words", "needle").await;
    bob.presses("#hits .hit").await;
    bob.sees(".message.found", "needle").await;
    anna.close().await;
    bob.close().await;
}

//! More chats than a page of the list has.

use serde_json::json;

use super::{are_friends, asks, can_be_kept_waiting, opens_group};
use crate::support::{Browser, Service};

#[tokio::test]
async fn a_chat_in_which_something_is_said_while_the_list_is_read_stays_open_with_what_is_being_written() {
    let (service, browser) = (Service::start(&[("COMMANDS_PER_SECOND", "1000")]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    can_be_kept_waiting(&bob).await;
    are_friends(&anna, &bob).await;
    let mut group = json!(null);
    for number in 0..100 {
        group = opens_group(&anna, &format!("Group {number}")).await;
    }
    bob.until("document.querySelectorAll('#chats button').length === 101").await;
    bob.presses("#chats button").await;
    bob.sees("#title", "Anna").await;
    bob.writes("#text", "half a sentence").await;

    // The chat is on the second page, until it moves to the front.
    bob.script("keeps = (frame) => frame.ok?.next", Vec::new()).await;
    asks(&anna, "rename_group", json!({ "chat": group, "name": "Climbers" })).await;
    bob.until("kept.length > 0").await;
    anna.says("Hello").await;
    bob.sees(".message .text", "Hello").await;
    bob.script("release()", Vec::new()).await;
    // What is asked now is answered after the second page.
    asks(&bob, "people", json!({})).await;
    bob.sees("#chats .name", "Climbers").await;
    bob.sees("#title", "Anna").await;
    bob.until("document.querySelectorAll('#chats button').length === 101").await;
    bob.until("document.getElementById('text').value === 'half a sentence'").await;
    anna.close().await;
    bob.close().await;
}

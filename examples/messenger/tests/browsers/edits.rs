//! An edit on its way.

use super::{are_friends, can_be_kept_waiting, opens_group};
use crate::support::{Browser, Service};

#[tokio::test]
async fn an_edit_that_is_answered_late_leaves_alone_what_is_written_meanwhile() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    can_be_kept_waiting(&anna).await;
    are_friends(&anna, &bob).await;
    bob.presses("#chats button").await;
    let group = opens_group(&anna, "Hikers").await;
    anna.sees("#chats .name", "Hikers").await;
    anna.says("Hello").await;
    anna.presses_in(".message.own:not(.pending)", "Hello", "Edit").await;

    anna.script("keeps = (frame) => frame.ok?.message", Vec::new()).await;
    anna.says("Hello Bob").await;
    bob.sees(".message .text", "Hello Bob").await;
    anna.presses(&format!("#chats [data-chat={group}]")).await;
    anna.writes("#text", "half a sentence").await;
    anna.script("release()", Vec::new()).await;
    anna.sees("#chats .preview", "Hello Bob").await;
    anna.until("document.getElementById('text').value === 'half a sentence'").await;
    anna.close().await;
    bob.close().await;
}

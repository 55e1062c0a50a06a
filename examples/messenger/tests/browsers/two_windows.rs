//! Two people side by side: from signing up to ticks, answers, edits, pictures and deletions.

use super::are_friends;
use crate::support::{Browser, Service};

/// A PNG of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";

#[tokio::test]
async fn two_people_sign_up_and_chat() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    are_friends(&anna, &bob).await;
    anna.sees("#subtitle", "online").await;

    // One tick, then two when Bob's device has it, then coloured ones when he has seen it.
    anna.says("Hello Bob").await;
    anna.sees(".message.own .text", "Hello Bob").await;
    anna.until("document.querySelector('.message.own .tick.delivered')").await;
    bob.sees("#chats .badge", "1").await;
    bob.sees("#chats .preview", "Hello Bob").await;
    bob.presses("#chats button").await;
    bob.sees(".message .text", "Hello Bob").await;
    anna.until("document.querySelector('.message.own .tick.read')").await;
    bob.does_not_see("#chats .badge", "").await;

    bob.writes("#text", "H").await;
    anna.sees("#typing", "Bob is writing").await;
    bob.presses(".do-reply").await;
    bob.says("Hello Anna!").await;
    anna.sees(".message .reply", "Hello Bob").await;
    anna.sees(".message .text", "Hello Anna!").await;

    anna.presses(".message.own .do-edit").await;
    anna.says("Hello, Bob!").await;
    bob.sees(".message .text", "Hello, Bob!").await;
    bob.sees(".message .foot", "edited").await;

    bob.presses_in(".message:not(.own)", "Hello, Bob!", "👍").await;
    anna.sees(".message.own .reactions", "👍 1").await;
    anna.presses(".message.own .reactions button").await;
    bob.sees(".message .reactions", "👍 2").await;
    bob.presses(".message .reactions button").await;
    anna.sees(".message.own .reactions", "👍 1").await;

    let picture = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    std::fs::write(picture.path(), PIXEL).unwrap();
    anna.chooses("#file", picture.path()).await;
    anna.sees("#pictures li", "").await;
    anna.says("Look").await;
    bob.until("document.querySelector('.message img')?.naturalWidth === 1").await;

    anna.presses_in(".message.own", "Look", "Delete").await;
    anna.presses("#confirm").await;
    bob.sees(".message .gone", "Message deleted").await;
    bob.until("!document.querySelector('.message img')").await;

    anna.presses_in(".message.own", "Hello, Bob!", "Info").await;
    anna.sees("#dialog .edit", "Hello Bob").await;
    anna.sees("#dialog .receipt", "Bob: read").await;
    anna.clicks("#dialog-close").await;

    bob.close().await;
    anna.sees("#subtitle", "last seen").await;
    anna.close().await;
}

#[tokio::test]
async fn the_first_message_is_shown_where_the_empty_chat_is_open_at_another_server() {
    let (one, browser) = (Service::start(&[]), Browser::start());
    let other = Service::on(&one.database_url, &[]);
    let (anna, bob) = (browser.window(&one.url()).await, browser.window(&other.url()).await);
    are_friends(&anna, &bob).await;
    bob.presses("#chats button").await;
    bob.sees("#title", "Anna").await;
    anna.says("Hello Bob").await;
    bob.sees(".message .text", "Hello Bob").await;
    anna.close().await;
    bob.close().await;
}

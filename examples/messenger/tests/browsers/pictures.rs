//! Pictures on their way: sent once, and not lost.

use super::{are_friends, opens_group};
use crate::support::{Browser, Service, Window};

/// A GIF of one pixel.
const PIXEL: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// Chooses a picture, and writes words to it. Gives its file, which is read when it is uploaded.
async fn prepares(window: &Window, words: &str) -> tempfile::NamedTempFile {
    let picture = tempfile::Builder::new().suffix(".gif").tempfile().unwrap();
    std::fs::write(picture.path(), PIXEL).unwrap();
    window.chooses("#file", picture.path()).await;
    window.sees("#pictures li", "").await;
    window.writes("#text", words).await;
    picture
}

#[tokio::test]
async fn a_double_click_sends_a_picture_once_and_leaves_alone_what_is_written_meanwhile() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    are_friends(&anna, &bob).await;
    bob.presses("#chats button").await;
    let group = opens_group(&anna, "Hikers").await;
    anna.sees("#chats .name", "Hikers").await;

    let slow = "window.uploads = [];
        const { fetch } = window;
        window.fetch = (...request) => new Promise((go) => uploads.push(go)).then(() => fetch(...request))";
    anna.script(slow, Vec::new()).await;
    let _picture = prepares(&anna, "Look").await;
    let send = "const send = document.querySelector('#composer [type=submit]'); send.click(); send.click()";
    anna.script(send, Vec::new()).await;
    anna.until("uploads.length === 1").await;
    anna.sees(".message.pending", "Look").await;
    anna.presses(&format!("#chats [data-chat={group}]")).await;
    anna.sees("#title", "Hikers").await;
    anna.writes("#text", "half a sentence").await;

    anna.script("uploads.forEach((go) => go())", Vec::new()).await;
    bob.until("document.querySelector('.message img')?.naturalWidth === 1").await;
    bob.until("document.querySelectorAll('.message').length === 1").await;
    anna.until("document.getElementById('text').value === 'half a sentence'").await;
    anna.close().await;
    bob.close().await;
}

#[tokio::test]
async fn a_picture_that_was_not_uploaded_stays_and_can_be_sent_again() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    are_friends(&anna, &bob).await;
    bob.presses("#chats button").await;

    let refuse = "const { fetch } = window;
        window.mend = () => (window.fetch = fetch);
        window.fetch = async () => Response.json({ message: 'the disk is full' }, { status: 507 })";
    anna.script(refuse, Vec::new()).await;
    let _picture = prepares(&anna, "Look").await;
    anna.clicks("#composer [type=submit]").await;
    anna.sees(".message.pending", "the disk is full").await;
    anna.script("mend()", Vec::new()).await;
    anna.presses_in(".message.pending", "Look", "Send again").await;
    bob.until("document.querySelector('.message img')?.naturalWidth === 1").await;
    bob.sees(".message .text", "Look").await;
    anna.until("!document.querySelector('.pending')").await;
    anna.close().await;
    bob.close().await;
}

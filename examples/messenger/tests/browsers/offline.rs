//! A device that was away: it ends with the state of one that was there all the time.

use diesel::prelude::*;
use serde_json::json;

use super::{are_friends, asks, can_be_kept_waiting, opens_group};
use crate::support::{Browser, Service};

#[tokio::test]
async fn what_happened_while_a_device_was_offline_is_there_when_it_comes_back() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    are_friends(&anna, &bob).await;
    bob.presses("#chats button").await;
    for words in ["first", "second", "third"] {
        anna.says(words).await;
        bob.sees(".message .text", words).await;
    }

    bob.goes_offline().await;
    anna.presses_in(".message.own", "first", "Edit").await;
    anna.says("first, edited").await;
    anna.presses_in(".message.own", "second", "Delete").await;
    anna.presses("#confirm").await;
    anna.sees(".message .gone", "").await;
    anna.presses_in(".message.own", "third", "🎉").await;
    anna.sees(".reactions", "🎉 1").await;
    anna.says("fourth").await;
    // What is written without a connection waits, and is sent once.
    bob.says("from the tunnel").await;
    bob.sees(".message.pending .text", "from the tunnel").await;
    bob.does_not_see(".message .text", "fourth").await;

    bob.comes_back().await;
    bob.sees(".message .text", "first, edited").await;
    bob.sees(".message .gone", "").await;
    bob.sees(".message .reactions", "🎉 1").await;
    bob.sees(".message .text", "fourth").await;
    bob.until("!document.querySelector('.pending')").await;
    anna.sees(".message .text", "from the tunnel").await;
    for window in [&anna, &bob] {
        window
            .until("[...document.querySelectorAll('.message')].filter((m) => m.textContent.includes('tunnel')).length === 1")
            .await;
    }
    anna.close().await;
    bob.close().await;
}

#[tokio::test]
async fn what_was_written_without_a_connection_is_sent_before_what_is_written_afterwards() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    can_be_kept_waiting(&bob).await;
    are_friends(&anna, &bob).await;
    bob.presses("#chats button").await;

    bob.goes_offline().await;
    for words in ["first", "second", "third"] {
        bob.says(words).await;
        bob.sees(".message.pending .text", words).await;
    }
    // It is still asking what changed.
    bob.script("keeps = (frame) => frame.ok?.is_last !== undefined", Vec::new()).await;
    bob.comes_back().await;
    bob.says("fourth").await;
    anna.sees(".message .text", "fourth").await;
    bob.script("release()", Vec::new()).await;
    anna.sees(".message .text", "third").await;
    let order = "[...document.querySelectorAll('.text')].map((text) => text.textContent).join() === 'first,second,third,fourth'";
    anna.until(order).await;
    bob.until(order).await;
    anna.close().await;
    bob.close().await;
}

#[tokio::test]
async fn a_chat_that_ended_is_gone_where_a_device_was_away_too_long_to_be_told() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    are_friends(&anna, &bob).await;
    let group = opens_group(&anna, "Hikers").await;
    bob.sees("#chats .name", "Hikers").await;
    bob.presses(&format!("#chats [data-chat={group}]")).await;
    bob.sees("#title", "Hikers").await;

    bob.goes_offline().await;
    let bob_id = asks(&anna, "people", json!({})).await["contacts"][0]["profile"]["id"].clone();
    asks(&anna, "remove_member", json!({ "chat": group, "user": bob_id })).await;
    let conn = &mut PgConnection::establish(&service.database_url).unwrap();
    let pruned = diesel::sql_query("UPDATE user_heads SET pruned_version = version").execute(conn).unwrap();
    assert!(pruned > 0);
    bob.comes_back().await;
    bob.does_not_see("#chats .name", "Hikers").await;
    bob.sees("#chats .name", "Anna").await;
    bob.until("document.getElementById('conversation').hidden").await;
    anna.close().await;
    bob.close().await;
}

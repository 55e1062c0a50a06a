//! Groups: opened, renamed, with roles, left.

use serde_json::json;

use super::{are_friends, asks};
use crate::support::{Browser, Service};

#[tokio::test]
async fn a_group_has_members_roles_and_a_name_that_change_for_everybody() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    are_friends(&anna, &bob).await;

    anna.clicks("#open-people").await;
    anna.clicks("#new-group").await;
    anna.writes("#dialog [name=name]", "Hikers").await;
    anna.clicks("#dialog [name=member]").await;
    anna.clicks("#dialog form .primary").await;
    anna.sees("#title", "Hikers").await;
    anna.sees(".message.system", "Anna opened the group").await;
    bob.sees("#chats .name", "Hikers").await;
    bob.presses("#chats button[data-chat]:not([aria-current=true])").await;

    anna.says("Who is coming?").await;
    bob.sees("#chats .preview", "Anna: Who is coming?").await;

    anna.clicks("#open-details").await;
    anna.presses_in("#dialog .person", "Bob", "Make admin").await;
    anna.sees("#dialog .role", "admin").await;
    anna.writes("#group-name", "Climbers").await;
    anna.types(fantoccini::key::Key::Enter).await;
    anna.sees("#title", "Climbers").await;
    bob.sees("#chats .name", "Climbers").await;
    anna.sees(".message.system", "Anna made Bob an admin").await;

    anna.presses_in("#dialog .person", "Bob", "Remove").await;
    bob.does_not_see("#chats .name", "Climbers").await;
    anna.sees(".message.system", "Anna removed Bob").await;
    anna.close().await;
    bob.close().await;
}

#[tokio::test]
async fn a_double_click_opens_a_group_once() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let anna = browser.window(&service.url()).await;
    anna.signs_up("anna", "Anna").await;
    anna.clicks("#open-people").await;
    anna.clicks("#new-group").await;
    anna.writes("#dialog [name=name]", "Hikers").await;
    let open = "const open = document.querySelector('#dialog form .primary'); open.click(); open.click()";
    anna.script(open, Vec::new()).await;
    anna.sees("#title", "Hikers").await;
    // What is asked now is answered after both.
    let inbox = asks(&anna, "inbox", json!({})).await;
    assert_eq!(inbox["entries"].as_array().unwrap().len(), 1);
    anna.close().await;
}

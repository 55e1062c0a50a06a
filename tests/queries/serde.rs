//! What a client gets as JSON, and that it is read again.

use std::thread;

use messenger_db::enums::{ImageType, MessageKind};
use messenger_db::ids::UserId;
use messenger_db::models::Message;
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::history::{self, Page};
use messenger_db::queries::messages::{self, Draft, Picture, SendRefused};
use messenger_db::queries::{blocks, changes, contacts, inbox, reactions, search};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::cast::{self, by};
use crate::support::TestDatabase;

#[test]
fn ids_enums_positions_and_refusals_are_what_they_are_as_texts_and_numbers() {
    let user = UserId::new();
    assert_eq!(serde_json::to_value(user).unwrap(), json!(user.to_string()));
    assert_eq!(serde_json::from_value::<UserId>(json!(user.to_string())).unwrap(), user);
    assert_eq!(serde_json::to_value(ImageType::Jpeg).unwrap(), json!("image/jpeg"));
    assert_eq!(serde_json::from_value::<MessageKind>(json!("system")).unwrap(), MessageKind::System);
    assert!(serde_json::from_value::<MessageKind>(json!("System")).is_err());
    assert_eq!(serde_json::to_value(Seq::new(42)).unwrap(), json!(42));
    assert_eq!(serde_json::from_value::<Seq>(json!(42)).unwrap(), Seq::new(42));
    let refusal = json!({
        "code": "not_a_member",
        "class": "forbidden",
        "message": "the sender is not a member of the chat",
    });
    assert_eq!(serde_json::to_value(SendRefused::NotAMember).unwrap(), refusal);
}

#[test]
fn a_page_an_inbox_hits_and_cursors_are_read_as_they_were_written() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let pictures = cast::uploaded(conn, alice, [1]);
    let seq = messages::send(conn, by(alice), chat, &Draft::image(&pictures).saying("the lake")).unwrap().message.seq;
    messages::send(conn, by(bob), chat, &Draft::text("Where?").in_reply_to(seq)).unwrap();
    reactions::add(conn, by(bob), chat, seq, "👍").unwrap();

    let page = history::latest(conn, by(bob), chat, Limit::MAX).unwrap();
    let text = serde_json::to_string(&page).unwrap();
    assert_eq!(serde_json::from_str::<Page>(&text).unwrap(), page);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["entries"][1]["message"]["seq"], json!(2));
    assert_eq!(value["profiles"][alice.to_string()]["username"], json!("alice"));
    assert!(!text.contains("argon2") && !text.contains("password"), "{text}");

    let entries = inbox::list(conn, by(bob), None, Limit::MAX).unwrap();
    let text = serde_json::to_string(&entries).unwrap();
    assert_eq!(serde_json::from_str::<Vec<inbox::Entry>>(&text).unwrap(), entries);

    let hits = search::list(conn, by(bob), "lake", None, Limit::MAX).unwrap();
    let text = serde_json::to_string(&hits).unwrap();
    assert_eq!(serde_json::from_str::<Vec<search::Hit>>(&text).unwrap(), hits);
    let cursor = hits[0].cursor();
    let text = serde_json::to_value(cursor).unwrap();
    assert_eq!(text, json!(cursor.to_string()));
    assert_eq!(serde_json::from_value::<search::Cursor>(text.clone()).unwrap(), cursor);
    let error = serde_json::from_value::<inbox::Cursor>(text).unwrap_err();
    assert_eq!(error.to_string(), "this is a cursor of search results, and a cursor of an inbox is needed");
}

#[test]
fn a_page_of_changes_is_read_as_it_was_written() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let left = groups::create(conn, by(alice), &NewGroup::new("Left", &[bob])).unwrap().id;
    let new = changes::begin(conn, by(bob)).unwrap();
    let known = changes::list(conn, by(bob), &new, Limit::MAX).unwrap().state;
    let seq = cast::say(conn, chat, alice, ["the lake"]);
    messages::hide(conn, by(bob), chat, seq).unwrap();
    messages::send(conn, by(alice), chat, &Draft::text("Where?").in_reply_to(seq)).unwrap();
    groups::leave(conn, by(carol), chat).unwrap();
    groups::leave(conn, by(bob), left).unwrap();
    contacts::request(conn, by(carol), bob).unwrap();
    blocks::block(conn, by(bob), alice).unwrap();

    let page = changes::list(conn, by(bob), &known, Limit::MAX).unwrap();
    let filled = [page.chats.len(), page.ended.len(), page.contacts.len(), page.blocks.len(), page.hidden.len()];
    assert!(filled.iter().all(|count| *count > 0), "{page:?}");
    let text = serde_json::to_string(&page).unwrap();
    assert_eq!(serde_json::from_str::<changes::Page>(&text).unwrap(), page);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["chats"][0]["members"][0]["role"], &value["is_last"]), (&json!(null), &json!(true)));
    assert!(!text.contains("argon2") && !text.contains("password"), "{text}");
}

#[test]
fn a_draft_crosses_into_another_thread() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    let draft = {
        // What a request holds, which is gone before the draft is sent.
        let (words, metadata) = ("At nine?".to_owned(), json!({ "a": 1 }));
        let owned = cast::uploaded(conn, alice, [1]);
        let pictures = [Picture::new(owned[0].file_name.as_ref(), owned[0].storage_key.as_ref())];
        Draft::image(&pictures).saying(&words).with_metadata(&metadata).into_owned()
    };
    let owned = Draft::text("At nine?".to_owned());
    let mut other = database.diesel();
    let sent: Vec<Message> = thread::spawn(move || {
        [draft, owned].map(|draft| messages::send(&mut other, by(alice), chat, &draft).unwrap().message).into()
    })
    .join()
    .unwrap();
    assert_eq!(sent[0].content.as_deref(), Some("At nine?"));
    assert_eq!((sent[0].metadata.clone(), sent[1].content.as_deref()), (json!({ "a": 1 }), Some("At nine?")));
}

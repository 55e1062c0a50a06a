//! Two servers on one database: who is connected to one hears at once what is done at the other. These sockets never ask
//! by themselves, so what they hear was told.

use std::time::Duration;

use diesel::prelude::*;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::Service;
use crate::wire::Wire;

/// Longer than anything takes that is awaited.
const LONG: Duration = Duration::from_secs(60);

/// Signs somebody up, and connects a socket of theirs.
async fn person(service: &Service, name: &str) -> (Wire, String) {
    let (token, id) = signed(service, "up", name);
    (connected(service, &token).await, id)
}

/// Signs somebody up or in: the token of the session, and the user's id.
fn signed(service: &Service, how: &str, name: &str) -> (String, String) {
    let body = format!(r#"{{"username":"{name}","password":"correct horse"}}"#);
    let answer = service.post(&format!("/api/sign-{how}"), "", &body);
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let token = head.lines().find_map(|line| line.strip_prefix("set-cookie: session=")).expect("a cookie");
    let body: Value = serde_json::from_str(&body[body.find('{').unwrap()..=body.rfind('}').unwrap()]).unwrap();
    (token.split(';').next().unwrap().to_owned(), body["id"].as_str().unwrap().to_owned())
}

/// A socket of that session, which is noted once it is answered.
async fn connected(service: &Service, token: &str) -> Wire {
    let mut wire = Wire::connect(&service.address, token).await.unwrap();
    wire.ask(json!({ "op": "begin" })).await.unwrap();
    wire
}

/// Waits for the next event of this name, which must have these fields.
async fn hears_first(wire: &mut Wire, event: &str, wanted: Value) {
    let heard = hears(wire, json!({ "event": event })).await;
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(heard[name], *value, "{heard}");
    }
}

/// Waits for an event that has these fields.
async fn hears(wire: &mut Wire, wanted: Value) -> Value {
    let fields = wanted.as_object().unwrap();
    let heard = timeout(LONG, async {
        loop {
            let frame = wire.next().await.unwrap();
            if fields.iter().all(|(name, value)| frame[name] == *value) {
                return frame;
            }
        }
    });
    heard.await.unwrap_or_else(|_| panic!("{wanted} was not heard"))
}

/// What changed since the state, which goes on.
async fn changes(wire: &mut Wire, state: &mut Value) -> Value {
    let page = wire.ask(json!({ "op": "changes", "state": state })).await.unwrap();
    *state = page["state"].clone();
    page
}

#[tokio::test]
async fn who_is_connected_to_one_server_hears_at_once_what_is_done_at_the_other() {
    let one = Service::start(&[]);
    let other = Service::on(&one.database_url, &[]);
    let (mut anna, anna_id) = person(&one, "anna").await;
    let (mut bob, bob_id) = person(&other, "bob").await;
    let (mut carol, carol_id) = person(&one, "carol").await;
    let mut state = bob.ask(json!({ "op": "begin" })).await.unwrap();

    // Of a user's own things: a contact, and a group.
    anna.ask(json!({ "op": "ask", "user": bob_id })).await.unwrap();
    hears(&mut bob, json!({ "event": "changed" })).await;
    assert_eq!(changes(&mut bob, &mut state).await["people"], true);
    bob.ask(json!({ "op": "accept", "user": anna_id })).await.unwrap();
    hears(&mut anna, json!({ "event": "changed" })).await;
    let group =
        anna.ask(json!({ "op": "create_group", "name": "Hikers", "members": [bob_id, carol_id] })).await.unwrap();
    let chat = &group["id"];
    hears(&mut bob, json!({ "event": "changed", "chat": chat })).await;
    assert_eq!(changes(&mut bob, &mut state).await["chats"][0]["chat"], *chat);

    // Messages come as they are, in their order.
    for text in ["one", "two", "three"] {
        let id = uuid::Uuid::now_v7();
        anna.ask(json!({ "op": "send", "chat": chat, "id": id, "text": text })).await.unwrap();
    }
    for text in ["one", "two", "three"] {
        let heard = hears(&mut bob, json!({ "event": "message", "chat": chat })).await;
        assert_eq!(heard["entry"]["message"]["content"], text);
    }

    // What is neither of both is asked for; what has no version is told.
    let seq = changes(&mut bob, &mut state).await["chats"][0]["messages"][2]["message"]["seq"].clone();
    bob.ask(json!({ "op": "react", "chat": chat, "seq": seq, "emoji": "👍", "on": true })).await.unwrap();
    hears(&mut anna, json!({ "event": "changed", "chat": chat })).await;
    bob.ask(json!({ "op": "read", "chat": chat, "seq": seq })).await.unwrap();
    hears(&mut anna, json!({ "event": "position", "chat": chat, "user": bob_id, "read": seq })).await;
    bob.ask(json!({ "op": "typing", "chat": chat })).await.unwrap();
    hears(&mut anna, json!({ "event": "typing", "chat": chat, "user": bob_id })).await;
    hears(&mut carol, json!({ "event": "typing", "chat": chat, "user": bob_id })).await;
    anna.ask(json!({ "op": "presence", "status": "away" })).await.unwrap();
    hears(&mut bob, json!({ "event": "presence", "user": anna_id, "status": "away" })).await;
    anna.ask(json!({ "op": "edit", "chat": chat, "seq": seq, "text": "3" })).await.unwrap();
    hears(&mut bob, json!({ "event": "changed", "chat": chat })).await;
    let page = changes(&mut bob, &mut state).await;
    let last = page["chats"][0]["messages"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["message"]["content"], &last["reactions"][0]["emoji"]), (&json!("3"), &json!("👍")));

    // Whom Bob has blocked is not told what he reads.
    bob.ask(json!({ "op": "block", "user": carol_id })).await.unwrap();
    let id = uuid::Uuid::now_v7();
    let sent = anna.ask(json!({ "op": "send", "chat": chat, "id": id, "text": "four" })).await.unwrap();
    let seq = &sent["message"]["seq"];
    carol.ask(json!({ "op": "begin" })).await.unwrap();
    bob.ask(json!({ "op": "read", "chat": chat, "seq": seq })).await.unwrap();
    hears(&mut anna, json!({ "event": "position", "chat": chat, "user": bob_id, "read": seq })).await;
    // Nor that Bob writes something, before it is written, which she is told.
    bob.ask(json!({ "op": "typing", "chat": chat })).await.unwrap();
    hears(&mut anna, json!({ "event": "typing", "chat": chat, "user": bob_id })).await;
    carol.ask(json!({ "op": "typing", "chat": chat })).await.unwrap();
    hears(&mut anna, json!({ "event": "typing", "chat": chat, "user": carol_id })).await;
    let id = uuid::Uuid::now_v7();
    bob.ask(json!({ "op": "send", "chat": chat, "id": id, "text": "five" })).await.unwrap();
    let id = uuid::Uuid::now_v7();
    carol.ask(json!({ "op": "send", "chat": chat, "id": id, "text": "six" })).await.unwrap();
    for (wire, other) in [(&mut carol, "five"), (&mut bob, "six")] {
        loop {
            let frame = timeout(LONG, wire.next()).await.unwrap().unwrap();
            assert_ne!((&frame["event"], &frame["read"]), (&json!("position"), seq));
            assert_ne!(frame["event"], "typing", "{frame}");
            if frame["entry"]["message"]["content"] == other {
                break;
            }
        }
    }

    // Whoever closes the socket is offline to those at the other server who may see it.
    anna.close().await;
    hears(&mut bob, json!({ "event": "presence", "user": anna_id, "status": "offline" })).await;
}

#[tokio::test]
async fn who_is_there_with_another_device_or_tab_stays_there_until_the_last_one_goes() {
    let one = Service::start(&[]);
    let other = Service::on(&one.database_url, &[]);
    let (token, anna_id) = signed(&one, "up", "anna");
    let mut phone = connected(&one, &token).await;
    let (mut bob, bob_id) = person(&one, "bob").await;
    bob.ask(json!({ "op": "ask", "user": anna_id })).await.unwrap();
    phone.ask(json!({ "op": "accept", "user": bob_id })).await.unwrap();
    let chat = bob.ask(json!({ "op": "open_direct", "user": anna_id })).await.unwrap()["id"].clone();

    // A laptop at the other server, which comes, is away and goes.
    let (laptops, _) = signed(&other, "in", "anna");
    let laptop = connected(&other, &laptops).await;
    hears_first(&mut bob, "presence", json!({ "user": anna_id, "status": "online" })).await;
    laptop.close().await;
    phone.ask(json!({ "op": "presence", "status": "away" })).await.unwrap();
    hears_first(&mut bob, "presence", json!({ "user": anna_id, "status": "away" })).await;

    // Another tab with the phone's session, which closes: the first is told what is told to who is there.
    let tab = connected(&one, &token).await;
    hears_first(&mut bob, "presence", json!({ "user": anna_id, "status": "online" })).await;
    tab.close().await;
    // The server notices.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let id = uuid::Uuid::now_v7();
    let sent = phone.ask(json!({ "op": "send", "chat": chat, "id": id, "text": "one" })).await.unwrap();
    for status in ["away", "online"] {
        bob.ask(json!({ "op": "presence", "status": status })).await.unwrap();
        hears(&mut phone, json!({ "event": "presence", "user": bob_id, "status": status })).await;
    }
    bob.ask(json!({ "op": "read", "chat": chat, "seq": sent["message"]["seq"] })).await.unwrap();
    hears(&mut phone, json!({ "event": "position", "user": bob_id })).await;

    // The last one, at a server that ends.
    let mut laptop = connected(&other, &laptops).await;
    hears_first(&mut bob, "presence", json!({ "user": anna_id, "status": "online" })).await;
    phone.close().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    laptop.ask(json!({ "op": "presence", "status": "away" })).await.unwrap();
    hears_first(&mut bob, "presence", json!({ "user": anna_id, "status": "away" })).await;
    other.end();
    hears_first(&mut bob, "presence", json!({ "user": anna_id, "status": "offline" })).await;
    drop(laptop);
}

#[tokio::test]
async fn a_device_that_is_signed_out_at_one_server_loses_its_socket_at_the_other() {
    let one = Service::start(&[]);
    let other = Service::on(&one.database_url, &[]);
    let (mut laptop, _) = person(&one, "anna").await;
    let mut phone = connected(&other, &signed(&other, "in", "anna").0).await;
    laptop.ask(json!({ "op": "end_other_devices" })).await.unwrap();
    hears(&mut phone, json!({ "event": "signed_out" })).await;
    laptop.ask(json!({ "op": "begin" })).await.unwrap();
}

#[tokio::test]
async fn a_server_whose_listener_lost_its_connection_tells_everybody_to_ask() {
    let service = Service::start(&[]);
    let (mut anna, _) = person(&service, "anna").await;
    anna.ask(json!({ "op": "begin" })).await.unwrap();
    let conn = &mut PgConnection::establish(&service.database_url).unwrap();
    let killed = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
                  WHERE datname = current_database() AND query LIKE '%chat_heads AS head%' AND pid <> pg_backend_pid()";
    // Until it has connected, there is nothing to kill.
    while diesel::sql_query(killed).execute(conn).unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    hears(&mut anna, json!({ "event": "changed", "chat": null })).await;
}

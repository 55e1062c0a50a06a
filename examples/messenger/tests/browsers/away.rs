//! A database that is away for a moment.

use diesel::prelude::*;
use serde_json::json;

use super::are_friends;
use crate::support::{Browser, Service};

/// A database that nobody can reach.
struct Away(PgConnection);

impl Away {
    const ALLOW: &str = "UPDATE pg_database SET datallowconn = true WHERE datname = current_database()";

    fn begin(service: &Service) -> Self {
        let mut conn = PgConnection::establish(&service.database_url).unwrap();
        diesel::sql_query(Self::ALLOW.replace("true", "false")).execute(&mut conn).unwrap();
        let end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        diesel::sql_query(end).execute(&mut conn).unwrap();
        Self(conn)
    }

    fn end(mut self) {
        diesel::sql_query(Self::ALLOW).execute(&mut self.0).unwrap();
    }
}

#[tokio::test]
async fn what_is_written_while_the_database_is_away_is_sent_when_it_is_back() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    are_friends(&anna, &bob).await;
    bob.presses("#chats button").await;

    let away = Away::begin(&service);
    anna.says("Hello").await;
    // What is asked now is answered after it.
    let refused = "return import('/page/js/device.js').then(({ ask }) => ask('people')).catch(({ code }) => code)";
    assert_eq!(anna.script(refused, Vec::new()).await, json!("connection_lost"));
    anna.sees(".message.pending", "Hello").await;

    away.end();
    bob.sees(".message .text", "Hello").await;
    anna.until("!document.querySelector('.pending')").await;
    anna.close().await;
    bob.close().await;
}

#[tokio::test]
async fn a_page_that_is_loaded_meanwhile_asks_nobody_to_sign_in_and_shows_all_when_the_database_is_back() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    are_friends(&anna, &bob).await;

    let away = Away::begin(&service);
    bob.goes_to(&service.url()).await;
    bob.until("!document.getElementById('away').hidden").await;
    bob.until("document.getElementById('sign').hidden").await;
    away.end();
    bob.sees("#chats .name", "Anna").await;
    bob.until("document.getElementById('away').hidden").await;

    // It is connected before it has asked for anything, and the database goes away in between.
    let kept = "const { send } = WebSocket.prototype;
        window.sent = [];
        WebSocket.prototype.send = function (text) { sent.push(() => send.call(this, text)); };
        window.go = () => { WebSocket.prototype.send = send; sent.splice(0).forEach((one) => one()); };
        return Promise.all([import('/page/js/device.js'), import('/page/js/store.js')]).then(([device, { store, changed }]) => {
            device.disconnect();
            store.chats.clear();
            changed('chats');
            device.connect({ onState: () => {}, onSignedOut: () => {} });
        })";
    bob.script(kept, Vec::new()).await;
    bob.until("window.sent.length > 0").await;
    let away = Away::begin(&service);
    bob.script("go()", Vec::new()).await;
    let refused = "return import('/page/js/device.js').then(({ ask }) => ask('people')).catch(({ code }) => code)";
    assert_eq!(bob.script(refused, Vec::new()).await, json!("connection_lost"));
    bob.does_not_see("#chats .name", "").await;
    away.end();
    bob.sees("#chats .name", "Anna").await;
    anna.close().await;
    bob.close().await;
}

//! A database that is away for a moment.

use diesel::prelude::*;
use serde_json::json;

use super::are_friends;
use crate::support::{Browser, Service};

#[tokio::test]
async fn what_is_written_while_the_database_is_away_is_sent_when_it_is_back() {
    let (service, browser) = (Service::start(&[]), Browser::start());
    let (anna, bob) = (browser.window(&service.url()).await, browser.window(&service.url()).await);
    are_friends(&anna, &bob).await;
    bob.presses("#chats button").await;

    let conn = &mut PgConnection::establish(&service.database_url).unwrap();
    let allow = "UPDATE pg_database SET datallowconn = true WHERE datname = current_database()";
    diesel::sql_query(allow.replace("true", "false")).execute(conn).unwrap();
    let end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    diesel::sql_query(end).execute(conn).unwrap();
    anna.says("Hello").await;
    // What is asked now is answered after it.
    let refused = "return import('/page/js/device.js').then(({ ask }) => ask('people')).catch(({ code }) => code)";
    assert_eq!(anna.script(refused, Vec::new()).await, json!("connection_lost"));
    anna.sees(".message.pending", "Hello").await;

    diesel::sql_query(allow).execute(conn).unwrap();
    bob.sees(".message .text", "Hello").await;
    anna.until("!document.querySelector('.pending')").await;
    anna.close().await;
    bob.close().await;
}

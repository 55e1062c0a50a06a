//! The pages of `messenger-db studio` in a real Chromium: legible for everybody, by keyboard alone, and deaf to what is in the
//! database.

mod hostile;
mod keyboard;
mod legible;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use diesel::prelude::*;
use messenger_db::doctest;
use messenger_db::migrate::{self, ConnectOptions, RunOptions, Silent};
use messenger_db::queries::{messages, reactions, receipts};
use messenger_db::seq::Seq;
use messenger_db::studio::{Options, Studio};

use crate::support::database;

/// A studio on a database with a chat in it. It ends with this value.
struct Shown {
    /// Its address, with the token.
    url: String,
    /// The addresses of pages of each kind.
    pages: Vec<String>,
    ends: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

impl Shown {
    /// On a database in which this was carried out.
    fn with(sql: &[&str]) -> Self {
        let url = database();
        let pool = migrate::connect(&url.parse().unwrap(), &ConnectOptions::default(), &mut Silent).unwrap();
        migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
        let conn = &mut PgConnection::establish(&url).unwrap();
        let (anna, bob, chat) = doctest::direct_chat(conn);
        for words in ["Where do we meet?", "At the lake, as always.", "At eight?"] {
            messages::send(conn, anna, chat, &messages::Draft::text(words)).unwrap();
        }
        messages::edit(conn, anna, chat, Seq::new(2), "At the lake").unwrap();
        reactions::add(conn, bob, chat, Seq::FIRST, "👍").unwrap();
        receipts::mark_read(conn, bob, chat, Seq::new(2)).unwrap();
        // What is not what it should be is shown in colours.
        let differs =
            ["ALTER TABLE users ADD COLUMN nickname text NOT NULL DEFAULT ''", "DROP INDEX user_sessions_expires_idx"];
        for statement in differs.iter().chain(sql) {
            diesel::sql_query(*statement).execute(conn).unwrap();
        }
        let (anna, chat) = (anna.user_id(), chat.to_string());
        let pages = [
            "/",
            "/tables",
            "/tables/messages",
            "/diagram",
            "/diagram?table=messages",
            "/data",
            &format!("/data/messages?c=chat_id&o=eq&v={chat}"),
            &format!("/data/messages/row?c=chat_id&o=eq&v={chat}&c=seq&o=eq&v=1"),
            "/people",
            &format!("/people/{anna}"),
            &format!("/people/{anna}/chats/{chat}"),
            &format!("/people/{anna}/chats/{chat}/2"),
            &format!("/people/{anna}/search?q=lake"),
            "/health",
            "/none",
        ];
        let studio = Studio::open(&pool, &Options::default()).unwrap();
        let (url, ends) = (studio.url(), Arc::new(AtomicBool::new(false)));
        let asked = Arc::clone(&ends);
        let serving = std::thread::spawn(move || studio.run_until(|| asked.load(Ordering::Relaxed)).unwrap());
        Self { url, pages: pages.map(ToOwned::to_owned).to_vec(), ends, serving: Some(serving) }
    }

    /// A page, for a browser that was let in.
    fn address(&self, page: &str) -> String {
        format!("{}{page}", self.url.split("/?").next().unwrap())
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let ended = self.serving.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))) || std::thread::panicking());
    }
}

//! The other server hears what was rung, and whatever is killed or lost in between, it knows everything in the end.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::migrate::{self, RunOptions, Silent};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::realtime::{Bell, Heard, Listener, Options, Ring};
use messenger_db::version::Version;

use super::cast::{self, by};
use crate::support::{Server, TestDatabase};

/// Longer than anything takes that is awaited.
const LONG: Duration = Duration::from_mins(1);

fn options() -> Options {
    let short = Duration::from_millis(1);
    Options { collect: short, look: short, poll: Duration::from_millis(50), reconnect: (short, short * 50) }
}

fn listener(database: &TestDatabase) -> Listener {
    let url = database.url();
    Listener::start(move || PgConnection::establish(&url), options())
}

fn bell(database: &TestDatabase) -> Bell {
    let url = database.url();
    Bell::start(move || PgConnection::establish(&url), options())
}

/// Listens until the chat is at this version.
fn until(listener: &Listener, chat: ChatId, version: Version) {
    loop {
        match listener.next(LONG).expect("it should be heard") {
            Heard::Ring(Ring::Chat(heard, at)) if heard == chat && at >= version => return,
            _ => {}
        }
    }
}

fn connected(listener: &Listener) {
    while listener.next(LONG).expect("it should connect") != Heard::Connected {}
}

fn group(database: &TestDatabase) -> (ChatId, UserId) {
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    (groups::create(conn, by(alice), &NewGroup::new("Hikers", &[])).unwrap().id, alice)
}

fn send(database: &TestDatabase, chat: ChatId, user: UserId) -> Version {
    messages::send(&mut database.diesel(), by(user), chat, &Draft::text("…")).unwrap().message.version
}

/// Ends the server's processes that have done this last, and waits until they are gone: they close their sockets after they have
/// left the view.
fn kill(database: &TestDatabase, query: &str) {
    let kill = format!(
        "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%{query}%'"
    );
    assert_ne!(database.value(&kill), "0");
}

#[test]
fn what_one_server_rings_the_other_hears_with_the_newest_version_of_each() {
    let database = TestDatabase::migrated();
    let (listener, bell) = (listener(&database), bell(&database));
    connected(&listener);
    let chats: Vec<_> = (0..500).map(|_| ChatId::new()).collect();
    let user = UserId::new();
    for version in 1..=3 {
        for &chat in &chats {
            bell.ring(Ring::Chat(chat, Version::new(version)));
        }
    }
    bell.ring(Ring::User(user, Version::new(9)));
    assert!(bell.note("a\0b").is_err());
    // What is rung last is sent, too, when the server ends.
    drop(bell);
    let mut heard = HashMap::new();
    let mut user_heard = false;
    while heard.values().filter(|version| **version == Version::new(3)).count() < chats.len() || !user_heard {
        match listener.next(LONG).unwrap() {
            Heard::Ring(Ring::Chat(chat, version)) => {
                let known = heard.entry(chat).or_insert(version);
                *known = version.max(*known);
            }
            Heard::Ring(ring) => user_heard |= ring == Ring::User(user, Version::new(9)),
            heard => panic!("{heard:?} was not rung"),
        }
    }
}

#[test]
fn a_note_is_heard_as_it_was_written_also_after_the_bells_connection_was_killed() {
    let database = TestDatabase::migrated();
    let (listener, bell) = (listener(&database), bell(&database));
    connected(&listener);
    for number in 0..3 {
        let note = format!("c{number} typing \u{1f600} '\\{}", "x".repeat(7_000));
        bell.note(&note).unwrap();
        assert_eq!(listener.next(LONG), Some(Heard::Note(note)));
        kill(&database, "pg_notify");
        let gone = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT count(pg_notify(%'";
        crate::support::until("the bell's session is gone", || database.value(gone) == "0");
    }
    // Also the last one, where nobody is left to try again.
    bell.note("the last").unwrap();
    drop(bell);
    assert_eq!(listener.next(LONG), Some(Heard::Note("the last".to_owned())));
}

#[test]
fn what_is_ordered_while_it_connects_is_asked_for_at_once() {
    let database = TestDatabase::migrated();
    let (chat, alice) = group(&database);
    let version = send(&database, chat, alice);
    let url = database.url();
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let rarely = Options { poll: LONG * 60, ..options() };
    let connect = move || {
        gone.recv().unwrap();
        PgConnection::establish(&url)
    };
    let listener = Listener::start(connect, rarely);
    listener.serve(Ring::Chat(chat, Version::new(1)));
    go.send(()).unwrap();
    until(&listener, chat, version);
}

#[test]
fn who_waits_for_what_is_heard_keeps_nobody_else_from_looking() {
    let database = TestDatabase::migrated();
    let (listener, bell) = (listener(&database), bell(&database));
    connected(&listener);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| listener.next(LONG));
        std::thread::sleep(Duration::from_millis(100));
        // It would wait as long as the other one, which would hear nothing.
        assert_eq!(listener.next(Duration::ZERO), None);
        bell.note("for who waits").unwrap();
        assert_eq!(waiting.join().unwrap(), Some(Heard::Note("for who waits".to_owned())));
    });
}

#[test]
fn a_ring_without_a_version_is_heard_as_one_whatever_else_is_rung_at_the_same_time() {
    let database = TestDatabase::migrated();
    let listener = listener(&database);
    connected(&listener);
    let url = database.url();
    let slow = Options { collect: Duration::from_millis(300), ..options() };
    let bell = Bell::start(move || PgConnection::establish(&url), slow);
    let chat = |version| Ring::Chat(ChatId::from_uuid(uuid::Uuid::from_u128(1)), Version::new(version));
    for rings in [[5, 0], [0, 5]] {
        for version in rings {
            bell.ring(chat(version));
        }
        assert_eq!(listener.next(LONG), Some(Heard::Ring(chat(0))));
    }
    // From two servers, and heard at one look.
    let url = database.url();
    let seldom = Options { look: Duration::from_millis(500), ..options() };
    let listener = Listener::start(move || PgConnection::establish(&url), seldom);
    connected(&listener);
    let notified = |version: i64| format!("SELECT pg_notify('messenger_db', 'c{:032x}{version}')", 1);
    database.execute(&format!("{}; {}; {}", notified(7), notified(0), notified(9))).unwrap();
    assert_eq!(listener.next(LONG), Some(Heard::Ring(chat(0))));
    assert_eq!(listener.next(Duration::from_millis(600)), None);
}

#[test]
fn a_listener_that_cannot_ask_tries_less_and_less_often_and_says_why() {
    let database = TestDatabase::empty();
    let attempts = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (url, counted) = (database.url(), attempts.clone());
    let connect = move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        PgConnection::establish(&url)
    };
    let reconnect = (Duration::from_millis(20), LONG);
    let listener = Listener::start(connect, Options { reconnect, ..options() });
    // 20, 40, 80, 160, 320, 640 and 1,280 ms.
    assert_eq!(listener.next(Duration::from_secs(2)), None);
    let made = attempts.load(std::sync::atomic::Ordering::Relaxed);
    assert!((3..=8).contains(&made), "{made}");
    let trouble = listener.trouble().unwrap();
    assert!(trouble.contains("chat_heads"), "{trouble}");
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    connected(&listener);
    assert_eq!(listener.trouble(), None);
}

#[test]
fn a_server_that_dies_before_it_rings_loses_nothing_in_the_end() {
    let database = TestDatabase::migrated();
    let (chat, alice) = group(&database);
    let listener = listener(&database);
    connected(&listener);
    listener.serve(Ring::Chat(chat, Version::new(1)));
    // Nobody rings.
    let version = send(&database, chat, alice);
    until(&listener, chat, version);
    listener.serve(Ring::User(alice, Version::ZERO));
    while listener.next(LONG) != Some(Heard::Ring(Ring::User(alice, Version::new(1)))) {}
    // What is not served is not asked for.
    listener.forget_chat(chat);
    send(&database, chat, alice);
    assert_eq!(listener.next(Duration::from_millis(200)), None);
}

#[test]
fn a_listener_and_a_bell_whose_connections_are_killed_go_on() {
    let database = TestDatabase::migrated();
    let (chat, alice) = group(&database);
    let (listener, bell) = (listener(&database), bell(&database));
    connected(&listener);
    for _ in 0..5 {
        let version = send(&database, chat, alice);
        bell.ring(Ring::Chat(chat, version));
        until(&listener, chat, version);
        // The bell finds it out when it rings, and rings again on another connection.
        kill(&database, "pg_notify");
        let version = send(&database, chat, alice);
        bell.ring(Ring::Chat(chat, version));
        until(&listener, chat, version);
        kill(&database, "chat_heads AS head");
        connected(&listener);
    }
}

#[test]
fn a_database_that_crashes_and_comes_back_is_heard_again() {
    let server: &'static Server = Box::leak(Box::new(Server::wanted(|builder| builder)));
    let database = TestDatabase::empty_on(server);
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    let (chat, alice) = group(&database);
    let (listener, bell) = (listener(&database), bell(&database));
    connected(&listener);
    let version = send(&database, chat, alice);
    listener.serve(Ring::Chat(chat, version));
    server.crash();
    // Rung while there is no database.
    bell.ring(Ring::Chat(chat, Version::new(version.get() + 1)));
    server.restart();
    connected(&listener);
    let version = send(&database, chat, alice);
    bell.ring(Ring::Chat(chat, version));
    until(&listener, chat, version);
    // And without a ring.
    let version = send(&database, chat, alice);
    until(&listener, chat, version);
}

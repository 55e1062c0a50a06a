//! The outbox and the receipts of an async service: what many callers give at once is carried out together, whatever becomes of
//! a caller.

use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::Error::NotFound;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::migrate::{self, RunOptions, Silent};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::receipts;
use messenger_db::queries::unread;
use messenger_db::seq::Seq;
use messenger_db::service::{Options, Outbox, Pool, Receipts};

use super::cast::by;
use super::consistency::assert_consistent;
use super::service::held;
use super::together::people;
use crate::support::{Server, TestDatabase, until};

fn outbox(database: &TestDatabase, connections: usize) -> (Pool, Outbox) {
    let long = Duration::from_mins(1);
    let pool = Pool::new(&database.url(), Options { connections, wait: long, connect: long, ..Options::default() });
    (pool.clone(), Outbox::new(pool))
}

#[test]
fn who_waits_while_others_are_on_their_way_shares_a_transaction() {
    let database = TestDatabase::migrated();
    let ([alice, bob, carol, _], _, group) = people(&mut database.diesel());
    let (pool, outbox) = outbox(&database, 1);
    // One thread, so that all who come before the connection is free have come.
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let marks = Receipts::new(pool.clone());
        let (held, go) = held(&pool, |_| Ok(())).await;
        let sends: Vec<_> = (0..50)
            .map(|number| {
                let (outbox, sender) = (outbox.clone(), if number % 2 == 0 { alice } else { bob });
                tokio::spawn(async move { outbox.send(by(sender), group, Draft::text(format!("{number}"))).await })
            })
            .collect();
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        held.await.unwrap().unwrap();
        for (number, send) in sends.into_iter().enumerate() {
            assert_eq!(send.await.unwrap().unwrap().message.content, Some(number.to_string()));
        }
        let refused = outbox.send(by(UserId::new()), group, Draft::text("…")).await.unwrap_err();
        assert_eq!(refused.code(), "not_a_member");
        assert!(!marks.mark_read(by(carol), group, Seq::MAX).await.unwrap().is_empty());
        assert!(marks.mark_delivered(by(carol), group, Seq::MAX).await.unwrap().is_empty());
    });
    let transactions: usize = database.value("SELECT count(DISTINCT xmin::text) FROM messages").parse().unwrap();
    assert!(transactions <= 4, "{transactions}");
    assert_consistent(&database);
}

/// How many connections wait for a lock.
const WAITING: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

#[test]
fn a_chat_that_is_locked_holds_one_connection_and_no_other_chat() {
    let database = TestDatabase::migrated();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // Dropped before the runtime, which waits for what waits for its lock.
    let mut beside = database.diesel();
    let ([alice, bob, ..], direct, group) = people(&mut beside);
    let pool = Pool::new(&database.url(), Options { connections: 3, ..Options::default() });
    beside.batch_execute(&format!("BEGIN; SELECT FROM chat_heads WHERE chat_id = '{group}' FOR UPDATE")).unwrap();
    runtime.block_on(async {
        let (outbox, marks) = (Outbox::new(pool.clone()), Receipts::new(pool.clone()));
        let waiting: Vec<_> = (0..70)
            .map(|number| {
                let (outbox, sender) = (outbox.clone(), if number % 2 == 0 { alice } else { bob });
                tokio::spawn(async move { outbox.send(by(sender), group, Draft::text(format!("{number}"))).await })
            })
            .collect();
        until("a send waits for the chat", || database.value(WAITING) != "0");
        for _ in 0..3 {
            let send = outbox.send(by(alice), direct, Draft::text("Hello"));
            tokio::time::timeout(Duration::from_secs(20), send).await.expect("a connection for it").unwrap();
            marks.mark_read(by(bob), direct, Seq::MAX).await.unwrap();
        }
        assert_eq!(database.value(WAITING), "1");
        assert!(pool.status().open < 3, "{:?}", pool.status());
        beside.batch_execute("ROLLBACK").unwrap();
        for (number, send) in waiting.into_iter().enumerate() {
            assert_eq!(send.await.unwrap().unwrap().message.content, Some(number.to_string()));
        }
    });
    let transactions: usize = database
        .value(&format!("SELECT count(DISTINCT xmin::text) FROM messages WHERE chat_id = '{group}'"))
        .parse()
        .unwrap();
    // What prepared the group, the first one alone, 64, and what was left.
    assert!(transactions <= 4, "{transactions}");
    assert_consistent(&database);
}

#[test]
fn a_position_that_is_locked_holds_one_connection_and_no_other_position() {
    let database = TestDatabase::migrated();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut beside = database.diesel();
    let ([alice, bob, carol, _], direct, group) = people(&mut beside);
    for number in 0..3 {
        for (sender, chat) in [(bob, direct), (alice, group), (bob, group)] {
            messages::send(&mut beside, by(sender), chat, &Draft::text(format!("{number}"))).unwrap();
        }
    }
    let pool = Pool::new(&database.url(), Options { connections: 3, ..Options::default() });
    let position = format!("WHERE user_id = '{alice}' AND chat_id = '{group}'");
    beside.batch_execute(&format!("BEGIN; SELECT FROM unread_messages {position} FOR UPDATE")).unwrap();
    runtime.block_on(async {
        let marks = Receipts::new(pool.clone());
        let waiting: Vec<_> = (0..70)
            .map(|_| {
                let marks = marks.clone();
                tokio::spawn(async move { marks.mark_read(by(alice), group, Seq::MAX).await })
            })
            .collect();
        until("a mark waits for the position", || database.value(WAITING) != "0");
        for (user, chat) in [(carol, group), (alice, direct)] {
            let mark = marks.mark_read(by(user), chat, Seq::MAX);
            tokio::time::timeout(Duration::from_secs(20), mark).await.expect("a connection for it").unwrap();
        }
        assert_eq!(database.value(WAITING), "1");
        assert!(pool.status().open < 3, "{:?}", pool.status());
        beside.batch_execute("ROLLBACK").unwrap();
        for mark in waiting {
            mark.await.unwrap().unwrap();
        }
    });
    assert_eq!(unread::find(&mut beside, by(alice), group).unwrap(), Some(0));
    assert_consistent(&database);
}

#[test]
fn whoever_gives_up_or_panics_passes_the_turn_on() {
    let database = TestDatabase::migrated();
    let ([alice, ..], _, group) = people(&mut database.diesel());
    let (pool, outbox) = outbox(&database, 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let left = runtime.block_on(async {
        let (held, go) = held(&pool, |_| Ok(())).await;
        let send = |text: &'static str| {
            let outbox = outbox.clone();
            tokio::spawn(async move { outbox.send(by(alice), group, Draft::text(text)).await })
        };
        // The first has the turn, which waits for the connection; the second waits for the first.
        let (first, second) = (send("given up"), send("sent"));
        tokio::task::yield_now().await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        go.send(()).unwrap();
        held.await.unwrap().unwrap();
        assert_eq!(second.await.unwrap().unwrap().message.content.as_deref(), Some("sent"));
        assert_eq!(send("and on").await.unwrap().unwrap().message.content.as_deref(), Some("and on"));
        // The runtime ends while they wait.
        drop((send("left"), send("left too")));
        outbox
    });
    drop(runtime);
    drop(left);
    // It was on its way, and those that nobody has polled were not.
    let sent = database.column("SELECT content FROM messages WHERE sender_id IS NOT NULL ORDER BY seq");
    assert_eq!(sent, ["given up", "sent", "and on"]);
}

#[test]
fn whoever_gives_up_outside_of_the_runtime_passes_the_turn_on() {
    let database = TestDatabase::migrated();
    let ([alice, ..], _, group) = people(&mut database.diesel());
    let (pool, outbox) = outbox(&database, 1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (held, go) = runtime.block_on(held(&pool, |_| Ok(())));
    let [mut given_up, mut sent] =
        ["given up", "sent"].map(|text| Box::pin(outbox.send(by(alice), group, Draft::text(text))));
    // The first has the turn, and waits for the connection; the second waits for the first.
    for sending in [&mut given_up, &mut sent] {
        runtime.block_on(async { tokio::time::timeout(Duration::ZERO, sending).await.unwrap_err() });
    }
    drop(given_up);
    go.send(()).unwrap();
    runtime.block_on(held).unwrap().unwrap();
    assert_eq!(runtime.block_on(sent).unwrap().message.content.as_deref(), Some("sent"));
}

/// Holds the lock of a chat until it is dropped.
fn locked(database: &TestDatabase, chat: ChatId) -> PgConnection {
    let mut beside = database.diesel();
    beside.batch_execute(&format!("BEGIN; SELECT FROM chat_heads WHERE chat_id = '{chat}' FOR UPDATE")).unwrap();
    beside
}

fn one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn whoever_gives_up_at_a_locked_chat_leaves_the_connections_to_the_others() {
    let database = TestDatabase::migrated();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let ([alice, bob, ..], direct, group) = people(&mut database.diesel());
    let beside = locked(&database, group);
    let (pool, outbox) = outbox(&database, 3);
    let marks = Receipts::new(pool.clone());
    runtime.block_on(async {
        for number in 0..8 {
            let send = outbox.send(by(alice), group, Draft::text(format!("{number}")));
            assert!(tokio::time::timeout(Duration::from_millis(100), send).await.is_err());
            // Once it waits for the lock, what follows waits for it.
            until("a send waits for the chat", || database.value(WAITING) != "0");
        }
        assert_eq!(database.value(WAITING), "1");
        let others = async {
            outbox.send(by(alice), direct, Draft::text("Hello")).await.unwrap();
            marks.mark_read(by(bob), direct, Seq::MAX).await.unwrap();
        };
        tokio::time::timeout(Duration::from_secs(20), others).await.expect("a connection for it");
        assert!(pool.status().open < 3, "{:?}", pool.status());
        drop(beside);
        // In the order in which they came, and after those who gave up.
        let last = outbox.send(by(alice), group, Draft::text("last")).await.unwrap();
        assert_eq!(last.message.content.as_deref(), Some("last"));
    });
    let sent = database.column("SELECT content FROM messages WHERE content <> 'Hello' ORDER BY seq");
    assert_eq!(sent, ["0", "1", "2", "3", "4", "5", "6", "7", "last"]);
    assert_consistent(&database);
}

#[test]
fn who_waits_on_one_runtime_does_not_depend_on_another_one() {
    for is_dropped in [false, true] {
        let database = TestDatabase::migrated();
        let ([alice, bob, ..], direct, group) = people(&mut database.diesel());
        let (_, outbox) = outbox(&database, 4);
        let first_runtime = one_thread();
        first_runtime.block_on(outbox.send(by(alice), direct, Draft::text("warm"))).unwrap();
        let beside = locked(&database, group);
        let first = first_runtime.spawn({
            let outbox = outbox.clone();
            async move { outbox.send(by(alice), group, Draft::text("first")).await }
        });
        first_runtime.block_on(async {
            while database.value(WAITING) == "0" {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let second_runtime = one_thread();
        let second: Vec<_> = (0..3)
            .map(|number| {
                let outbox = outbox.clone();
                second_runtime.spawn(async move { outbox.send(by(bob), group, Draft::text(format!("{number}"))).await })
            })
            .collect();
        second_runtime.block_on(tokio::task::yield_now());
        drop(beside);
        if is_dropped {
            // Before or after the first is done, and nothing of the others had begun.
            first_runtime.shutdown_background();
            drop(first);
        } else {
            // It is not driven any more afterwards.
            first_runtime.block_on(first).unwrap().unwrap();
        }
        second_runtime.block_on(async {
            for (number, send) in second.into_iter().enumerate() {
                let sent = tokio::time::timeout(Duration::from_secs(20), send).await.expect("it goes on");
                assert_eq!(sent.unwrap().unwrap().message.content, Some(number.to_string()));
            }
        });
        assert_consistent(&database);
    }
}

/// Waits on a thread that has no runtime.
fn without_runtime<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(thread::current())).into();
    let mut future = std::pin::pin!(future);
    loop {
        if let std::task::Poll::Ready(done) = future.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
            return done;
        }
        thread::park();
    }
}

#[test]
fn a_send_needs_no_runtime_and_blocks_nobody_wherever_it_is_polled() {
    let database = TestDatabase::migrated();
    let ([alice, bob, ..], direct, group) = people(&mut database.diesel());
    let (pool, outbox) = outbox(&database, 1);
    let marks = Receipts::new(pool);
    let sent = without_runtime(outbox.send(by(alice), group, Draft::text("outside"))).unwrap();
    assert_eq!(sent.message.content.as_deref(), Some("outside"));
    assert!(!without_runtime(marks.mark_read(by(bob), group, Seq::MAX)).unwrap().is_empty());
    // Polled once, and neither polled again nor dropped.
    let poll = |future: std::pin::Pin<&mut dyn Future<Output = ()>>| {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let polled = std::panic::AssertUnwindSafe(|| future.poll(&mut context).is_ready());
        drop(std::panic::catch_unwind(polled));
    };
    let mut left = std::pin::pin!(async { drop(outbox.send(by(alice), group, Draft::text("outside")).await) });
    poll(left.as_mut());
    // A runtime without time, on which the pool has no connections.
    let without_time = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut left_too = std::pin::pin!(async { drop(outbox.send(by(bob), group, Draft::text("outside")).await) });
    {
        let _entered = without_time.enter();
        poll(left_too.as_mut());
    }
    one_thread().block_on(async {
        for chat in [group, direct] {
            let send = outbox.send(by(alice), chat, Draft::text("inside"));
            let sent = tokio::time::timeout(Duration::from_secs(20), send).await.expect("nobody blocks it");
            assert_eq!(sent.unwrap().message.content.as_deref(), Some("inside"));
        }
        let mark = marks.mark_read(by(bob), group, Seq::MAX);
        tokio::time::timeout(Duration::from_secs(20), mark).await.expect("nobody blocks it").unwrap();
    });
    assert_eq!(database.value("SELECT count(*) FROM messages WHERE content = 'outside'"), "3");
    assert_consistent(&database);
}

#[test]
fn a_crash_loses_what_is_relaxed_and_nothing_that_was_sent() {
    // Nothing is written to the disk before somebody waits for it.
    let server: &'static Server =
        Box::leak(Box::new(Server::wanted(|builder| builder.setting("wal_writer_delay = 10s"))));
    let database = TestDatabase::empty_on(server);
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    let ([alice, bob, carol, _], direct, group) = people(&mut database.diesel());
    messages::send(&mut database.diesel(), by(alice), direct, &Draft::text("one")).unwrap();
    let options = Options { relaxed_receipts: true, ..Options::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // Once in 10 s the server writes it to the disk all the same, perhaps just then.
    let is_lost = (0..3).any(|_| {
        let pool = Pool::new(&database.url(), options);
        runtime.block_on(async {
            // With a message in the same transaction it is as durable as that.
            let kept = move |conn: &mut PgConnection| {
                conn.transaction(|conn| {
                    receipts::mark_read(conn, by(carol), group, Seq::MAX).map_err(|_| NotFound)?;
                    messages::send(conn, by(carol), group, &Draft::text("two")).map_err(|_| NotFound)
                })
            };
            pool.run(kept).await.unwrap();
            pool.run(move |conn| receipts::mark_read(conn, by(bob), direct, Seq::MAX)).await.unwrap();
        });
        server.crash();
        server.restart();
        let conn = &mut database.diesel();
        assert_eq!(unread::total(conn, by(carol)).unwrap(), 0);
        assert_consistent(&database);
        unread::find(conn, by(bob), direct).unwrap() == Some(1)
    });
    assert!(is_lost);
    assert_eq!(database.value("SELECT count(*) FROM messages WHERE content = 'one'"), "1");
    assert_ne!(database.value("SELECT count(*) FROM messages WHERE content = 'two'"), "0");
}

//! Operations of many callers in one transaction: each has its own outcome, as if it had been alone.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::Error::NotFound;
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::migrate::{self, RunOptions, Silent};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, Outgoing, Picture, SendRefused};
use messenger_db::queries::receipts::{self, Mark, MarkRefused};
use messenger_db::queries::{blocks, direct_chats, history, unread};
use messenger_db::seq::Seq;
use messenger_db::service::{Options, Outbox, Pool, Receipts};
use serde_json::json;

use super::cast::{self, by};
use super::consistency::assert_consistent;
use crate::support::{Server, TestDatabase, until};

/// Three people, of whom the first two have a direct chat, and all three a group; and one who is in none.
fn people(conn: &mut PgConnection) -> ([UserId; 4], ChatId, ChatId) {
    let people = ["alice", "bob", "carol", "dave"].map(|name| cast::user(conn, name));
    let [alice, bob, carol, _] = people;
    cast::befriend(conn, alice, bob);
    let direct = direct_chats::find_or_create(conn, by(alice), bob).unwrap().id;
    let group = groups::create(conn, by(alice), &NewGroup::new("Hikers", &[bob, carol])).unwrap().id;
    (people, direct, group)
}

#[test]
fn each_message_has_the_outcome_that_it_has_alone() {
    let outcomes = |is_together: bool| {
        let database = TestDatabase::migrated();
        let conn = &mut database.diesel();
        let ([alice, bob, carol, dave], direct, group) = people(conn);
        let last = messages::send(conn, by(alice), group, &Draft::text("before")).unwrap().message.seq;
        let (again, taken) = (Draft::text("again"), Draft::text("taken"));
        messages::send(conn, by(bob), group, &again).unwrap();
        messages::send(conn, by(carol), group, &taken).unwrap();
        blocks::block(conn, by(bob), alice).unwrap();
        let (metadata, list) = (json!({"a": [1]}), json!([1]));
        let twice = Draft::text("twice");
        let answered = Seq::new(last.get() + 3);
        let outgoing = [
            Outgoing::new(by(carol), group, Draft::text("first").with_metadata(&metadata)),
            Outgoing::new(by(alice), direct, Draft::text("blocked by the other")),
            Outgoing::new(by(bob), direct, Draft::text("blocked")),
            Outgoing::new(by(dave), group, Draft::text("not a member")),
            Outgoing::new(by(dave), group, again.clone()),
            Outgoing::new(by(bob), group, again),
            Outgoing::new(by(bob), group, taken),
            Outgoing::new(by(alice), group, Draft::text(" ")),
            Outgoing::new(by(alice), group, Draft::text("a\0b")),
            Outgoing::new(by(alice), group, Draft::text("a list").with_metadata(&list)),
            Outgoing::new(by(alice), group, Draft::text("answers the first of these").in_reply_to(answered)),
            Outgoing::new(by(alice), group, Draft::text("answers nothing").in_reply_to(Seq::new(99))),
            Outgoing::new(by(alice), group, Draft::text("names").mentioning(vec![carol])),
            Outgoing::new(by(alice), group, Draft::text("names a stranger").mentioning(vec![dave])),
            Outgoing::new(by(alice), group, Draft::image(vec![Picture::new("a.png", "of nobody")])),
            Outgoing::new(by(carol), group, twice.clone()),
            Outgoing::new(by(carol), group, twice),
            Outgoing::new(by(alice), ChatId::new(), Draft::text("no chat")),
            Outgoing::new(by(carol), group, Draft::text("last")),
        ];
        let sent: Vec<_> = if is_together {
            messages::send_many(conn, &outgoing).unwrap()
        } else {
            outgoing
                .iter()
                .map(|one| match messages::send(conn, one.actor, one.chat_id, &one.draft) {
                    Ok(sent) => Ok(sent),
                    Err(messenger_db::error::Error::Refused(refused)) => Err(refused),
                    Err(error) => panic!("{error}"),
                })
                .collect()
        };
        assert_consistent(&database);
        let page = history::before(conn, by(carol), group, Seq::MAX, Limit::MAX).unwrap();
        let told = sent.into_iter().map(|one| {
            one.map(|sent| (sent.message.seq, sent.message.content, sent.message.metadata, sent.already_sent))
        });
        let told: Vec<Result<_, SendRefused>> = told.collect();
        let seen: Vec<_> = page.entries.into_iter().map(|entry| (entry.message.seq, entry.message.content)).collect();
        (told, seen)
    };
    let (alone, together) = (outcomes(false), outcomes(true));
    pretty_assertions::assert_eq!(together, alone);
    let kinds: BTreeSet<_> = together.0.iter().filter_map(|one| one.as_ref().err()).map(ToString::to_string).collect();
    assert!(kinds.len() >= 9, "{kinds:?}");
}

/// What `send_messages` answers to whoever calls it with SQL.
#[derive(Debug, QueryableByName, PartialEq)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    place: i64,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    next_seq: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    next_version: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    has_time: bool,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    violated: Option<String>,
}

#[test]
fn a_message_that_violates_a_constraint_has_its_name_and_nothing_of_the_message_before() {
    for keeps_inbox in [false, true] {
        let database = TestDatabase::migrated();
        let conn = &mut database.diesel();
        let ([alice, ..], _, group) = people(conn);
        if keeps_inbox {
            conn.batch_execute("SELECT keep_inbox(true)").unwrap();
        }
        let last = messages::send(conn, by(alice), group, &Draft::text("before")).unwrap().message;
        let sending = format!(
            "SELECT place, next_seq, next_version, sent_at IS NOT NULL AS has_time, violated FROM send_messages(
                array_fill('{group}'::uuid, ARRAY[4]), array_fill('{alice}'::uuid, ARRAY[4]),
                ARRAY[gen_random_uuid(), '{}', gen_random_uuid(), gen_random_uuid()],
                array_fill('text'::message_kind, ARRAY[4]), ARRAY['first', 'again', 'of nothing', 'last'],
                array_fill('{{}}'::jsonb, ARRAY[4]), ARRAY[{}, NULL, 99, {}]
            ) ORDER BY place",
            last.id, last.seq, last.seq
        );
        let rows = diesel::sql_query(sending).load::<Row>(conn).unwrap();
        let (seq, version) = (last.seq.get(), last.version.get());
        let sent = |place, by| Row {
            place,
            next_seq: Some(seq + by),
            next_version: Some(version + by),
            has_time: true,
            violated: None,
        };
        let refused = |place, constraint: &str| Row {
            place,
            next_seq: None,
            next_version: None,
            has_time: false,
            violated: Some(constraint.to_owned()),
        };
        let expected =
            [sent(1, 1), refused(2, "messages_id_key"), refused(3, "messages_reply_to_earlier_check"), sent(4, 2)];
        pretty_assertions::assert_eq!(rows, expected);
        assert_consistent(&database);
    }
}

/// What is sent, plainly, to several chats by several members, some of whom have received or read what is before.
#[test]
fn what_is_sent_together_leaves_what_it_leaves_one_by_one() {
    let left = |is_together: bool| {
        let database = TestDatabase::migrated();
        let conn = &mut database.diesel();
        let ([alice, bob, carol, _], direct, group) = people(conn);
        let other = groups::create(conn, by(bob), &NewGroup::new("Readers", &[alice, carol])).unwrap().id;
        for (user, chat) in [(alice, group), (bob, other), (alice, direct), (carol, group), (alice, other)] {
            messages::send(conn, by(user), chat, &Draft::text("before")).unwrap();
        }
        receipts::mark_delivered(conn, by(bob), group, Seq::MAX).unwrap();
        receipts::mark_delivered(conn, by(carol), other, Seq::MAX).unwrap();
        receipts::mark_read(conn, by(carol), other, Seq::new(1)).unwrap();
        receipts::mark_read(conn, by(bob), direct, Seq::MAX).unwrap();
        let outgoing: Vec<_> = [
            (bob, group),
            (carol, other),
            (alice, direct),
            (bob, group),
            (alice, group),
            (carol, other),
            (bob, direct),
            (bob, group),
            (alice, other),
            (alice, direct),
        ]
        .into_iter()
        .enumerate()
        .map(|(number, (user, chat))| Outgoing::new(by(user), chat, Draft::text(format!("number {number}"))))
        .collect();
        let sent: Vec<_> = if is_together {
            messages::send_many(conn, &outgoing).unwrap().into_iter().map(Result::unwrap).collect()
        } else {
            outgoing.iter().map(|one| messages::send(conn, one.actor, one.chat_id, &one.draft).unwrap()).collect()
        };
        assert_consistent(&database);
        let told: Vec<_> = sent.into_iter().map(|sent| (sent.message.seq, sent.message.version)).collect();
        // By names, because each database has its own ids.
        let chat = "coalesce((SELECT name FROM chats WHERE chats.id = chat_id), 'direct')";
        let user = |column: &str| format!("(SELECT username FROM users WHERE users.id = {column})");
        let rows = [
            format!(
                "SELECT concat_ws(' ', {chat}, seq, {}, content, version, kind) FROM messages ORDER BY 1",
                user("sender_id")
            ),
            format!(
                "SELECT concat_ws(' ', {chat}, last_seq, {}, last_kind, last_preview, version) FROM chat_heads ORDER BY 1",
                user("last_sender_id")
            ),
            format!(
                "SELECT concat_ws(' ', {chat}, {}, last_read_seq, last_delivered_seq) FROM unread_messages ORDER BY 1",
                user("user_id")
            ),
            format!(
                "SELECT concat_ws(' ', {chat}, {}, through_seq, read_at IS NOT NULL) FROM message_delivery ORDER BY 1",
                user("user_id")
            ),
        ];
        (told, rows.map(|sql| database.column(&sql)))
    };
    pretty_assertions::assert_eq!(left(true), left(false));
}

#[test]
fn many_who_send_the_same_to_the_same_chats_in_any_order_send_it_once_and_wait_in_no_circle() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, 4);
    let chats: Vec<_> =
        (0..6).map(|_| groups::create(conn, by(crowd[0]), &NewGroup::new("Crowd", &crowd)).unwrap().id).collect();
    let drafts: Vec<_> = (0..24).map(|number| (chats[number % 6], crowd[number % 4], MessageId::new())).collect();
    thread::scope(|scope| {
        for turn in 0..4 {
            let (mut conn, mut drafts) = (database.diesel(), drafts.clone());
            scope.spawn(move || {
                for round in 0..6 {
                    drafts.rotate_left(turn * 5 + 1);
                    let text = format!("{round}");
                    let same = drafts.iter().map(|(chat, user, id)| {
                        Outgoing::new(by(*user), *chat, Draft::text(text.as_str()).with_id(*id))
                    });
                    let own = drafts.iter().map(|(chat, user, _)| Outgoing::new(by(*user), *chat, Draft::text("own")));
                    let sent = messages::send_many(&mut conn, &same.chain(own).collect::<Vec<_>>()).unwrap();
                    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
                }
            });
        }
    });
    assert_eq!(database.value("SELECT count(*) FROM messages WHERE content <> 'own'"), "24");
    assert_eq!(database.value("SELECT count(*) FROM messages WHERE content = 'own'"), (4 * 6 * 24).to_string());
    assert_consistent(&database);
}

#[test]
fn marks_of_many_move_each_position_as_one_alone_would() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let ([alice, bob, carol, dave], direct, group) = people(conn);
    for chat in [direct, group, group] {
        messages::send(conn, by(alice), chat, &Draft::text("…")).unwrap();
    }
    let last = Seq::MAX;
    let marks = [
        Mark::read(by(carol), group, last),
        Mark::delivered(by(bob), group, last),
        Mark::read(by(dave), group, last),
        Mark::read(by(bob), direct, last),
        Mark::read(by(bob), group, Seq::new(2)),
        Mark::delivered(by(bob), group, Seq::new(1)),
    ];
    let marked = receipts::mark_many(conn, &marks).unwrap();
    assert_eq!(marked[2], Err(MarkRefused::NotAMember));
    let moved: Vec<_> = marked.iter().flatten().map(|one| !one.is_empty()).collect();
    assert_eq!(moved, [true, true, true, true, false]);
    assert_eq!(unread::total(conn, by(carol)).unwrap(), 0);
    assert_eq!(unread::total(conn, by(bob)).unwrap(), 1);
    assert!(receipts::mark_many(conn, &[]).unwrap().is_empty());
    assert_consistent(&database);
}

#[test]
fn who_waits_while_others_are_on_their_way_shares_a_transaction() {
    let database = TestDatabase::migrated();
    let ([alice, bob, carol, _], _, group) = people(&mut database.diesel());
    let long = Duration::from_mins(1);
    let pool = Pool::new(&database.url(), Options { connections: 1, wait: long, connect: long, ..Options::default() });
    // One thread, so that all who come before the connection is free have come.
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let (outbox, marks) = (Outbox::new(pool.clone()), Receipts::new(pool.clone()));
        let (begin, begun) = tokio::sync::oneshot::channel();
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let holding = pool.clone();
        let held = tokio::spawn(async move {
            let hold = move |_: &mut PgConnection| {
                begin.send(()).unwrap();
                gone.recv_timeout(long).unwrap();
                QueryResult::Ok(())
            };
            holding.run(hold).await
        });
        begun.await.unwrap();
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
    let long = Duration::from_mins(1);
    let pool = Pool::new(&database.url(), Options { connections: 1, wait: long, connect: long, ..Options::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let left = runtime.block_on(async {
        let outbox = Outbox::new(pool.clone());
        let (begin, begun) = tokio::sync::oneshot::channel();
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let holding = pool.clone();
        let held = tokio::spawn(async move {
            let hold = move |_: &mut PgConnection| {
                begin.send(()).unwrap();
                gone.recv_timeout(long).unwrap();
                QueryResult::Ok(())
            };
            holding.run(hold).await
        });
        begun.await.unwrap();
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
    let long = Duration::from_mins(1);
    let pool = Pool::new(&database.url(), Options { connections: 1, wait: long, connect: long, ..Options::default() });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let outbox = Outbox::new(pool.clone());
    let (begin, begun) = std::sync::mpsc::channel();
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let held = runtime.spawn(async move {
        let hold = move |_: &mut PgConnection| {
            begin.send(()).unwrap();
            gone.recv_timeout(long).unwrap();
            QueryResult::Ok(())
        };
        pool.run(hold).await
    });
    begun.recv_timeout(long).unwrap();
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

fn outbox(database: &TestDatabase, connections: usize) -> (Pool, Outbox) {
    let long = Duration::from_mins(1);
    let pool = Pool::new(&database.url(), Options { connections, wait: long, connect: long, ..Options::default() });
    (pool.clone(), Outbox::new(pool))
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

//! The list of chats by user is what the tables of the chats say, within a tick, whatever happens to those who keep it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use messenger_db::error::Error;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::migrate::{self, RunOptions, Silent};
use messenger_db::page::Limit;
use messenger_db::projector::{self, Options, Tick};
use messenger_db::queries::chat_settings::{self, Changes};
use messenger_db::queries::groups;
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{accounts, inbox, receipts, unread};
use messenger_db::seq::Seq;

use super::cast::{self, by, say};
use super::server_statistics;
use crate::support::{LockHolder, Server, TestDatabase, server, until};

/// The rows that are in one of the two, and not in the other.
const DIFFERENCES: &str = "
    SELECT coalesce(string_agg(one::text, E'\\n'), '') FROM (
        (SELECT 'kept', kept.* FROM inbox_by_user AS kept EXCEPT ALL SELECT 'kept', truth.* FROM inbox_truth AS truth)
        UNION ALL
        (SELECT 'true', truth.* FROM inbox_truth AS truth EXCEPT ALL SELECT 'true', kept.* FROM inbox_by_user AS kept)
    ) AS one";

/// That the list is what the tables of the chats have, and nothing is marked.
pub fn assert_projected(conn: &mut PgConnection) -> Result<(), String> {
    let differences = diesel::select(sql::<Text>("(").sql(DIFFERENCES).sql(")")).get_result::<String>(conn).unwrap();
    let is_idle =
        diesel::select(sql::<Bool>("(SELECT count(*) = 0 FROM inbox_marks)")).get_result::<bool>(conn).unwrap();
    if differences.is_empty() && is_idle { Ok(()) } else { Err(format!("marks left: {}; {differences}", !is_idle)) }
}

/// Takes all that is marked.
pub fn catch_up(conn: &mut PgConnection) {
    while projector::tick(conn, &Options::at_once()).unwrap() != Tick::default() {}
}

fn kept() -> TestDatabase {
    let database = TestDatabase::migrated();
    projector::keep(&mut database.diesel_without_projector(), true).unwrap();
    database
}

#[test]
fn a_connection_that_was_there_before_marks_and_reads_from_the_switch_on() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel_without_projector();
    let (group, [alice, bob, _]) = cast::group(conn);
    for _ in 0..10 {
        say(conn, group, alice, ["before"]);
        receipts::mark_read(conn, by(bob), group, Seq::MAX).unwrap();
        assert_eq!(unread::badge(conn, by(bob)).unwrap(), 0);
    }
    let other = &mut database.diesel_without_projector();
    assert_eq!(database.value("SELECT count(*) FROM inbox_marks"), "0");
    projector::keep(other, true).unwrap();
    assert_projected(other).unwrap();
    say(conn, group, alice, ["after"]);
    // Late, and then not.
    assert_eq!(unread::badge(conn, by(bob)).unwrap(), 0);
    catch_up(other);
    assert_eq!(unread::badge(conn, by(bob)).unwrap(), 1);
    assert_projected(other).unwrap();
    projector::keep(other, false).unwrap();
    say(conn, group, alice, ["off"]);
    assert_eq!(unread::badge(conn, by(bob)).unwrap(), 2);
    assert_eq!(database.value("SELECT count(*) FROM inbox_marks"), "0");
}

#[test]
fn what_a_user_does_alone_and_the_end_of_a_membership_are_there_at_once() {
    let database = kept();
    let conn = &mut database.diesel_without_projector();
    let (group, [alice, bob, carol]) = cast::group(conn);
    catch_up(conn);
    say(conn, group, alice, ["Hello"]);
    let list = |conn: &mut PgConnection, user| inbox::list(conn, by(user), None, Limit::default()).unwrap();
    assert_eq!(list(conn, alice)[0].last.preview.as_deref(), Some("Hello"));
    assert_eq!(list(conn, bob)[0].last.preview, None);
    catch_up(conn);
    assert_eq!((list(conn, bob)[0].unread_count, list(conn, bob)[0].last.preview.as_deref()), (1, Some("Hello")));

    receipts::mark_read(conn, by(bob), group, Seq::MAX).unwrap();
    assert_eq!(list(conn, bob)[0].unread_count, 0);
    chat_settings::change(conn, by(bob), group, &Changes { draft: Some(Some("Hi")), ..Changes::default() }).unwrap();
    assert_eq!(list(conn, bob)[0].settings.draft.as_deref(), Some("Hi"));
    messages::clear(conn, by(bob), group, Seq::MAX).unwrap();
    assert!(list(conn, bob)[0].last.is_hidden);
    groups::remove(conn, by(alice), group, bob).unwrap();
    assert_eq!(list(conn, bob), []);
    groups::leave(conn, by(carol), group).unwrap();
    assert_eq!(database.value("SELECT count(*) FROM inbox_by_user"), "1");
    catch_up(conn);
    assert_projected(conn).unwrap();

    // What is deleted is gone from the lists of the others within a tick; what somebody said who closes the account stays theirs.
    let direct = cast::direct(conn, alice, bob);
    let secret = say(conn, direct, alice, ["my number is 555-0100"]);
    catch_up(conn);
    messages::delete(conn, by(alice), direct, secret).unwrap();
    catch_up(conn);
    assert!(!database.value("SELECT string_agg(inbox::text, '') FROM inbox_by_user AS inbox").contains("555-0100"));
    accounts::close(conn, by(bob)).unwrap();
    catch_up(conn);
    assert_eq!(database.value(&format!("SELECT count(*) FROM inbox_by_user WHERE user_id = '{bob}'")), "0");
    assert_projected(conn).unwrap();
}

#[test]
fn large_groups_wait_for_their_time_and_what_waits_is_done_once() {
    let database = kept();
    let conn = &mut database.diesel_without_projector();
    let (group, [alice, ..]) = cast::group(conn);
    catch_up(conn);
    let large = Options { large_from: 3, large_every: Duration::from_hours(1), ..Options::default() };
    say(conn, group, alice, ["1", "2", "3"]);
    assert_eq!(projector::tick(conn, &large).unwrap(), Tick { waiting: 1, ..Tick::default() });
    let now = Options { large_every: Duration::ZERO, ..large };
    assert_eq!(projector::tick(conn, &now).unwrap(), Tick { chats: 1, marks: 3, rows: 3, ..Tick::default() });
    assert_eq!(projector::tick(conn, &now).unwrap(), Tick::default());
    assert_projected(conn).unwrap();
}

#[test]
fn each_chat_of_a_long_backlog_is_made_anew_once() {
    let database = kept();
    let conn = &mut database.diesel();
    let (group, [alice, bob, carol]) = cast::group(conn);
    let chats = [group, cast::direct(conn, alice, bob), cast::direct(conn, bob, carol)];
    catch_up(conn);
    for chat in chats {
        say(conn, chat, bob, ["Hello"]);
    }
    catch_up(conn);
    let mark = "INSERT INTO inbox_marks (chat_id) SELECT id FROM chats, generate_series(1, 9999)";
    diesel::sql_query(mark).execute(conn).unwrap();
    assert_eq!(
        projector::tick(conn, &Options::at_once()).unwrap(),
        Tick { chats: 3, marks: 29_997, rows: 7, ..Tick::default() }
    );
    assert_projected(conn).unwrap();
    // More of one chat than a tick takes.
    let mark = format!("INSERT INTO inbox_marks (chat_id) SELECT '{group}' FROM generate_series(1, 10001)");
    diesel::sql_query(mark).execute(conn).unwrap();
    let ticks = [(); 2].map(|()| projector::tick(conn, &Options::at_once()).unwrap().marks);
    assert_eq!(ticks, [10_000, 1]);
    assert_projected(conn).unwrap();
}

/// Direct chats of one user with so many others.
fn chats(conn: &mut PgConnection, count: usize) -> (UserId, Vec<(UserId, ChatId)>) {
    let alice = cast::user(conn, "alice");
    let others = cast::crowd(conn, count);
    (alice, others.into_iter().map(|other| (other, cast::direct(conn, alice, other))).collect())
}

#[test]
fn one_that_is_killed_in_the_middle_loses_nothing_and_another_goes_on() {
    let database = kept();
    let conn = &mut database.diesel_without_projector();
    let (alice, chats) = chats(conn, 60);
    catch_up(conn);
    for (_, chat) in &chats {
        say(conn, *chat, alice, ["Hello"]);
    }
    // Somebody holds the row of one chat.
    let held = chats[40].0;
    let mut holder =
        LockHolder::of(&database, &format!("SELECT FROM inbox_by_user WHERE user_id = '{held}' FOR UPDATE"));
    let marks = "SELECT count(*) FROM inbox_marks";
    let before = database.value(marks);
    let waiting = Options { lock_timeout: Duration::ZERO, ..Options::default() };
    thread::scope(|scope| {
        let killed = scope.spawn(|| projector::tick(&mut database.diesel_without_projector(), &waiting));
        let pid = holder.blocks();
        // Another passes over the part that the first is at, and does not wait; on shards, it waits where both write to one.
        if server().workers().is_empty() {
            let beside = projector::tick(conn, &Options::default()).unwrap();
            assert_eq!(beside.busy, 1);
        }
        database.execute(&format!("SELECT pg_terminate_backend({pid})")).unwrap();
        assert!(killed.join().unwrap().is_err());
    });
    drop(holder);
    let after = database.value(marks);
    // On shards nobody passed over the part, which may have been the first.
    assert!((after != before || !server().workers().is_empty()) && after != "0", "{after} of {before}");
    catch_up(conn);
    assert_projected(conn).unwrap();
}

#[test]
fn neither_the_switch_nor_a_projector_keeps_waiting_for_whoever_may_wait_for_it() {
    if !server().workers().is_empty() {
        return; // There, the wait is on another server, which does not know the timeout.
    }
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel_without_projector();
    let (group, [alice, bob, _]) = cast::group(conn);
    // It has the first of the tables that a change of a chat writes to, and then writes to one that the switch locks before.
    let mut writer = database.connect();
    writer.execute("BEGIN; SET LOCAL deadlock_timeout = '1min'; UPDATE chat_heads SET version = version").unwrap();
    thread::scope(|scope| {
        let switching = scope.spawn(|| projector::keep(&mut database.diesel_without_projector(), true));
        let waiting = "SELECT FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND NOT granted";
        until("the switch waits for the table", || !database.execute(waiting).unwrap().is_empty());
        writer.execute("UPDATE chat_participants SET role = role; COMMIT").unwrap();
        switching.join().unwrap().unwrap();
    });
    say(conn, group, alice, ["Hello"]);
    let holder = LockHolder::of(&database, &format!("SELECT FROM inbox_by_user WHERE user_id = '{bob}' FOR UPDATE"));
    let tick = projector::tick(conn, &Options::at_once()).unwrap();
    assert_eq!(tick, Tick { left: 1, ..Tick::default() });
    drop(holder);
    catch_up(conn);
    assert_projected(conn).unwrap();
}

#[test]
fn several_at_once_beside_people_who_talk_read_come_and_go_end_with_the_truth() {
    let database = kept();
    let (group, [alice, bob, carol]) = cast::group(&mut database.diesel_without_projector());
    let direct = cast::direct(&mut database.diesel_without_projector(), alice, bob);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let projectors: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let conn = &mut database.diesel_without_projector();
                    while !is_over.load(Ordering::Relaxed) {
                        projector::tick(conn, &Options::at_once()).unwrap();
                    }
                })
            })
            .collect();
        let talk = |user: UserId, chat: ChatId| {
            let conn = &mut database.diesel_without_projector();
            for number in 0..100 {
                let sent = messages::send(conn, by(user), chat, &Draft::text(format!("{number}")));
                match sent.map(drop) {
                    Ok(()) | Err(Error::Refused(_)) => {}
                    Err(error) => panic!("{error}"),
                }
                let read = receipts::mark_read(conn, by(user), chat, Seq::MAX);
                assert!(!matches!(read, Err(Error::Database(_))), "{read:?}");
            }
        };
        let talks = [(alice, group), (bob, group), (alice, direct), (bob, direct), (carol, group)]
            .map(|(user, chat)| scope.spawn(move || talk(user, chat)));
        let conn = &mut database.diesel_without_projector();
        for _ in 0..40 {
            groups::remove(conn, by(alice), group, carol).unwrap();
            groups::add(conn, by(alice), group, carol).unwrap();
        }
        for talk in talks {
            talk.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        for projector in projectors {
            projector.join().unwrap();
        }
    });
    let conn = &mut database.diesel_without_projector();
    catch_up(conn);
    assert_projected(conn).unwrap();
}

#[test]
fn what_is_hidden_and_what_is_set_wait_in_no_circle_for_a_projector() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel_without_projector();
    projector::keep(conn, true).unwrap();
    let (group, [alice, bob, _]) = cast::group(conn);
    let acts: [fn(&mut PgConnection, ChatId, UserId, Seq); 2] = [
        |conn, group, bob, seq| {
            messages::hide(conn, by(bob), group, seq).unwrap();
        },
        |conn, group, bob, seq| {
            messages::clear(conn, by(bob), group, seq).unwrap();
        },
    ];
    for (rank, act) in (0..).zip(acts) {
        let seq = say(conn, group, alice, ["one", "two"]);
        catch_up(conn);
        let (sender, receiver) = mpsc::channel();
        let (database, other) = (&database, sender.clone());
        thread::scope(|scope| {
            conn.transaction(|conn| {
                let held = format!(
                    "SELECT FROM inbox_by_user WHERE user_id = '{bob}' AND about_chat_id = '{group}' FOR UPDATE"
                );
                diesel::sql_query(held).execute(conn)?;
                scope.spawn(move || {
                    let conn = &mut database.diesel_without_projector();
                    sender.send(server_statistics::backend(conn)).unwrap();
                    act(conn, group, bob, seq);
                });
                server_statistics::until_waiting(database, receiver.recv().unwrap());
                scope.spawn(move || {
                    let conn = &mut database.diesel_without_projector();
                    other.send(server_statistics::backend(conn)).unwrap();
                    let pinned = Changes { pin_rank: Some(Some(rank)), ..Changes::default() };
                    chat_settings::change(conn, by(bob), group, &pinned).unwrap();
                });
                server_statistics::until_waiting(database, receiver.recv().unwrap());
                QueryResult::Ok(())
            })
            .unwrap();
        });
    }
    catch_up(conn);
    assert_projected(conn).unwrap();
}

#[test]
fn a_crash_of_the_server_undoes_no_more_than_is_marked_again() {
    let server: &'static Server = Box::leak(Box::new(Server::wanted(|builder| builder)));
    let database = TestDatabase::empty_on(server);
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    let alone = &mut database.diesel_without_projector();
    projector::keep(alone, true).unwrap();
    let (group, [alice, ..]) = cast::group(alone);
    for round in 0..3 {
        thread::scope(|scope| {
            let projector = scope.spawn(|| {
                let conn = &mut database.diesel_without_projector();
                while projector::tick(conn, &Options::at_once()).is_ok() {}
            });
            let mut conn = database.diesel_without_projector();
            let sender = scope
                .spawn(move || while messages::send(&mut conn, by(alice), group, &Draft::text("Hello")).is_ok() {});
            let mut watcher = database.connect();
            let sent = format!("SELECT FROM chat_heads WHERE last_seq > {}", (round + 1) * 50);
            until("enough was said", || watcher.execute(&sent).unwrap().len() == 1);
            server.crash();
            projector.join().unwrap();
            sender.join().unwrap();
        });
        server.restart();
        let conn = &mut database.diesel_without_projector();
        catch_up(conn);
        assert_projected(conn).unwrap();
    }
}

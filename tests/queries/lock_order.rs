//! That operations lock in one order: two of them meet while a third keeps one waiting, in the way in which they would wait
//! for each other if they did not. Who keeps it waiting lets go when a test fails.

use std::sync::mpsc;
use std::thread::{Scope, ScopedJoinHandle};

use chrono::Utc;
use diesel::PgConnection;
use diesel::connection::SimpleConnection as _;
use messenger_db::error::Error::Refused;
use messenger_db::queries::accounts::{self, ProfileChanges};
use messenger_db::queries::erasure::{self, Erasure};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, Outgoing, SendRefused};
use messenger_db::queries::{blocks, retention};

use super::cast::{self, by};
use super::server_statistics;
use crate::support::TestDatabase;

/// Begins something on a connection of its own, and returns once it waits for a lock.
fn waiting<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    database: &'scope TestDatabase,
    work: impl FnOnce(&mut PgConnection) -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    let (sender, receiver) = mpsc::channel();
    let waiting = scope.spawn(move || {
        let conn = &mut database.diesel();
        sender.send(server_statistics::backend(conn)).unwrap();
        work(conn)
    });
    server_statistics::until_waiting(database, receiver.recv().unwrap());
    waiting
}

#[test]
fn a_deleted_chat_is_purged_while_somebody_is_erased_from_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let group = groups::create(conn, by(alice), &NewGroup::new("Hikers", &[bob])).unwrap().id;
    let seqs = [(); 2].map(|()| messages::send(conn, by(bob), group, &Draft::text("Hello")).unwrap().message.seq);
    groups::delete(conn, by(alice), group).unwrap();
    let mut run = Erasure::of(bob);
    while run.closed.is_none() {
        run = erasure::of_user(conn, run).unwrap();
    }
    let held = format!("SELECT FROM messages WHERE chat_id = '{group}' AND seq = {} FOR UPDATE", seqs[0]);
    std::thread::scope(|scope| {
        let holder = &mut database.diesel();
        holder.batch_execute(&format!("BEGIN; {held}")).unwrap();
        // It has the head, and has changed it once.
        let erasing = waiting(scope, &database, |conn| {
            while !run.is_done {
                run = erasure::of_user(conn, run).unwrap();
            }
            run.messages
        });
        let purging =
            waiting(scope, &database, |conn| while retention::purge_chat(conn, Utc::now()).unwrap().is_some() {});
        holder.batch_execute("COMMIT").unwrap();
        assert_eq!(erasing.join().unwrap(), 2);
        purging.join().unwrap();
    });
    assert_eq!(database.value("SELECT count(*) FROM chats"), "0");
}

#[test]
fn an_account_is_closed_while_others_are_told_of_a_group() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    // Their ids ascend.
    let [low, middle, high, closed, owner] = cast::users(conn, ["low", "middle", "high", "closed", "owner"]);
    assert!(low < middle && middle < high);
    cast::befriend(conn, closed, high);
    blocks::block(conn, by(low), closed).unwrap();
    std::thread::scope(|scope| {
        let holder = &mut database.diesel();
        holder.batch_execute(&format!("BEGIN; INSERT INTO user_heads (user_id) VALUES ('{middle}')")).unwrap();
        // It has the counter of the lowest, and will need that of the highest.
        let creating = waiting(scope, &database, |conn| {
            groups::create(conn, by(owner), &NewGroup::new("Hikers", &[low, middle, high])).unwrap();
        });
        let closing = waiting(scope, &database, |conn| {
            accounts::close(conn, by(closed)).unwrap();
        });
        holder.batch_execute("COMMIT").unwrap();
        creating.join().unwrap();
        closing.join().unwrap();
    });
}

#[test]
fn who_becomes_a_member_while_many_are_sent_for_sends_nothing_among_them() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [owner, newcomer, member] = cast::users(conn, ["owner", "newcomer", "member"]);
    let mut chats = [(); 2].map(|()| groups::create(conn, by(owner), &NewGroup::new("Hikers", &[])).unwrap().id);
    chats.sort_unstable();
    groups::add(conn, by(owner), chats[1], member).unwrap();
    std::thread::scope(|scope| {
        let holder = &mut database.diesel();
        holder
            .batch_execute(&format!("BEGIN; SELECT FROM chat_heads WHERE chat_id = '{}' FOR UPDATE", chats[1]))
            .unwrap();
        let sending = waiting(scope, &database, |conn| {
            let outgoing = [
                Outgoing::new(by(newcomer), chats[0], Draft::text("May I?")),
                Outgoing::new(by(member), chats[1], Draft::text("Hello")),
            ];
            let sent = messages::send_many(conn, &outgoing).unwrap();
            sent.into_iter().map(|one| one.map(|_| ())).collect::<Vec<_>>()
        });
        groups::add(conn, by(owner), chats[0], newcomer).unwrap();
        // It has the head of the first, and waits for that of the second.
        let telling = waiting(scope, &database, |conn| {
            let changes = ProfileChanges { display_name: Some(Some("The owner")), ..ProfileChanges::default() };
            accounts::update_profile(conn, by(owner), &changes).unwrap();
        });
        holder.batch_execute("COMMIT").unwrap();
        assert_eq!(sending.join().unwrap(), [Err(SendRefused::NotAMember), Ok(())]);
        telling.join().unwrap();
    });
    let sent = messages::send(conn, by(newcomer), chats[0], &Draft::text("May I?"));
    assert!(!matches!(sent, Err(Refused(_))), "{sent:?}");
}

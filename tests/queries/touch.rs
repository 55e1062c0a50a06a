//! What a service keeps beside a message changes under the chat's version, by those who may, while they may.

use std::sync::mpsc;

use diesel::prelude::*;
use messenger_db::error::Error::{self, Refused};
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::accounts::{self, ProfileChanges};
use messenger_db::queries::messages::{self, TouchRefused};
use messenger_db::queries::{blocks, changes, groups};
use messenger_db::seq::Seq;
use messenger_db::version::Version;
use pretty_assertions::assert_eq;

use super::consistency::assert_consistent;
use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

#[test]
fn devices_that_were_away_find_the_message_and_it_is_as_it_was() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let seq = cast::say(conn, chat, alice, ["Tea or coffee?", "Or water?"]).previous();
    let before = messages::get(conn, by(alice), chat, seq).unwrap();
    let state = changes::begin(conn, by(carol)).unwrap();
    let versions: Vec<_> =
        [alice, bob, bob].iter().map(|user| messages::touch(conn, by(*user), chat, seq).unwrap()).collect();
    assert!(before.version < versions[0] && versions.is_sorted_by(|one, next| one < next), "{versions:?}");
    let page = changes::list(conn, by(carol), &state, Limit::default()).unwrap();
    let [changed] = page.chats.as_slice() else { panic!("{:?}", page.chats) };
    assert_eq!(changed.version, versions[2]);
    let said: Vec<_> = changed.messages.iter().map(|entry| entry.message.clone()).collect();
    assert_eq!(said, [before]);
    assert_consistent(&database);
}

#[test]
fn who_does_not_see_the_message_or_may_not_write_is_refused() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let stranger = cast::user(conn, "stranger");
    let seq = cast::say(conn, chat, alice, ["Tea or coffee?"]);
    let touched = |conn: &mut PgConnection, user, seq| messages::touch(conn, by(user), chat, seq).err();
    assert_eq!(touched(conn, stranger, seq), Some(Refused(TouchRefused::NotAMember)));
    assert_eq!(touched(conn, bob, seq.next()), Some(Refused(TouchRefused::NotFound)));
    messages::hide(conn, by(bob), chat, seq).unwrap();
    assert_eq!(touched(conn, bob, seq), Some(Refused(TouchRefused::NotFound)));
    groups::change_history(conn, by(alice), chat, false).unwrap();
    groups::add(conn, by(alice), chat, stranger).unwrap();
    assert_eq!(touched(conn, stranger, seq), Some(Refused(TouchRefused::NotFound)));
    groups::leave(conn, by(carol), chat).unwrap();
    assert_eq!(touched(conn, carol, seq), Some(Refused(TouchRefused::NotAMember)));
    messages::delete(conn, by(alice), chat, seq).unwrap();
    assert_eq!(touched(conn, alice, seq), Some(Refused(TouchRefused::NotFound)));

    let direct = cast::direct(conn, alice, bob);
    let seq = cast::say(conn, direct, alice, ["Tea or coffee?"]);
    blocks::block(conn, by(bob), alice).unwrap();
    for (user, refusal) in [(alice, TouchRefused::Unreachable), (bob, TouchRefused::Blocked)] {
        assert_eq!(messages::touch(conn, by(user), direct, seq), Err(Refused(refusal)));
    }
    assert_consistent(&database);
}

/// Bob touches a message, has to wait because alice is at the chat, and meanwhile something happens in her transaction.
fn bob_touches_while(
    database: &TestDatabase,
    (chat, seq): (ChatId, Seq),
    [alice, bob, _]: [UserId; 3],
    meanwhile: impl FnOnce(&mut PgConnection),
) -> Result<Version, Error<TouchRefused>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        let conn = &mut database.diesel();
        let waiting = conn.transaction(|conn| {
            cast::say(conn, chat, alice, ["Me first"]);
            let waiting = scope.spawn(move || {
                let conn = &mut database.diesel();
                sender.send(server_statistics::backend(conn)).unwrap();
                messages::touch(conn, by(bob), chat, seq)
            });
            server_statistics::until_waiting(database, receiver.recv().unwrap());
            meanwhile(conn);
            QueryResult::Ok(waiting)
        });
        waiting.unwrap().join().unwrap()
    })
}

#[test]
fn what_ends_while_it_waits_refuses_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, users) = cast::group(conn);
    let [alice, bob, _] = users;
    let seq = cast::say(conn, chat, alice, ["Tea or coffee?"]);
    let deleted = bob_touches_while(&database, (chat, seq), users, |alices| {
        messages::delete(alices, by(alice), chat, seq).unwrap();
    });
    assert_eq!(deleted, Err(Refused(TouchRefused::NotFound)));
    let seq = cast::say(conn, chat, alice, ["Tea or coffee?"]);
    let removed = bob_touches_while(&database, (chat, seq), users, |alices| {
        groups::remove(alices, by(alice), chat, bob).unwrap();
    });
    assert_eq!(removed, Err(Refused(TouchRefused::NotAMember)));
    assert_consistent(&database);
}

#[test]
fn nothing_ends_before_the_transaction_that_touched_has_ended() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let seq = cast::say(conn, chat, alice, ["Tea or coffee?"]);
    let ends: [fn(&mut PgConnection, UserId, ChatId, Seq); 2] = [
        |conn, bob, chat, _| drop(groups::leave(conn, by(bob), chat).unwrap()),
        |conn, alice, chat, seq| drop(messages::delete(conn, by(alice), chat, seq).unwrap()),
    ];
    for (user, end) in [bob, alice].into_iter().zip(ends) {
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let database = &database;
            let ending = conn.transaction(|conn| {
                messages::touch(conn, by(user), chat, seq).unwrap();
                let ending = scope.spawn(move || {
                    let conn = &mut database.diesel();
                    sender.send(server_statistics::backend(conn)).unwrap();
                    end(conn, user, chat, seq);
                });
                server_statistics::until_waiting(database, receiver.recv().unwrap());
                QueryResult::Ok(ending)
            });
            ending.unwrap().join().unwrap();
        });
    }
    assert_consistent(&database);
}

#[test]
fn a_row_of_the_services_that_points_at_the_account_and_another_name_wait_in_no_circle() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let seq = cast::say(conn, chat, alice, ["Tea or coffee?"]);
    database.execute("CREATE TABLE votes (user_id uuid REFERENCES users, tea boolean)").unwrap();
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let database = &database;
        let naming = conn.transaction(|conn| {
            messages::touch(conn, by(bob), chat, seq).unwrap();
            let naming = scope.spawn(move || {
                let conn = &mut database.diesel();
                sender.send(server_statistics::backend(conn)).unwrap();
                let named = ProfileChanges { display_name: Some(Some("Bob")), ..ProfileChanges::default() };
                accounts::update_profile(conn, by(bob), &named).unwrap();
            });
            server_statistics::until_waiting(database, receiver.recv().unwrap());
            diesel::sql_query(format!("INSERT INTO votes VALUES ('{bob}', true)")).execute(conn)?;
            QueryResult::Ok(naming)
        });
        naming.unwrap().join().unwrap();
    });
    assert_consistent(&database);
}

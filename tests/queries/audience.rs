//! Sockets that are open: whose they are, who must get what happens, and whose was the last.

use diesel::prelude::*;
use messenger_db::enums::DeviceType;
use messenger_db::ids::{ChatId, SessionId, UserId};
use messenger_db::queries::sessions::{self, Device, Disconnected, OpenSocket, Socket};
use messenger_db::queries::{accounts, groups};
use pretty_assertions::assert_eq;

use super::lock_order::waiting;
use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// A device of the user, connected to that server by a socket of that name.
fn connect(conn: &mut PgConnection, user: UserId, server: &str, name: &str) -> SessionId {
    let device = Device::new(DeviceType::Web);
    let session = sessions::open(conn, user, &device, chrono::TimeDelta::days(1)).unwrap().session.id;
    sessions::connect(conn, by(user), session, &Socket::new(server, name)).unwrap();
    session
}

fn names(sockets: &[OpenSocket]) -> Vec<&str> {
    sockets.iter().map(|open| open.socket.connection.as_str()).collect()
}

#[test]
fn the_audience_of_a_chat_are_the_open_sockets_of_its_members() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let eve = cast::user(conn, "eve");
    assert_eq!(sessions::audience(conn, chat), Ok(vec![]));
    connect(conn, alice, "two", "phone");
    let laptop = connect(conn, alice, "one", "laptop");
    let revoked = connect(conn, bob, "one", "revoked");
    connect(conn, bob, "one", "expired");
    connect(conn, carol, "one", "carol");
    connect(conn, eve, "one", "eve");
    sessions::revoke(conn, by(bob), revoked).unwrap();
    database
        .execute("UPDATE user_sessions SET created_at = now() - interval '1 day', expires_at = now() WHERE connection_id = 'expired'")
        .unwrap();
    let audience = sessions::audience(conn, chat).unwrap();
    let mut one = names(&audience[..2]);
    one.sort_unstable();
    assert_eq!((one, names(&audience[2..])), (vec!["carol", "laptop"], vec!["phone"]));
    groups::remove(conn, by(alice), chat, carol).unwrap();
    assert_eq!(names(&sessions::audience(conn, chat).unwrap()), ["laptop", "phone"]);
    assert_eq!(names(&sessions::find_sockets(conn, &[carol, bob, carol]).unwrap()), ["carol"]);
    assert_eq!(sessions::find_sockets(conn, &[]), Ok(vec![]));
    sessions::disconnect(conn, by(alice), laptop, &Socket::new("one", "laptop")).unwrap();
    assert_eq!(names(&sessions::audience(conn, chat).unwrap()), ["phone"]);
    assert_eq!(sessions::audience(conn, ChatId::new()), Ok(vec![]));
    assert_eq!(server_statistics::statements(conn, |conn| sessions::audience(conn, chat)), 1);
}

#[test]
fn presence_is_seen_by_those_one_chats_with_and_by_contacts_but_not_across_a_block() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let [dave, eve, frank, grace] = cast::users(conn, ["dave", "eve", "frank", "grace"]);
    cast::direct(conn, alice, dave);
    cast::befriend(conn, alice, eve);
    messenger_db::queries::contacts::request(conn, by(frank), alice).unwrap();
    for (user, name) in [
        (alice, "own"),
        (bob, "bob"),
        (carol, "carol"),
        (dave, "dave"),
        (eve, "eve"),
        (frank, "frank"),
        (grace, "grace"),
    ] {
        connect(conn, user, "one", name);
    }
    let watchers = |conn: &mut PgConnection| {
        let sockets = sessions::watchers(conn, by(alice)).unwrap();
        let mut names: Vec<_> = names(&sockets).into_iter().map(str::to_owned).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(watchers(conn), ["bob", "carol", "dave", "eve"]);
    cast::block(conn, alice, eve);
    cast::block(conn, dave, alice);
    assert_eq!(watchers(conn), ["bob", "carol"]);
    groups::leave(conn, by(bob), chat).unwrap();
    assert_eq!(watchers(conn), ["carol"]);
    accounts::close(conn, by(carol)).unwrap();
    assert_eq!(watchers(conn), [""; 0]);
    assert_eq!(server_statistics::statements(conn, |conn| sessions::watchers(conn, by(alice))), 1);
}

#[test]
fn the_first_device_that_connects_and_the_last_that_disconnects_are_told_so() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let [phone, laptop] = [(); 2].map(|()| {
        let device = Device::new(DeviceType::Web);
        sessions::open(conn, alice, &device, chrono::TimeDelta::days(1)).unwrap().session.id
    });
    let connect = |conn: &mut PgConnection, session, name: &str| {
        sessions::connect(conn, by(alice), session, &Socket::new("one", name)).unwrap()
    };
    let disconnect = |conn: &mut PgConnection, session, name: &str| {
        sessions::disconnect(conn, by(alice), session, &Socket::new("one", name)).unwrap()
    };
    let first = connect(conn, phone, "a");
    assert_eq!((first.is_first, first.replaced), (true, None));
    let anew = connect(conn, phone, "b");
    assert_eq!((anew.is_first, anew.replaced), (false, Some(Socket::new("one", "a"))));
    let again = connect(conn, phone, "b");
    assert_eq!((again.is_first, again.replaced), (false, None));
    assert!(!connect(conn, laptop, "c").is_first);
    assert_eq!(disconnect(conn, phone, "a"), Disconnected::NotOpen);
    assert_eq!(disconnect(conn, phone, "b"), Disconnected::StillConnected);
    // A session that was revoked is no device that is connected.
    assert!(!connect(conn, phone, "d").is_first);
    sessions::revoke(conn, by(alice), phone).unwrap();
    assert_eq!(disconnect(conn, laptop, "c"), Disconnected::Last);
    assert!(connect(conn, laptop, "e").is_first);
    for statements in [
        server_statistics::statements(conn, |conn| connect(conn, laptop, "f")),
        server_statistics::statements(conn, |conn| disconnect(conn, laptop, "f")),
    ] {
        assert_eq!(statements, 1);
    }
}

#[test]
fn of_devices_that_connect_or_disconnect_at_once_one_is_the_first_and_one_the_last() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let device = Device::new(DeviceType::Web);
    let sessions: Vec<_> =
        (0..8).map(|_| sessions::open(conn, alice, &device, chrono::TimeDelta::days(1)).unwrap().session.id).collect();
    for _ in 0..10 {
        let firsts = cast::at_once(&database, 8, |number, conn| {
            sessions::connect(conn, by(alice), sessions[number], &Socket::new("one", "a")).unwrap().is_first
        });
        assert_eq!(firsts.iter().filter(|is_first| **is_first).count(), 1, "{firsts:?}");
        let lasts = cast::at_once(&database, 8, |number, conn| {
            sessions::disconnect(conn, by(alice), sessions[number], &Socket::new("one", "a")).unwrap()
        });
        assert_eq!(lasts.iter().filter(|last| **last == Disconnected::Last).count(), 1, "{lasts:?}");
        assert!(!lasts.contains(&Disconnected::NotOpen));
    }
}

#[test]
fn a_server_that_died_is_cleared_away_in_one_call() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let lost = connect(conn, alice, "dead", "a");
    connect(conn, alice, "dead", "b");
    connect(conn, bob, "dead", "c");
    connect(conn, bob, "alive", "d");
    connect(conn, carol, "alive", "e");
    let cleared = server_statistics::statements(conn, |conn| {
        let concerned = sessions::disconnect_server(conn, "dead").unwrap();
        assert_eq!(concerned, [(alice, Disconnected::Last), (bob, Disconnected::StillConnected)]);
    });
    assert_eq!(cleared, 1);
    assert_eq!(sessions::disconnect_server(conn, "dead"), Ok(vec![]));
    assert_eq!(names(&sessions::find_sockets(conn, &[alice, bob, carol]).unwrap()), ["d", "e"]);
    let late = sessions::disconnect(conn, by(alice), lost, &Socket::new("dead", "a"));
    assert_eq!(late, Ok(Disconnected::NotOpen));
}

#[test]
fn of_two_who_close_a_socket_at_once_one_is_told_that_it_was_the_last() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let session = connect(conn, alice, "dead", "a");
    std::thread::scope(|scope| {
        let clearing = conn.transaction(|conn| {
            let closed = sessions::disconnect(conn, by(alice), session, &Socket::new("dead", "a"))?;
            assert_eq!(closed, Disconnected::Last);
            QueryResult::Ok(waiting(scope, &database, |conn| sessions::disconnect_server(conn, "dead")))
        });
        assert_eq!(clearing.unwrap().join().unwrap(), Ok(vec![]));
    });

    connect(conn, alice, "dead", "b");
    connect(conn, bob, "dead", "c");
    std::thread::scope(|scope| {
        let clearing = conn.transaction(|conn| {
            let all = [(alice, Disconnected::Last), (bob, Disconnected::Last)];
            assert_eq!(sessions::disconnect_server(conn, "dead")?, all);
            QueryResult::Ok(waiting(scope, &database, |conn| sessions::disconnect_server(conn, "dead")))
        });
        assert_eq!(clearing.unwrap().join().unwrap(), Ok(vec![]));
    });
}

//! Devices sign in, come back, connect and are signed out.

use std::collections::HashSet;
use std::sync::mpsc;
use std::thread;

use chrono::TimeDelta;
use diesel::result::Error as DieselError;
use diesel::{Connection as _, PgConnection};
use messenger_db::enums::DeviceType;
use messenger_db::error::Error;
use messenger_db::ids::{SessionId, UserId};
use messenger_db::models::UserSession;
use messenger_db::page::Limit;
use messenger_db::queries::sessions::{
    self, AuthenticateRefused, ConnectRefused, Cursor, Device, Disconnected, OpenRefused, Opened, Socket,
};
use messenger_db::secrets::SessionToken;
use pretty_assertions::assert_eq;

use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// A session of a day on a browser.
pub(super) fn open(conn: &mut PgConnection, user: UserId) -> (SessionToken, UserSession) {
    let Opened { token, session, replaced } =
        sessions::open(conn, user, &Device::new(DeviceType::Web), TimeDelta::days(1)).unwrap();
    assert_eq!(replaced, None);
    (token, session)
}

/// All devices of a user, some at a time.
pub(super) fn all(conn: &mut PgConnection, user: UserId) -> Vec<UserSession> {
    let (mut devices, mut cursor) = (Vec::new(), None);
    loop {
        let page = sessions::list(conn, by(user), cursor, Limit::new(2)).unwrap();
        let Some(last) = page.last() else { return devices };
        cursor = Some(Cursor::from(last));
        devices.extend(page);
    }
}

pub(super) fn ids(sessions: &[UserSession]) -> Vec<SessionId> {
    sessions.iter().map(|session| session.id).collect()
}

#[test]
fn a_token_opens_its_own_session_and_is_stored_nowhere() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let phone = Device {
        id: Some("phone-1"),
        name: Some("Alice's phone"),
        ip_address: Some("2001:db8::1/128".parse().unwrap()),
        user_agent: Some("Phone/1"),
        ..Device::new(DeviceType::Ios)
    };
    let Opened { token, session, .. } = sessions::open(conn, alice, &phone, TimeDelta::days(30)).unwrap();
    assert_eq!((session.user_id, session.device_type), (alice, DeviceType::Ios));
    assert_eq!(session.device_id.as_deref(), Some("phone-1"));
    assert_eq!(session.expires_at - session.created_at, TimeDelta::days(30));
    open(conn, bob);

    let who = sessions::authenticate(conn, &token).unwrap();
    assert_eq!((who.actor, &who.session), (by(alice), &session));
    let stored = database.value("SELECT string_agg(user_sessions::text, ' ') FROM user_sessions");
    assert!(!stored.contains(&token.expose()), "{stored}");
    assert_eq!(
        database
            .value(&format!("SELECT count(*) FROM user_sessions WHERE token_hash = sha256('\\x{}')", token.expose())),
        "1"
    );
}

#[test]
fn no_two_sessions_have_the_same_token() {
    let tokens: HashSet<String> = (0..1000).map(|_| SessionToken::generate().unwrap().expose()).collect();
    assert_eq!(tokens.len(), 1000);
    assert!(tokens.iter().all(|token| token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit())));
}

#[test]
fn a_text_that_is_no_token_does_not_parse() {
    let good = SessionToken::generate().unwrap();
    assert_eq!(good.expose().to_uppercase().parse::<SessionToken>().unwrap().hash(), good.hash());
    for text in
        ["", "0", &"0".repeat(63), &"0".repeat(65), &"0".repeat(66), &"g".repeat(64), &"é".repeat(32), &"+f".repeat(32)]
    {
        assert!(text.parse::<SessionToken>().is_err(), "{text}");
    }
}

#[test]
fn a_session_is_refused_for_what_is_wrong_with_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let web = Device::new(DeviceType::Web);
    let (id, agent) = ("i".repeat(256), "a".repeat(1001));
    let day = TimeDelta::days(1);
    conn.test_transaction::<_, DieselError, _>(|conn| {
        for (user, device, lifetime, refusal) in [
            (UserId::new(), web, day, OpenRefused::NoSuchAccount),
            (alice, web, TimeDelta::zero(), OpenRefused::LifetimeNotPositive),
            (alice, web, -day, OpenRefused::LifetimeNotPositive),
            (alice, Device { id: Some(""), ..web }, day, OpenRefused::DeviceIdInvalid),
            (alice, Device { id: Some(&id), ..web }, day, OpenRefused::DeviceIdInvalid),
            (alice, Device { name: Some(&id), ..web }, day, OpenRefused::DeviceNameTooLong),
            (alice, Device { user_agent: Some(&agent), ..web }, day, OpenRefused::UserAgentTooLong),
        ] {
            let opened = sessions::open(conn, user, &device, lifetime).map(|opened| opened.session);
            assert_eq!(opened, Err(Error::Refused(refusal)));
        }
        Ok(())
    });
}

#[test]
fn a_token_that_is_expired_revoked_or_unknown_is_refused() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let (expired, session) = open(conn, alice);
    database
        .execute(&format!(
            "UPDATE user_sessions SET created_at = now() - interval '2 days', last_active_at = now() - interval '2 days',
             expires_at = now() WHERE id = '{}'",
            session.id
        ))
        .unwrap();
    let (revoked, session) = open(conn, alice);
    sessions::revoke(conn, by(alice), session.id).unwrap();
    for (token, refusal) in [
        (expired, AuthenticateRefused::Expired),
        (revoked, AuthenticateRefused::Revoked),
        (SessionToken::generate().unwrap(), AuthenticateRefused::Unknown),
    ] {
        assert_eq!(sessions::authenticate(conn, &token), Err(Error::Refused(refusal)));
    }
    assert_eq!(all(conn, alice), []);
    assert_eq!(database.value("SELECT count(*) FROM user_sessions WHERE expires_at < last_active_at"), "0");
}

#[test]
fn activity_moves_once_a_minute_however_many_authenticate_at_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let (token, opened) = open(conn, alice);
    for _ in 0..3 {
        assert_eq!(sessions::authenticate(conn, &token).unwrap().session.last_active_at, opened.last_active_at);
    }
    let seen_after = |seconds: u32| -> HashSet<_> {
        let age = format!("UPDATE user_sessions SET last_active_at = now() - interval '{seconds} seconds'");
        database.execute(&age).unwrap();
        let act = |_, conn: &mut PgConnection| sessions::authenticate(conn, &token).unwrap().session.last_active_at;
        cast::at_once(&database, 8, act).into_iter().collect()
    };
    let fresh = seen_after(55);
    assert_eq!(fresh, [sessions::authenticate(conn, &token).unwrap().session.last_active_at].into());

    let mut stale = seen_after(60);
    let moved = sessions::authenticate(conn, &token).unwrap().session.last_active_at;
    assert!(stale.remove(&moved));
    // Others looked while it moved, and say what they saw; but nobody moved it a second time.
    assert!(stale.iter().all(|at| moved - *at >= TimeDelta::minutes(1)), "{stale:?}");
    assert!(stale.len() <= 1, "{stale:?}");
}

#[test]
fn of_two_who_find_the_activity_stale_the_second_leaves_it() {
    let database = TestDatabase::migrated();
    let mut first = database.diesel();
    let alice = cast::user(&mut first, "alice");
    let (token, _) = open(&mut first, alice);
    database.execute("UPDATE user_sessions SET last_active_at = now() - interval '1 hour'").unwrap();
    let (sender, receiver) = mpsc::channel();
    let moved = thread::scope(|scope| {
        let (database, token) = (&database, &token);
        let (moved, second) = first
            .transaction(|conn| {
                let moved = sessions::authenticate(conn, token).unwrap().session.last_active_at;
                let second = scope.spawn(move || {
                    let mut conn = database.diesel();
                    sender.send(server_statistics::backend(&mut conn)).unwrap();
                    sessions::authenticate(&mut conn, token).unwrap()
                });
                server_statistics::until_waiting(database, receiver.recv().unwrap());
                Ok::<_, DieselError>((moved, second))
            })
            .unwrap();
        assert!(second.join().unwrap().session.last_active_at < moved);
        moved
    });
    assert_eq!(sessions::authenticate(&mut first, &token).unwrap().session.last_active_at, moved);
}

#[test]
fn a_socket_is_noted_until_it_or_its_successor_closes() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let (_, session) = open(conn, alice);
    let noted = |conn: &mut PgConnection| all(conn, alice)[0].connection_id.clone();
    sessions::connect(conn, by(session.user_id), session.id, &Socket::new("gateway-1", "1")).unwrap();
    sessions::connect(conn, by(session.user_id), session.id, &Socket::new("gateway-2", "2")).unwrap();
    assert_eq!(
        sessions::disconnect(conn, by(session.user_id), session.id, &Socket::new("gateway-1", "1")),
        Ok(Disconnected::NotOpen)
    );
    assert_eq!(noted(conn).as_deref(), Some("2"));
    assert_eq!(
        sessions::disconnect(conn, by(session.user_id), session.id, &Socket::new("gateway-2", "2")),
        Ok(Disconnected::Last)
    );
    assert_eq!(noted(conn), None);

    let empty = sessions::connect(conn, by(session.user_id), session.id, &Socket::new("gateway-1", ""));
    assert_eq!(empty, Err(Error::Refused(ConnectRefused::ConnectionIdInvalid)));
    sessions::connect(conn, by(session.user_id), session.id, &Socket::new("gateway-3", "1")).unwrap();
    let ended = sessions::revoke(conn, by(alice), session.id).unwrap().unwrap();
    assert_eq!(ended.connection_id.as_deref(), Some("1"));
    let refused = Err(Error::Refused(ConnectRefused::NotActive));
    assert_eq!(sessions::connect(conn, by(session.user_id), session.id, &Socket::new("gateway-3", "2")), refused);
    assert_eq!(sessions::connect(conn, by(UserId::new()), SessionId::new(), &Socket::new("gateway-3", "2")), refused);
    assert_eq!(
        sessions::disconnect(conn, by(session.user_id), session.id, &Socket::new("gateway-3", "1")),
        Ok(Disconnected::Last)
    );
}

#[test]
fn devices_are_listed_by_activity_and_signed_out_one_by_one_or_together() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let [(_, first), (_, second), (_, third)] = [(); 3].map(|()| open(conn, alice));
    let (_, bobs) = open(conn, bob);
    database
        .execute(&format!(
            "UPDATE user_sessions SET last_active_at = now() + interval '1 minute' WHERE id = '{}'",
            first.id
        ))
        .unwrap();
    assert_eq!(ids(&all(conn, alice)), [first.id, third.id, second.id]);

    assert_eq!(sessions::revoke(conn, by(alice), bobs.id), Ok(None));
    assert!(sessions::revoke(conn, by(alice), third.id).unwrap().unwrap().revoked_at.is_some());
    assert_eq!(sessions::revoke(conn, by(alice), third.id), Ok(None));
    assert_eq!(ids(&sessions::revoke_others(conn, by(alice), first.id).unwrap()), [second.id]);
    assert_eq!(ids(&all(conn, alice)), [first.id]);
    assert_eq!(ids(&sessions::revoke_all(conn, by(alice)).unwrap()), [first.id]);
    assert_eq!(sessions::revoke_all(conn, by(alice)), Ok(vec![]));
    assert_eq!(ids(&all(conn, bob)), [bobs.id]);
}

#[test]
fn sessions_are_opened_and_revoked_at_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let keep = open(conn, alice).1.id;
    let revoked: HashSet<SessionId> = cast::at_once(&database, 8, |number, conn| {
        let mut revoked = Vec::new();
        for _ in 0..20 {
            let mine = open(conn, alice);
            match number % 4 {
                0 => revoked.extend(sessions::revoke_others(conn, by(alice), keep).unwrap()),
                1 => revoked.extend(sessions::revoke(conn, by(alice), mine.1.id).unwrap()),
                // Another may have revoked it by now.
                2 => drop(sessions::connect(conn, by(mine.1.user_id), mine.1.id, &Socket::new("gateway-1", "1"))),
                _ => drop(sessions::authenticate(conn, &mine.0)),
            }
        }
        ids(&revoked)
    })
    .into_iter()
    .flatten()
    .collect();
    // Each of them was ended by one, who was told; the others are there.
    let listed: HashSet<_> = ids(&all(conn, alice)).into_iter().collect();
    assert!(listed.contains(&keep));
    assert!(listed.is_disjoint(&revoked));
    assert_eq!(listed.len() + revoked.len(), 161);
    assert_eq!(
        database.value("SELECT count(*) FROM user_sessions WHERE revoked_at IS NOT NULL"),
        revoked.len().to_string()
    );
}

#[test]
fn sessions_use_their_indexes() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let (token, session) = open(conn, alice);
    database
        .execute(
            "INSERT INTO users (username, password_hash) SELECT 'user_' || number, '$' FROM generate_series(1, 1000) AS number;
             INSERT INTO user_sessions (user_id, token_hash, expires_at)
             SELECT id, sha256(convert_to(id::text || device, 'UTF8')), now() + device * interval '1 day'
             FROM users, generate_series(1, 5) AS device;
             ANALYZE",
        )
        .unwrap();
    let mut used = |act: &dyn Fn(&mut PgConnection)| server_statistics::indexes_used(conn, "user_sessions", act);
    assert_eq!(used(&|conn| drop(sessions::authenticate(conn, &token))), ["user_sessions_token_hash_key"]);
    assert_eq!(used(&|conn| drop(sessions::list(conn, by(alice), None, Limit::MAX))), ["user_sessions_user_idx"]);
    assert_eq!(
        used(&|conn| drop(sessions::connect(conn, by(session.user_id), session.id, &Socket::new("gateway-1", "1")))),
        ["user_sessions_pkey", "user_sessions_user_idx"]
    );
    assert_eq!(
        used(&|conn| drop(sessions::purge_expired(conn, 10))),
        ["user_sessions_expires_idx", "user_sessions_pkey"]
    );
    assert_eq!(
        used(&|conn| drop(sessions::revoke_others(conn, by(alice), session.id))),
        ["user_sessions_pkey", "user_sessions_user_idx"]
    );
}

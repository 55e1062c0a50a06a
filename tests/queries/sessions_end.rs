//! Sessions that are replaced, get another token, expire or are purged.

use chrono::TimeDelta;
use diesel::PgConnection;
use messenger_db::enums::DeviceType;
use messenger_db::error::Error;
use messenger_db::queries::sessions::{
    self, AuthenticateRefused, Device, Lifetime, OpenRefused, Opened, SessionRefused,
};
use pretty_assertions::assert_eq;

use super::cast;
use super::sessions::{all, ids, open};
use crate::queries::cast::by;
use crate::support::TestDatabase;

#[test]
fn signing_a_device_in_again_replaces_its_session_however_many_do_at_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let phone = Device { id: Some("phone-1"), ..Device::new(DeviceType::Ios) };
    let sign_in = |conn: &mut PgConnection, user| sessions::open(conn, user, &phone, TimeDelta::days(1)).unwrap();
    let first = sign_in(conn, alice);
    let others = sign_in(conn, bob);
    open(conn, alice);
    let second = sign_in(conn, alice);
    let replaced = second.replaced.unwrap();
    assert_eq!(replaced.id, first.session.id);
    assert!(replaced.revoked_at.is_some());
    let refused = Err(Error::Refused(AuthenticateRefused::Revoked));
    assert_eq!(sessions::authenticate(conn, &first.token), refused);
    assert!(sessions::authenticate(conn, &second.token).is_ok());
    assert!(sessions::authenticate(conn, &others.token).is_ok());

    let opened = cast::at_once(&database, 8, |_, conn| sign_in(conn, alice));
    let mut replaced: Vec<_> = opened.iter().map(|opened| opened.replaced.as_ref().unwrap().id).collect();
    let active: Vec<_> =
        opened.iter().map(|opened| opened.session.id).filter(|session| !replaced.contains(session)).collect();
    assert_eq!(active.len(), 1);
    replaced.sort_unstable();
    replaced.dedup();
    assert_eq!(replaced.len(), 8);
    assert_eq!(all(conn, alice).len(), 2);
}

#[test]
fn a_session_ends_when_it_is_unused_and_at_its_bound_however_much_it_is_used() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let lifetime = Lifetime::sliding(TimeDelta::days(30), TimeDelta::days(365));
    let Opened { token, session, .. } = sessions::open(conn, alice, &Device::new(DeviceType::Ios), lifetime).unwrap();
    assert_eq!(session.idle_timeout, Some(TimeDelta::days(30)));
    let unused = |days: u32| {
        database
            .execute(&format!(
                "UPDATE user_sessions SET created_at = now() - interval '400 days',
                 last_active_at = now() - interval '{days} days'"
            ))
            .unwrap();
    };
    unused(29);
    sessions::touch(conn, by(alice), session.id).unwrap();
    assert!(sessions::authenticate(conn, &token).unwrap().session.last_active_at > session.created_at);
    unused(31);
    let refused = Err(Error::Refused(AuthenticateRefused::Expired));
    assert_eq!(sessions::authenticate(conn, &token), refused);
    let ended = Err(Error::Refused(SessionRefused::NotActive));
    assert_eq!(sessions::touch(conn, by(alice), session.id), ended);
    assert_eq!(sessions::rotate(conn, by(alice), session.id).map(|_| ()), ended);
    assert_eq!(all(conn, alice), []);
    assert_eq!(sessions::revoke(conn, by(alice), session.id), Ok(None));

    unused(0);
    assert!(sessions::authenticate(conn, &token).is_ok());
    database.execute("UPDATE user_sessions SET expires_at = now()").unwrap();
    assert_eq!(sessions::authenticate(conn, &token), refused);
    for idle in [TimeDelta::zero(), -TimeDelta::days(1)] {
        let lifetime = Lifetime::sliding(idle, TimeDelta::days(365));
        let opened = sessions::open(conn, alice, &Device::new(DeviceType::Ios), lifetime).map(|_| ());
        assert_eq!(opened, Err(Error::Refused(OpenRefused::LifetimeNotPositive)));
    }
}

#[test]
fn a_new_token_opens_the_same_session_and_the_former_one_opens_nothing() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let (token, session) = open(conn, alice);
    let ended = Err(Error::Refused(SessionRefused::NotActive));
    assert_eq!(sessions::rotate(conn, by(bob), session.id).map(|_| ()), ended);
    let rotated = sessions::rotate(conn, by(alice), session.id).unwrap();
    assert_eq!(sessions::authenticate(conn, &rotated).unwrap().session.id, session.id);
    let unknown = Err(Error::Refused(AuthenticateRefused::Unknown));
    assert_eq!(sessions::authenticate(conn, &token), unknown);
    sessions::revoke(conn, by(alice), session.id).unwrap();
    assert_eq!(sessions::rotate(conn, by(alice), session.id).map(|_| ()), ended);
}

#[test]
fn expired_sessions_are_purged_in_batches_by_several_at_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    for _ in 0..50 {
        open(conn, alice);
    }
    database
        .execute(
            "UPDATE user_sessions SET created_at = now() - interval '2 days', expires_at = now() - interval '1 day'",
        )
        .unwrap();
    let (_, active) = open(conn, alice);
    assert_eq!(sessions::purge_expired(conn, 7), Ok(7));
    let purged = cast::at_once(&database, 4, |_, conn| {
        let mut purged = 0;
        loop {
            match sessions::purge_expired(conn, 5).unwrap() {
                0 => return purged,
                some => purged += some,
            }
        }
    });
    assert_eq!(purged.iter().sum::<usize>(), 43);
    assert_eq!(ids(&all(conn, alice)), [active.id]);
}

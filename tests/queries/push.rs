//! Which devices a message wakes, and where they are reached.

use chrono::TimeDelta;
use diesel::PgConnection;
use messenger_db::enums::{DeviceType, PushService};
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, SessionId, UserId};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self};
use messenger_db::queries::push::{self, Address, Keys, RegisterRefused};
use messenger_db::queries::receipts;
use messenger_db::queries::sessions::{self, Device, Socket};
use messenger_db::secrets::{PushAuth, PushToken};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

fn device(conn: &mut PgConnection, user: UserId) -> SessionId {
    let device = Device::new(DeviceType::Android);
    sessions::open(conn, user, &device, TimeDelta::days(1)).unwrap().session.id
}

/// A device of the user that is reached by that token.
fn reached(conn: &mut PgConnection, user: UserId, token: &str) -> SessionId {
    let session = device(conn, user);
    push::register(conn, by(user), session, &Address::fcm(PushToken::new(token))).unwrap();
    session
}

/// The tokens of the devices that a message wakes, each with its badge.
fn woken(conn: &mut PgConnection, chat: ChatId, seq: Seq) -> Vec<(String, i64)> {
    let targets = push::targets(conn, chat, seq).unwrap();
    let mut woken: Vec<_> =
        targets.into_iter().map(|target| (target.address.token.expose().to_owned(), target.badge)).collect();
    woken.sort_unstable();
    woken
}

fn is(tokens: &[(&str, i64)]) -> Vec<(String, i64)> {
    tokens.iter().map(|(token, badge)| ((*token).to_owned(), *badge)).collect()
}

#[test]
fn a_message_wakes_the_devices_of_those_who_are_away_and_have_not_read_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let other = groups::create(conn, by(alice), &NewGroup::new("Walkers", &[bob])).unwrap().id;
    reached(conn, alice, "alice");
    let phone = reached(conn, bob, "phone");
    reached(conn, bob, "tablet");
    reached(conn, carol, "carol");
    device(conn, carol);
    cast::say(conn, other, alice, ["one", "two"]);
    let seq = cast::say(conn, chat, alice, ["three"]);
    assert_eq!(woken(conn, chat, seq), is(&[("carol", 1), ("phone", 3), ("tablet", 3)]));
    assert_eq!(server_statistics::statements(conn, |conn| push::targets(conn, chat, seq)), 1);

    // Who has any device connected hears of it there.
    sessions::connect(conn, by(bob), phone, &Socket::new("one", "a")).unwrap();
    assert_eq!(woken(conn, chat, seq), is(&[("carol", 1)]));
    sessions::disconnect(conn, by(bob), phone, &Socket::new("one", "a")).unwrap();
    receipts::mark_read(conn, by(carol), chat, seq).unwrap();
    assert_eq!(woken(conn, chat, seq), is(&[("phone", 3), ("tablet", 3)]));

    sessions::revoke(conn, by(bob), phone).unwrap();
    assert_eq!(woken(conn, chat, seq), is(&[("tablet", 3)]));
    database.execute("UPDATE user_sessions SET created_at = now() - interval '1 day', expires_at = now()").unwrap();
    assert_eq!(woken(conn, chat, seq), []);
    // The system wakes nobody, nor what does not exist.
    assert_eq!(woken(conn, chat, Seq::FIRST), []);
    assert_eq!(woken(conn, chat, Seq::MAX), []);
}

#[test]
fn what_was_said_before_somebody_joined_or_was_deleted_wakes_nobody() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let dave = cast::user(conn, "dave");
    reached(conn, dave, "dave");
    reached(conn, bob, "bob");
    reached(conn, carol, "carol");
    let seq = cast::say(conn, chat, alice, ["Hello"]);
    groups::add(conn, by(alice), chat, dave).unwrap();
    groups::remove(conn, by(alice), chat, carol).unwrap();
    let woken_now: Vec<_> = woken(conn, chat, seq).into_iter().map(|(token, _)| token).collect();
    assert_eq!(woken_now, ["bob"]);
    messages::delete(conn, by(alice), chat, seq).unwrap();
    assert_eq!(woken(conn, chat, seq), []);
}

#[test]
fn a_device_has_one_address_and_an_address_one_device() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let addresses = || {
        database.value("SELECT string_agg(username || ' ' || token, ', ' ORDER BY token) FROM push_tokens INNER JOIN users ON users.id = user_id")
    };
    let hers = reached(conn, alice, "first");
    let address = Address::fcm(PushToken::new("second"));
    for _ in 0..2 {
        push::register(conn, by(alice), hers, &address).unwrap();
        assert_eq!(addresses(), "alice second");
    }
    // Somebody else signs in on the same device.
    let his = device(conn, bob);
    push::register(conn, by(bob), his, &address).unwrap();
    assert_eq!(addresses(), "bob second");
    assert_eq!(push::remove(conn, by(alice), his), Ok(false));
    assert_eq!(push::remove(conn, by(bob), his), Ok(true));
    push::register(conn, by(bob), his, &address).unwrap();
    assert_eq!(push::remove_token(conn, PushService::Apns, &address.token), Ok(false));
    assert_eq!(push::remove_token(conn, PushService::Fcm, &address.token), Ok(true));

    let refused = Err(Refused(RegisterRefused::NotActive));
    assert_eq!(push::register(conn, by(alice), his, &address), refused);
    sessions::revoke(conn, by(bob), his).unwrap();
    assert_eq!(push::register(conn, by(bob), his, &address), refused);
    assert_eq!(database.value("SELECT count(*) FROM push_tokens"), "0");
}

#[test]
fn signing_in_again_and_revoking_forget_the_address() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let phone = Device { id: Some("phone-1"), ..Device::new(DeviceType::Ios) };
    let addresses = || database.value("SELECT count(*) FROM push_tokens");
    for forget in [
        &(|conn: &mut PgConnection, _| drop(sessions::open(conn, alice, &phone, TimeDelta::days(1)).unwrap()))
            as &dyn Fn(&mut PgConnection, SessionId),
        &|conn, session| drop(sessions::revoke(conn, by(alice), session).unwrap()),
        &|conn, _| drop(sessions::revoke_all(conn, by(alice)).unwrap()),
    ] {
        let session = sessions::open(conn, alice, &phone, TimeDelta::days(1)).unwrap().session.id;
        push::register(conn, by(alice), session, &Address::apns(PushToken::new("a"))).unwrap();
        assert_eq!(addresses(), "1");
        forget(conn, session);
        assert_eq!(addresses(), "0");
    }
}

#[test]
fn one_token_registered_by_many_at_once_belongs_to_one() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let sessions: Vec<_> = (0..8).map(|_| device(conn, alice)).collect();
    cast::at_once(&database, 8, |number, conn| {
        for token in ["same", "other", "same"] {
            let address =
                Address::fcm(PushToken::new(if token == "same" { "same".into() } else { format!("{number}") }));
            let registered = messenger_db::retry::transaction(conn, |conn| {
                push::register(conn, by(alice), sessions[number], &address)
            });
            registered.unwrap();
        }
    });
    assert_eq!(database.value("SELECT count(*) FROM push_tokens WHERE token = 'same'"), "1");
}

#[test]
fn keys_are_those_of_a_subscription_and_no_secret_is_printed() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let session = device(conn, alice);
    let keys = |public, secret| Keys { p256dh: vec![4; public], auth: PushAuth::new(vec![5; secret]) };
    let endpoint = || PushToken::new("https://push.example/secret");
    let browser = Address::web_push(endpoint(), keys(65, 16));
    push::register(conn, by(alice), session, &browser).unwrap();
    push::register(conn, by(alice), session, &Address::unified_push(endpoint(), None)).unwrap();
    push::register(conn, by(alice), session, &Address::unified_push(endpoint(), Some(keys(65, 16)))).unwrap();
    for address in [
        Address::web_push(endpoint(), keys(64, 16)),
        Address::web_push(endpoint(), keys(65, 15)),
        Address { keys: None, ..browser.clone() },
        Address { service: PushService::Apns, ..browser.clone() },
    ] {
        let refused = push::register(conn, by(alice), session, &address);
        assert_eq!(refused, Err(Refused(RegisterRefused::KeysInvalid)), "{address:?}");
    }
    for token in [String::new(), "é".repeat(1001)] {
        let refused = push::register(conn, by(alice), session, &Address::fcm(PushToken::new(token)));
        assert_eq!(refused, Err(Refused(RegisterRefused::TokenInvalid)));
    }
    push::register(conn, by(alice), session, &Address::fcm(PushToken::new("é".repeat(1000)))).unwrap();
    let printed = format!("{browser:?}");
    assert!(!printed.contains("secret") && !printed.contains("5, 5"), "{printed}");
}

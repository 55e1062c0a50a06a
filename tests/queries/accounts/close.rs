//! An account is closed, and whatever was tied to it ends, whoever is tying at that moment.

use chrono::TimeDelta;
use diesel::prelude::*;
use messenger_db::enums::{DeviceType, ParticipantRole, UserStatus};
use messenger_db::error::Error;
use messenger_db::ids::UserId;
use messenger_db::models::ChatParticipant;
use messenger_db::queries::accounts::{self, CloseRefused, PresenceRefused, ProfileChanges, ProfileRefused};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::push::{self, Address};
use messenger_db::queries::sessions::{self, AuthenticateRefused, Device, OpenRefused};
use messenger_db::queries::{blocks, contacts, direct_chats};
use messenger_db::schema::{chat_participants, chats};
use messenger_db::secrets::{PasswordHash, PushToken};
use pretty_assertions::assert_eq;

use crate::queries::cast;
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// What a closed account must not be tied to: one row for each tie that there is.
const TIES: &str = "
    SELECT 'contact of ' || id FROM users INNER JOIN contacts ON id IN (user_id, contact_id) WHERE deleted_at IS NOT NULL
    UNION ALL
    SELECT 'block of ' || id FROM users INNER JOIN blocks ON id IN (blocker_id, blocked_id) WHERE deleted_at IS NOT NULL
    UNION ALL
    SELECT 'session of ' || users.id FROM users INNER JOIN user_sessions ON user_id = users.id
    WHERE deleted_at IS NOT NULL AND revoked_at IS NULL
    UNION ALL
    SELECT 'push token of ' || users.id FROM users INNER JOIN push_tokens ON user_id = users.id
    WHERE deleted_at IS NOT NULL
    UNION ALL
    SELECT 'membership of ' || id FROM users INNER JOIN chat_participants ON user_id = id
    WHERE deleted_at IS NOT NULL AND left_at IS NULL
    UNION ALL
    SELECT 'position of ' || id FROM users INNER JOIN unread_messages ON user_id = id WHERE deleted_at IS NOT NULL
    UNION ALL
    SELECT 'count of ' || chats.id FROM chats LEFT JOIN chat_participants ON chat_id = chats.id AND left_at IS NULL
    GROUP BY chats.id HAVING min(member_count) <> count(chat_id)
    UNION ALL
    SELECT 'owner of ' || chats.id FROM chats
    LEFT JOIN chat_participants ON chat_id = chats.id AND left_at IS NULL AND role = 'owner'
    WHERE kind = 'group' AND deleted_at IS NULL GROUP BY chats.id HAVING count(chat_id) = 0";

#[test]
fn closing_leaves_the_messages_and_nothing_that_names_a_person() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let named = ProfileChanges {
        display_name: Some(Some("Alice")),
        avatar_url: Some(Some("https://a.example/a")),
        ..ProfileChanges::default()
    };
    accounts::update_profile(conn, by(alice), &named).unwrap();
    accounts::set_presence(conn, by(alice), UserStatus::Online).unwrap();
    let phone = Device {
        id: Some("phone-1"),
        name: Some("Alice's phone"),
        ip_address: Some("192.0.2.1/32".parse().unwrap()),
        user_agent: Some("Phone/1"),
        ..Device::new(DeviceType::Ios)
    };
    let sessions::Opened { token, session, .. } = sessions::open(conn, alice, &phone, TimeDelta::days(1)).unwrap();
    push::register(conn, by(alice), session.id, &Address::apns(PushToken::new("a"))).unwrap();
    cast::befriend(conn, alice, bob);
    contacts::request(conn, by(carol), alice).unwrap();
    blocks::block(conn, by(alice), carol).unwrap();
    blocks::block(conn, by(bob), alice).unwrap();
    blocks::unblock(conn, by(bob), alice).unwrap();
    let direct = direct_chats::find_or_create(conn, by(alice), bob).unwrap();
    let said = messages::send(conn, by(alice), direct.id, &Draft::text("Goodbye")).unwrap().message;
    blocks::block(conn, by(bob), alice).unwrap();

    accounts::close(conn, by(alice)).unwrap();

    let closed = accounts::get(conn, by(alice)).unwrap();
    assert_eq!(
        (closed.username, closed.password_hash, closed.display_name, closed.avatar_url),
        (None, None, None, None)
    );
    assert_eq!(closed.updated_at, closed.deleted_at.unwrap());
    let seen = accounts::find_profiles(conn, by(bob), &[alice]).unwrap().remove(0);
    assert_eq!((seen.status, seen.last_seen_at), (UserStatus::Offline, closed.deleted_at));
    assert!(closed.deleted_at.is_some());
    assert_eq!(database.column(TIES), [""; 0]);
    assert_eq!(sessions::authenticate(conn, &token), Err(Error::Refused(AuthenticateRefused::Revoked)));
    assert_eq!(
        database.value(
            "SELECT count(*) FROM user_sessions WHERE num_nonnulls(device_id, device_name, ip_address, user_agent) > 0"
        ),
        "0"
    );
    assert_eq!(
        database.value("SELECT sender_id || content FROM messages"),
        format!("{alice}{}", said.content.unwrap())
    );
    let member_count: i32 = chats::table.find(direct.id).select(chats::member_count).first(conn).unwrap();
    assert_eq!(member_count, 1);
}

#[test]
fn a_closed_account_is_closed_for_everything() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let group = groups::create(conn, by(bob), &NewGroup::new("Hikers", &[])).unwrap();
    accounts::close(conn, by(alice)).unwrap();

    assert_eq!(accounts::close(conn, by(alice)), Err(Error::Refused(CloseRefused::NoSuchAccount)));
    assert_eq!(accounts::close(conn, by(UserId::new())), Err(Error::Refused(CloseRefused::NoSuchAccount)));
    assert_eq!(
        accounts::set_presence(conn, by(alice), UserStatus::Online),
        Err(Error::Refused(PresenceRefused::NoSuchAccount))
    );
    let rename = ProfileChanges { username: Some("alice_again"), ..ProfileChanges::default() };
    assert_eq!(accounts::update_profile(conn, by(alice), &rename), Err(Error::Refused(ProfileRefused::NoSuchAccount)));
    assert!(accounts::reset_password(conn, alice, &PasswordHash::new("$new")).is_err());
    let device = Device::new(DeviceType::Web);
    let opened = sessions::open(conn, alice, &device, TimeDelta::days(1)).map(|opened| opened.session);
    assert_eq!(opened, Err(Error::Refused(OpenRefused::NoSuchAccount)));
    for (one, other) in [(alice, bob), (bob, alice)] {
        assert_eq!(
            contacts::request(conn, by(one), other),
            Err(Error::Refused(contacts::RequestRefused::NoSuchAccount))
        );
        assert_eq!(blocks::block(conn, by(one), other), Err(Error::Refused(blocks::BlockRefused::NoSuchAccount)));
    }
    assert!(groups::add(conn, by(bob), group.id, alice).is_err());
    assert_eq!(database.column(TIES), [""; 0]);
}

#[test]
fn the_groups_of_a_closed_account_follow_the_rules_of_leaving() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let owned = groups::create(conn, by(alice), &NewGroup::new("Owned", &[bob, carol])).unwrap();
    groups::promote(conn, by(alice), owned.id, carol).unwrap();
    let joined = groups::create(conn, by(bob), &NewGroup::new("Joined", &[alice])).unwrap();
    let alone = groups::create(conn, by(alice), &NewGroup::new("Alone", &[])).unwrap();
    let position = messages::send(conn, by(alice), owned.id, &Draft::text("Bye")).unwrap().message.seq;

    accounts::close(conn, by(alice)).unwrap();

    assert_eq!(database.column(TIES), [""; 0]);
    let membership = |conn: &mut PgConnection, user| -> ChatParticipant {
        chat_participants::table.find((owned.id, user)).select(ChatParticipant::as_select()).first(conn).unwrap()
    };
    assert_eq!(membership(conn, carol).role, ParticipantRole::Owner);
    assert!(membership(conn, alice).left_at.is_some());
    let events = format!(
        "SELECT metadata ->> 'event' FROM messages WHERE chat_id = '{}' AND seq > {position} ORDER BY seq",
        owned.id
    );
    assert_eq!(database.column(&events), ["member_left", "owner_changed"]);
    let counts = |conn: &mut PgConnection, chat| -> (i32, bool) {
        chats::table.find(chat).select((chats::member_count, chats::deleted_at.is_not_null())).first(conn).unwrap()
    };
    assert_eq!(counts(conn, owned.id), (2, false));
    assert_eq!(counts(conn, joined.id), (1, false));
    assert_eq!(counts(conn, alone.id), (0, true));
}

#[test]
fn whoever_ties_something_while_an_account_is_closed_is_too_early_or_too_late() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let device = Device::new(DeviceType::Web);
    for round in 0..25 {
        let [alice, bob, carol, dave] =
            ["alice", "bob", "carol", "dave"].map(|name| cast::user(conn, &format!("{name}_{round}")));
        let group = groups::create(conn, by(bob), &NewGroup::new("Hikers", &[])).unwrap();
        cast::befriend(conn, alice, bob);
        contacts::request(conn, by(carol), alice).unwrap();
        let errors = cast::at_once(&database, 10, |number, conn| match number {
            0 => cast::retried(conn, |conn| accounts::close(conn, by(alice))).err().map(|error| error.to_string()),
            1 => database_error(cast::retried(conn, |conn| contacts::request(conn, by(alice), dave))),
            2 => database_error(cast::retried(conn, |conn| contacts::request(conn, by(dave), alice))),
            3 => database_error(cast::retried(conn, |conn| contacts::accept(conn, by(alice), carol))),
            4 => database_error(cast::retried(conn, |conn| blocks::block(conn, by(alice), dave))),
            5 => database_error(cast::retried(conn, |conn| blocks::block(conn, by(carol), alice))),
            6 => database_error(
                cast::retried(conn, |conn| sessions::open(conn, alice, &device, TimeDelta::days(1))).map(|_| ()),
            ),
            7 => database_error(cast::retried(conn, |conn| groups::add(conn, by(bob), group.id, alice))),
            8 => database_error(cast::retried(conn, |conn| direct_chats::find_or_create(conn, by(bob), alice))),
            _ => database_error(cast::retried(conn, |conn| {
                groups::create(conn, by(alice), &NewGroup::new("Late", &[dave]))
            })),
        });
        // No deadlock, and no constraint that comes as a surprise.
        assert_eq!(errors, vec![None; 10]);
        assert_eq!(database.column(TIES), [""; 0], "round {round}");
    }
}

#[test]
fn accounts_that_know_each_other_are_closed_at_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    for round in 0..5 {
        let users: Vec<UserId> = (0..6).map(|number| cast::user(conn, &format!("user_{round}_{number}"))).collect();
        for &owner in &users {
            groups::create(conn, by(owner), &NewGroup::new("Everyone", &users)).unwrap();
        }
        for (index, &one) in users.iter().enumerate() {
            for &other in &users[index + 1..] {
                cast::befriend(conn, one, other);
                direct_chats::find_or_create(conn, by(one), other).unwrap();
                blocks::block(conn, by(one), other).unwrap();
                blocks::block(conn, by(other), one).unwrap();
            }
        }
        let results = cast::at_once(&database, users.len(), |number, conn| {
            cast::retried(conn, |conn| accounts::close(conn, by(users[number])))
        });
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(database.column(TIES), [""; 0], "round {round}");
    }
    assert_eq!(database.value("SELECT count(*) FROM chats WHERE kind = 'group' AND deleted_at IS NULL"), "0");
}

/// The error of an operation, unless it is a refusal.
fn database_error<T, R>(result: Result<T, Error<R>>) -> Option<String> {
    match result {
        Err(Error::Database(error)) => Some(error.to_string()),
        _ => None,
    }
}

#[test]
fn a_picture_that_is_replaced_taken_away_or_left_behind_is_listed_as_unused() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (group, [alice, bob, _]) = cast::group(conn);
    let with = |picture| ProfileChanges { avatar_url: Some(picture), ..ProfileChanges::default() };
    for picture in [Some("a/1"), Some("a/1"), Some("a/2"), None, Some("a/3")] {
        accounts::update_profile(conn, by(alice), &with(picture)).unwrap();
    }
    let renamed = ProfileChanges { display_name: Some(Some("Alice")), ..ProfileChanges::default() };
    accounts::update_profile(conn, by(alice), &renamed).unwrap();
    for picture in [Some("g/1"), Some("g/2"), None] {
        groups::change_avatar(conn, by(alice), group, picture).unwrap();
    }
    groups::rename(conn, by(alice), group, "Climbers").unwrap();
    for user in [alice, bob] {
        accounts::close(conn, by(user)).unwrap();
    }
    let files = "SELECT file_key FROM unused_files ORDER BY file_key";
    assert_eq!(database.column(files), ["a/1", "a/2", "a/3", "g/1", "g/2"]);
}

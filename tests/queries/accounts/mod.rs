//! Accounts are registered, found, changed and closed.

mod close;
mod reserved;
mod search;

use std::collections::HashSet;

use diesel::Connection as _;
use diesel::result::Error as DieselError;
use messenger_db::enums::UserStatus;
use messenger_db::error::Error;
use messenger_db::ids::UserId;
use messenger_db::models::NewUser;
use messenger_db::queries::accounts::{
    self, PasswordRefused, PresenceRefused, ProfileChanges, ProfileRefused, RegisterRefused,
};
use messenger_db::secrets::PasswordHash;
use pretty_assertions::assert_eq;

use super::cast;
use crate::queries::cast::by;
use crate::support::TestDatabase;

fn hash(secret: &str) -> PasswordHash {
    PasswordHash::new(format!("$argon2id${secret}"))
}

fn new<'a>(username: &'a str, password_hash: &'a PasswordHash) -> NewUser<'a> {
    NewUser { id: UserId::new(), username, password_hash, display_name: None, avatar_url: None }
}

#[test]
fn of_registrations_of_one_name_at_once_one_succeeds() {
    let database = TestDatabase::migrated();
    let names = ["alice", "Alice", "ALICE", "aLiCe", "alicE", "ALice", "alIce", "alice"];
    let results = cast::at_once(&database, names.len(), |number, conn| {
        accounts::register(conn, &new(names[number], &hash("x"))).map(|account| account.id)
    });
    let (opened, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(opened.len(), 1);
    assert!(refused.iter().all(|refusal| *refusal == Err(Error::Refused(RegisterRefused::UsernameTaken))));
    let found = accounts::find_by_username(&mut database.diesel(), "alice").unwrap().map(|account| account.id);
    assert_eq!(Ok(found.unwrap()), opened[0]);
}

#[test]
fn a_registration_says_what_is_wrong_with_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let good = hash("x");
    let plain = PasswordHash::new("hunter2");
    let (long_name, long_url) = ("é".repeat(101), "u".repeat(501));
    for (new, refusal) in [
        (new("al", &good), RegisterRefused::UsernameInvalid),
        (new("al ice", &good), RegisterRefused::UsernameInvalid),
        (new("älice", &good), RegisterRefused::UsernameInvalid),
        (new("alice", &plain), RegisterRefused::PasswordHashInvalid),
        (NewUser { display_name: Some(&long_name), ..new("alice", &good) }, RegisterRefused::DisplayNameTooLong),
        (NewUser { display_name: Some("\u{200B} "), ..new("alice", &good) }, RegisterRefused::DisplayNameInvalid),
        (NewUser { display_name: Some("Al\u{202E}ice"), ..new("alice", &good) }, RegisterRefused::DisplayNameInvalid),
        (NewUser { avatar_url: Some(&long_url), ..new("alice", &good) }, RegisterRefused::AvatarUrlTooLong),
    ] {
        assert_eq!(accounts::register(conn, &new), Err(Error::Refused(refusal)), "{new:?}");
    }
    let account = accounts::register(conn, &new("alice", &good)).unwrap();
    assert_eq!(account.deleted_at, None);
    let unseen = accounts::find_profiles(conn, by(account.id), &[account.id]).unwrap().remove(0);
    assert_eq!((unseen.status, unseen.last_seen_at), (UserStatus::Offline, Some(account.created_at)));
}

#[test]
fn a_refusal_leaves_the_callers_transaction_as_it_was() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let password = hash("x");
    conn.transaction(|conn| {
        let bob = accounts::register(conn, &new("bob", &password)).unwrap().id;
        assert!(accounts::register(conn, &new("ALICE", &password)).is_err());
        let taken = ProfileChanges { username: Some("alice"), ..ProfileChanges::default() };
        assert!(accounts::update_profile(conn, by(bob), &taken).is_err());
        assert!(accounts::reset_password(conn, bob, &PasswordHash::new("plain")).is_err());
        accounts::set_presence(conn, by(alice), UserStatus::Online).unwrap();
        Ok::<_, DieselError>(())
    })
    .unwrap();
    assert!(accounts::find_by_username(conn, "bob").unwrap().is_some());
    assert_eq!(accounts::find_profiles(conn, by(alice), &[alice]).unwrap()[0].status, UserStatus::Online);
}

#[test]
fn a_username_is_found_in_any_case_and_nothing_else_is() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "Alice_1");
    for name in ["Alice_1", "alice_1", "ALICE_1"] {
        assert_eq!(accounts::find_by_username(conn, name).unwrap().map(|account| account.id), Some(alice));
    }
    for name in ["", "alice", "aliceX1", "alice%", "alice_1\0", "al\u{131}ce_1"] {
        assert_eq!(accounts::find_by_username(conn, name), Ok(None), "{name:?}");
    }
}

#[test]
fn a_profile_changes_what_was_named() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, _] = cast::users(conn, ["alice", "bob"]);
    let changes = ProfileChanges {
        display_name: Some(Some("Alice")),
        avatar_url: Some(Some("https://a.example/a")),
        ..ProfileChanges::default()
    };
    let changed = accounts::update_profile(conn, by(alice), &changes).unwrap();
    assert_eq!(changed.display_name.as_deref(), Some("Alice"));
    assert!(changed.updated_at > changed.created_at);

    let changes = ProfileChanges { username: Some("Alice"), avatar_url: Some(None), ..ProfileChanges::default() };
    let renamed = accounts::update_profile(conn, by(alice), &changes).unwrap();
    assert_eq!(
        (renamed.username.as_deref(), renamed.display_name.as_deref(), renamed.avatar_url),
        (Some("Alice"), Some("Alice"), None)
    );

    let nothing = ProfileChanges::default();
    assert_eq!(accounts::update_profile(conn, by(alice), &nothing).unwrap().updated_at, renamed.updated_at);
    let mut refusal = |username| {
        accounts::update_profile(conn, by(alice), &ProfileChanges { username: Some(username), ..nothing }).unwrap_err()
    };
    assert_eq!(refusal("BOB"), Error::Refused(ProfileRefused::UsernameTaken));
    assert_eq!(refusal("b"), Error::Refused(ProfileRefused::UsernameInvalid));
    for changes in [nothing, ProfileChanges { avatar_url: Some(None), ..nothing }] {
        assert_eq!(
            accounts::update_profile(conn, by(UserId::new()), &changes),
            Err(Error::Refused(ProfileRefused::NoSuchAccount))
        );
    }
}

#[test]
fn of_changes_of_one_password_at_once_one_happens() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let verified = accounts::get(conn, by(alice)).unwrap().password_hash.unwrap();
    let results = cast::at_once(&database, 6, |number, conn| {
        accounts::change_password(conn, by(alice), &verified, &hash(&number.to_string()))
    });
    let winner = results.iter().position(Result::is_ok).unwrap();
    assert_eq!(accounts::get(conn, by(alice)).unwrap().password_hash, Some(hash(&winner.to_string())));
    let late = Err(Error::Refused(PasswordRefused::ChangedMeanwhile));
    assert_eq!(results.iter().filter(|result| **result == late).count(), 5);
}

#[test]
fn a_password_is_reset_to_a_hash_and_nothing_else() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    accounts::reset_password(conn, alice, &hash("new")).unwrap();
    assert_eq!(accounts::get(conn, by(alice)).unwrap().password_hash, Some(hash("new")));
    let plain = PasswordHash::new("hunter2");
    assert_eq!(
        accounts::reset_password(conn, alice, &plain),
        Err(Error::Refused(PasswordRefused::PasswordHashInvalid))
    );
    assert_eq!(
        accounts::change_password(conn, by(UserId::new()), &plain, &plain),
        Err(Error::Refused(PasswordRefused::NoSuchAccount))
    );
}

#[test]
fn of_those_who_are_first_seen_at_once_all_are() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let user = cast::user(conn, "alice");
    let marked = cast::at_once(&database, 6, |_, conn| accounts::mark_seen(conn, by(user)));
    assert_eq!(marked, [const { Ok(()) }; 6]);
    accounts::set_presence(conn, by(user), UserStatus::Away).unwrap();
    accounts::mark_seen(conn, by(user)).unwrap();
    assert_eq!(database.column("SELECT status FROM user_presence"), ["away"]);
    accounts::close(conn, by(user)).unwrap();
    assert!(accounts::mark_seen(conn, by(user)).is_err());
    assert_eq!(database.value("SELECT count(*) FROM user_presence"), "0");
}

#[test]
fn presence_is_no_change_of_the_profile() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let user = cast::user(conn, "alice");
    let before = accounts::get(conn, by(user)).unwrap();
    for status in [UserStatus::Online, UserStatus::Away, UserStatus::Offline, UserStatus::Online, UserStatus::Away] {
        accounts::set_presence(conn, by(user), status).unwrap();
        accounts::mark_seen(conn, by(user)).unwrap();
    }
    let after = accounts::get(conn, by(user)).unwrap();
    assert_eq!(after, before);
    let seen = accounts::find_profiles(conn, by(user), &[user]).unwrap().remove(0);
    assert_eq!(seen.status, UserStatus::Away);
    assert!(seen.last_seen_at > Some(before.created_at));
    let nobody = Err(Error::Refused(PresenceRefused::NoSuchAccount));
    assert_eq!(accounts::set_presence(conn, by(UserId::new()), UserStatus::Away), nobody);
    assert_eq!(accounts::mark_seen(conn, by(UserId::new())), nobody);
}

#[test]
fn profiles_are_listed_by_key_whether_open_or_closed() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    accounts::close(conn, by(bob)).unwrap();
    let profiles =
        accounts::find_profiles(conn, by(UserId::new()), &[carol, alice, bob, alice, UserId::new()]).unwrap();
    let expected: HashSet<_> = [alice, bob, carol].into();
    assert_eq!(profiles.iter().map(|profile| profile.id).collect::<HashSet<_>>(), expected);
    assert!(profiles.is_sorted_by_key(|profile| profile.id));
    assert_eq!(profiles.len(), 3);
}

//! The username of a closed account, and one that was given up, is reserved until it is released.

use std::sync::mpsc;

use chrono::{TimeDelta, Utc};
use diesel::{Connection as _, PgConnection};
use messenger_db::error::Error::Refused;
use messenger_db::queries::accounts::{self, ProfileChanges, ProfileRefused, RegisterRefused};
use pretty_assertions::assert_eq;

use super::{hash, new};
use crate::queries::cast::{self, by};
use crate::queries::server_statistics;
use crate::support::TestDatabase;

#[test]
fn nobody_takes_the_username_of_a_closed_account_until_it_is_released() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["Alice", "bob"]);
    accounts::close(conn, by(alice)).unwrap();
    let rename = ProfileChanges { username: Some("aLICE"), ..ProfileChanges::default() };
    // Also in a transaction of the caller's, which goes on.
    conn.transaction(|conn| {
        assert_eq!(accounts::register(conn, &new("alice", &hash("x"))), Err(Refused(RegisterRefused::UsernameTaken)));
        assert_eq!(accounts::update_profile(conn, by(bob), &rename), Err(Refused(ProfileRefused::UsernameTaken)));
        accounts::register(conn, &new("alicia", &hash("x")))
    })
    .unwrap();
    assert_eq!(accounts::get(conn, by(bob)).unwrap().username.as_deref(), Some("bob"));
    assert_eq!(accounts::find_by_username(conn, "alice"), Ok(None));
    let row = database.value("SELECT reserved_usernames::text FROM reserved_usernames");
    assert!(!row.to_lowercase().contains("alice"), "{row}");

    let year = TimeDelta::days(365);
    assert_eq!(accounts::release_usernames(conn, Utc::now() - year, 10), Ok(0));
    assert_eq!(accounts::release_username(conn, "alicia"), Ok(false));
    assert_eq!(accounts::release_username(conn, "ALICE"), Ok(true));
    accounts::update_profile(conn, by(bob), &rename).unwrap();
    // Whom the name is reserved for next is told by when they closed.
    accounts::close(conn, by(bob)).unwrap();
    assert_eq!(accounts::release_usernames(conn, Utc::now() + year, 10), Ok(2));
    accounts::register(conn, &new("alice", &hash("x"))).unwrap();
}

#[test]
fn usernames_are_released_in_batches_the_oldest_first() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let sql = "INSERT INTO reserved_usernames SELECT sha256(convert_to(number::text, 'UTF8')), now() - number * interval '1 day'
         FROM generate_series(1, 12) AS number";
    database.execute(sql).unwrap();
    let before = Utc::now() - TimeDelta::hours(3 * 24 + 12);
    let released: Vec<_> = (0..4).map(|_| accounts::release_usernames(conn, before, 4).unwrap()).collect();
    assert_eq!(released, [4, 4, 1, 0]);
    assert_eq!(
        database.value("SELECT count(*) FROM reserved_usernames WHERE reserved_at > now() - interval '4 days'"),
        "3"
    );
}

#[test]
fn whoever_waits_for_the_username_of_an_account_that_is_being_closed_does_not_get_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let (sender, receiver) = mpsc::channel();
    let (registered, renamed) = std::thread::scope(|scope| {
        let waiting = conn
            .transaction(|conn| {
                accounts::close(conn, by(alice)).unwrap();
                let (database, other) = (&database, sender.clone());
                let registering = scope.spawn(move || {
                    let conn = &mut database.diesel();
                    sender.send(server_statistics::backend(conn)).unwrap();
                    accounts::register(conn, &new("alice", &hash("x")))
                });
                server_statistics::until_waiting(database, receiver.recv().unwrap());
                let renaming = scope.spawn(move || {
                    let conn = &mut database.diesel();
                    other.send(server_statistics::backend(conn)).unwrap();
                    let rename = ProfileChanges { username: Some("Alice"), ..ProfileChanges::default() };
                    accounts::update_profile(conn, by(bob), &rename)
                });
                server_statistics::until_waiting(database, receiver.recv().unwrap());
                diesel::QueryResult::Ok((registering, renaming))
            })
            .unwrap();
        (waiting.0.join().unwrap(), waiting.1.join().unwrap())
    });
    assert_eq!(registered, Err(Refused(RegisterRefused::UsernameTaken)));
    assert_eq!(renamed, Err(Refused(ProfileRefused::UsernameTaken)));
}

#[test]
fn a_username_that_was_given_up_is_free_for_nobody_but_who_had_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["Alice", "bob"]);
    let rename = |conn: &mut PgConnection, user, username| {
        let changes = ProfileChanges { username: Some(username), ..ProfileChanges::default() };
        accounts::update_profile(conn, by(user), &changes).map(drop)
    };
    let count = || database.value("SELECT count(*) FROM reserved_usernames");
    // Another case is the same name.
    rename(conn, alice, "alice").unwrap();
    assert_eq!(count(), "0");
    rename(conn, alice, "alicia").unwrap();
    assert_eq!(rename(conn, bob, "ALICE"), Err(Refused(ProfileRefused::UsernameTaken)));
    assert_eq!(accounts::register(conn, &new("alice", &hash("x"))), Err(Refused(RegisterRefused::UsernameTaken)));
    assert_eq!(accounts::get(conn, by(bob)).unwrap().username.as_deref(), Some("bob"));
    rename(conn, alice, "Alice").unwrap();
    assert_eq!(rename(conn, bob, "alicia"), Err(Refused(ProfileRefused::UsernameTaken)));
    // Who hoards names keeps three.
    for name in ["one", "two", "three", "four"] {
        rename(conn, alice, name).unwrap();
    }
    assert_eq!(count(), "3");
    rename(conn, bob, "alice").unwrap();
    assert_eq!(rename(conn, bob, "one"), Err(Refused(ProfileRefused::UsernameTaken)));
    // With the account it is no more told whose they were.
    accounts::close(conn, by(alice)).unwrap();
    assert_eq!(database.value("SELECT count(*) FROM reserved_usernames WHERE user_id IS NULL"), "4");
    assert_eq!(rename(conn, bob, "three"), Err(Refused(ProfileRefused::UsernameTaken)));
    assert_eq!(accounts::release_username(conn, "three"), Ok(true));
    rename(conn, bob, "three").unwrap();
}

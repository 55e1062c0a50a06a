//! Contacts are asked for, answered, listed and ended.

use std::sync::mpsc;
use std::thread;

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use messenger_db::enums::{ContactStatus, UserStatus};
use messenger_db::error::Error;
use messenger_db::ids::UserId;
use messenger_db::models::Contact;
use messenger_db::queries::accounts::{self, ProfileChanges};
use messenger_db::queries::contacts::{
    self, AcceptRefused, DeclineRefused, ListedContact, RemoveRefused, RequestRefused,
};
use messenger_db::queries::{blocks, direct_chats};
use messenger_db::schema;
use pretty_assertions::assert_eq;

use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// The rows of contacts that are no contact: those without their like on the other side.
const HALVES: &str = "
    SELECT one.user_id || ' and ' || one.contact_id FROM contacts AS one
    LEFT JOIN contacts AS other ON other.user_id = one.contact_id AND other.contact_id = one.user_id
        AND (other.status, other.requested_by, other.created_at) = (one.status, one.requested_by, one.created_at)
        AND other.accepted_at IS NOT DISTINCT FROM one.accepted_at
    WHERE other.user_id IS NULL";

fn side(conn: &mut PgConnection, user: UserId, other: UserId) -> Option<Contact> {
    schema::contacts::table.find((user, other)).select(Contact::as_select()).first(conn).optional().unwrap()
}

fn ids(listed: &[ListedContact]) -> Vec<UserId> {
    listed.iter().map(|contact| contact.profile.id).collect()
}

#[test]
fn a_request_is_seen_on_both_sides_until_it_is_answered() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let asked = contacts::request(conn, by(alice), bob).unwrap();
    assert_eq!((asked.user_id, asked.contact_id, asked.requested_by), (alice, bob, alice));
    contacts::request(conn, by(carol), bob).unwrap();

    assert_eq!(ids(&contacts::all_requests_sent(conn, by(alice)).unwrap()), [bob]);
    assert_eq!(ids(&contacts::all_requests_received(conn, by(bob)).unwrap()), [carol, alice]);
    assert_eq!(contacts::all_requests_received(conn, by(alice)), Ok(vec![]));
    assert_eq!(contacts::all_requests_sent(conn, by(bob)), Ok(vec![]));

    contacts::accept(conn, by(bob), alice).unwrap();
    contacts::decline(conn, by(bob), carol).unwrap();
    assert_eq!(ids(&contacts::all(conn, by(alice)).unwrap()), [bob]);
    assert_eq!(ids(&contacts::all(conn, by(bob)).unwrap()), [alice]);
    assert!(contacts::all(conn, by(bob)).unwrap()[0].accepted_at.is_some());
    assert_eq!(contacts::all_requests_received(conn, by(bob)), Ok(vec![]));
    assert_eq!(side(conn, carol, bob), None);
    assert_eq!(database.column(HALVES), [""; 0]);
}

#[test]
fn asking_again_changes_nothing() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let asked = contacts::request(conn, by(alice), bob).unwrap();
    assert_eq!(contacts::request(conn, by(alice), bob), Ok(asked.clone()));
    let accepted = contacts::request(conn, by(bob), alice).unwrap();
    assert_eq!((accepted.status, accepted.requested_by), (ContactStatus::Accepted, alice));
    assert_eq!(contacts::request(conn, by(bob), alice), Ok(accepted));
    assert_eq!(side(conn, alice, bob).map(|contact| contact.created_at), Some(asked.created_at));
    assert_eq!(database.column(HALVES), [""; 0]);
}

#[test]
fn requests_that_cross_become_one_contact() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    for round in 0..20 {
        let [alice, bob] = ["alice", "bob"].map(|name| cast::user(conn, &format!("{name}_{round}")));
        let results = cast::at_once(&database, 10, |number, conn| {
            let (one, other) = if number % 2 == 0 { (alice, bob) } else { (bob, alice) };
            contacts::request(conn, by(one), other).unwrap().status
        });
        assert!(results.contains(&ContactStatus::Accepted));
        for (one, other) in [(alice, bob), (bob, alice)] {
            assert_eq!(side(conn, one, other).unwrap().status, ContactStatus::Accepted);
            assert_eq!(ids(&contacts::all(conn, by(one)).unwrap()), [other]);
        }
    }
    assert_eq!(database.column(HALVES), [""; 0]);
    assert_eq!(database.value("SELECT count(*) FROM contacts"), "40");
}

#[test]
fn of_an_acceptance_and_a_refusal_at_once_the_first_counts() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    for round in 0..20 {
        let [alice, bob] = ["alice", "bob"].map(|name| cast::user(conn, &format!("{name}_{round}")));
        contacts::request(conn, by(alice), bob).unwrap();
        let results = cast::at_once(&database, 6, |number, conn| {
            if number % 2 == 0 {
                contacts::accept(conn, by(bob), alice)
                    .map_err(|error| assert_eq!(error, Error::Refused(AcceptRefused::NoSuchRequest)))
            } else {
                contacts::decline(conn, by(bob), alice)
                    .map_err(|error| assert_eq!(error, Error::Refused(DeclineRefused::NoSuchRequest)))
            }
        });
        let first = results.iter().position(Result::is_ok).unwrap();
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        assert_eq!(side(conn, alice, bob).is_some(), first % 2 == 0);
    }
    assert_eq!(database.column(HALVES), [""; 0]);
}

#[test]
fn an_answer_that_waited_for_another_sees_what_that_did() {
    let database = TestDatabase::migrated();
    let mut first = database.diesel();
    let [alice, bob] = cast::users(&mut first, ["alice", "bob"]);
    contacts::request(&mut first, by(alice), bob).unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let database = &database;
        let second = first
            .transaction(|conn| {
                contacts::accept(conn, by(bob), alice).unwrap();
                let second = scope.spawn(move || {
                    let mut conn = database.diesel();
                    sender.send(server_statistics::backend(&mut conn)).unwrap();
                    contacts::decline(&mut conn, by(bob), alice)
                });
                server_statistics::until_waiting(database, receiver.recv().unwrap());
                Ok::<_, DieselError>(second)
            })
            .unwrap();
        assert_eq!(second.join().unwrap(), Err(Error::Refused(DeclineRefused::NoSuchRequest)));
    });
    assert_eq!(side(&mut first, alice, bob).unwrap().status, ContactStatus::Accepted);
}

#[test]
fn everything_at_once_leaves_a_whole_contact_or_none() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let surprises: Vec<String> = cast::at_once(&database, 8, |number, conn| {
        let (one, other) = if number % 2 == 0 { (alice, bob) } else { (bob, alice) };
        let mut surprises = Vec::new();
        for step in 0..25 {
            let error = match (number + step) % 5 {
                0 | 1 => surprise(cast::retried(conn, |conn| contacts::request(conn, by(one), other))),
                2 => surprise(cast::retried(conn, |conn| contacts::accept(conn, by(one), other))),
                3 => surprise(cast::retried(conn, |conn| contacts::decline(conn, by(one), other))),
                _ => surprise(cast::retried(conn, |conn| contacts::remove(conn, by(one), other))),
            };
            surprises.extend(error);
        }
        surprises
    })
    .into_iter()
    .flatten()
    .collect();
    assert_eq!(surprises, [""; 0]);
    assert_eq!(database.column(HALVES), [""; 0]);
}

/// What an operation failed with, if it was no refusal.
fn surprise<T, R>(result: Result<T, Error<R>>) -> Option<String> {
    match result {
        Err(Error::Database(error)) => Some(error.to_string()),
        _ => None,
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    assert_eq!(contacts::request(conn, by(alice), alice), Err(Error::Refused(RequestRefused::Oneself)));
    assert_eq!(contacts::request(conn, by(alice), UserId::new()), Err(Error::Refused(RequestRefused::NoSuchAccount)));
    assert_eq!(contacts::request(conn, by(UserId::new()), alice), Err(Error::Refused(RequestRefused::NoSuchAccount)));
    contacts::request(conn, by(alice), bob).unwrap();
    // Nobody answers for another, nor a request of their own.
    for (user, other) in [(alice, bob), (carol, alice), (bob, carol), (alice, alice)] {
        assert_eq!(contacts::accept(conn, by(user), other), Err(Error::Refused(AcceptRefused::NoSuchRequest)));
        assert_eq!(contacts::decline(conn, by(user), other), Err(Error::Refused(DeclineRefused::NoSuchRequest)));
    }
    // A request of another's is declined, not removed.
    assert_eq!(contacts::remove(conn, by(bob), alice), Err(Error::Refused(RemoveRefused::NoSuchContact)));
    contacts::accept(conn, by(bob), alice).unwrap();
    assert_eq!(contacts::accept(conn, by(bob), alice), Err(Error::Refused(AcceptRefused::NoSuchRequest)));
    assert_eq!(contacts::decline(conn, by(bob), alice), Err(Error::Refused(DeclineRefused::NoSuchRequest)));
}

#[test]
fn a_block_in_either_direction_stops_requests_and_answers() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    contacts::request(conn, by(carol), alice).unwrap();
    for blocker in [alice, bob] {
        let blocked = if blocker == alice { bob } else { alice };
        blocks::block(conn, by(blocker), blocked).unwrap();
        assert_eq!(contacts::request(conn, by(blocker), blocked), Err(Error::Refused(RequestRefused::Blocked)));
        // Who is blocked is told what they would be told of a closed account.
        assert_eq!(contacts::request(conn, by(blocked), blocker), Err(Error::Refused(RequestRefused::NoSuchAccount)));
        assert_eq!(side(conn, alice, bob), None);
        blocks::unblock(conn, by(blocker), blocked).unwrap();
    }
    blocks::block(conn, by(alice), carol).unwrap();
    assert_eq!(contacts::accept(conn, by(alice), carol), Err(Error::Refused(AcceptRefused::Blocked)));
    assert_eq!(side(conn, alice, carol).unwrap().status, ContactStatus::Pending);
    contacts::decline(conn, by(alice), carol).unwrap();
    assert_eq!(database.column(HALVES), [""; 0]);
}

#[test]
fn a_block_does_not_end_a_contact() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    contacts::request(conn, by(alice), bob).unwrap();
    contacts::accept(conn, by(bob), alice).unwrap();
    blocks::block(conn, by(alice), bob).unwrap();
    assert_eq!(ids(&contacts::all(conn, by(bob)).unwrap()), [alice]);
    assert_eq!(contacts::request(conn, by(alice), bob), Err(Error::Refused(RequestRefused::Blocked)));
    contacts::remove(conn, by(bob), alice).unwrap();
    assert_eq!(contacts::all(conn, by(alice)), Ok(vec![]));
}

#[test]
fn removing_ends_it_for_both_and_leaves_the_chat() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    contacts::request(conn, by(alice), bob).unwrap();
    contacts::remove(conn, by(alice), bob).unwrap();
    assert_eq!(contacts::all_requests_received(conn, by(bob)), Ok(vec![]));
    contacts::request(conn, by(alice), bob).unwrap();
    contacts::accept(conn, by(bob), alice).unwrap();
    let chat = direct_chats::find_or_create(conn, by(alice), bob).unwrap();
    contacts::remove(conn, by(bob), alice).unwrap();
    for user in [alice, bob] {
        assert_eq!(contacts::all(conn, by(user)), Ok(vec![]));
    }
    assert_eq!(direct_chats::find(conn, by(alice), bob), Ok(Some(chat)));
    assert_eq!(contacts::remove(conn, by(bob), alice), Err(Error::Refused(RemoveRefused::NoSuchContact)));
    contacts::request(conn, by(bob), alice).unwrap();
    contacts::accept(conn, by(alice), bob).unwrap();
}

#[test]
fn contacts_are_listed_online_first_and_then_by_name() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol, dave, erin, frank] = cast::users(conn, ["alice", "bob", "Carol", "dave", "erin", "frank"]);
    for other in [bob, carol, dave, erin, frank] {
        contacts::request(conn, by(alice), other).unwrap();
        contacts::accept(conn, by(other), alice).unwrap();
    }
    let named = ProfileChanges { display_name: Some(Some("aaron")), ..ProfileChanges::default() };
    accounts::update_profile(conn, by(frank), &named).unwrap();
    accounts::set_presence(conn, by(erin), UserStatus::Online).unwrap();
    accounts::set_presence(conn, by(dave), UserStatus::Online).unwrap();
    accounts::set_presence(conn, by(carol), UserStatus::Away).unwrap();
    let listed = contacts::all(conn, by(alice)).unwrap();
    assert_eq!(ids(&listed), [dave, erin, frank, bob, carol]);
    assert_eq!(listed[0].profile.status, UserStatus::Online);
}

#[test]
fn lists_of_contacts_ride_the_primary_keys() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    contacts::request(conn, by(alice), bob).unwrap();
    database
        .execute(
            "INSERT INTO users (username, password_hash) SELECT 'user_' || number, '$' FROM generate_series(1, 2000) AS number;
             WITH pair AS (
                 SELECT id AS low, lead(id, step) OVER (ORDER BY id) AS high FROM users, generate_series(1, 3) AS step
                 WHERE username LIKE 'user%'
             )
             INSERT INTO contacts (user_id, contact_id, requested_by)
             SELECT low, high, low FROM pair WHERE low < high UNION SELECT high, low, low FROM pair WHERE low < high;
             ANALYZE",
        )
        .unwrap();
    for list in [contacts::all, contacts::all_requests_received, contacts::all_requests_sent] {
        assert_eq!(
            server_statistics::indexes_used(conn, "contacts", |conn| list(conn, by(alice)).unwrap()),
            ["contacts_pkey"]
        );
    }
    assert_eq!(
        server_statistics::indexes_used(conn, "users", |conn| contacts::all_requests_sent(conn, by(alice)).unwrap()),
        ["users_pkey"]
    );
    assert_eq!(
        server_statistics::indexes_used(conn, "contacts", |conn| contacts::accept(conn, by(bob), alice).unwrap()),
        ["contacts_pkey"]
    );
    assert_eq!(
        server_statistics::indexes_used(conn, "contacts", |conn| contacts::remove(conn, by(bob), alice).unwrap()),
        ["contacts_pkey"]
    );
}

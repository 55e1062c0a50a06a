//! A profile is the same wherever it is shown: in two places, its columns stand by position.

use diesel::prelude::*;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::projector;
use messenger_db::queries::accounts::{self, Profile};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{contacts, direct_chats, history, inbox};

use super::cast::{self, by};
use crate::support::TestDatabase;

/// What each operation shows to a user of the other one, by the operation's name.
fn shown(conn: &mut PgConnection, to: UserId, chat: ChatId, of: UserId) -> Vec<(&'static str, Profile)> {
    let page = history::latest(conn, by(to), chat, Limit::new(10)).unwrap();
    let entry = inbox::list(conn, by(to), None, Limit::new(10)).unwrap().remove(0);
    vec![("history", page.profiles[&of].clone()), ("inbox", entry.other.unwrap())]
}

#[test]
fn a_profile_is_the_same_wherever_it_is_shown() {
    of_one_database(&TestDatabase::migrated());
}

#[test]
fn a_profile_is_the_same_where_presence_is_read_by_itself() {
    let database = TestDatabase::migrated();
    projector::keep(&mut database.diesel(), true).unwrap();
    let of_nobody = "SELECT count(*) FROM presence_entries WHERE status IS NOT NULL";
    assert_eq!(database.value(of_nobody), "0");
    of_one_database(&database);
}

fn of_one_database(database: &TestDatabase) {
    let conn = &mut database.diesel();
    let at_once = |conn: &mut PgConnection| {
        projector::tick(conn, &projector::Options::at_once()).unwrap();
    };
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    cast::befriend(conn, alice, bob);
    let chat = direct_chats::find_or_create(conn, by(alice), bob).unwrap().id;
    messages::send(conn, by(alice), chat, &Draft::text("…")).unwrap();
    database
        .execute(
            "UPDATE users SET display_name = 'Alice A.', avatar_url = 'https://example.org/alice.jpg'
             WHERE username = 'alice';
             INSERT INTO user_presence (user_id, status, last_seen_at)
             SELECT id, 'away', '2026-01-01Z' FROM users WHERE username = 'alice'",
        )
        .unwrap();
    // By the names of the columns, each with a value of its own.
    let profile = accounts::find_profiles(conn, by(bob), &[alice]).unwrap().remove(0);
    assert_eq!(format!("{profile:?}").matches("None").count(), 1, "deleted_at alone is empty: {profile:?}");
    assert_eq!(contacts::all(conn, by(bob)).unwrap()[0].profile, profile);
    at_once(conn);
    for (place, shown) in shown(conn, bob, chat, alice) {
        assert_eq!(shown, profile, "{place}");
    }
    // Of whom no device was ever heard.
    let new = accounts::find_profiles(conn, by(alice), &[bob]).unwrap().remove(0);
    let registered = database.value("SELECT created_at::text FROM users WHERE username = 'bob'");
    assert!(registered.starts_with(&new.last_seen_at.unwrap().format("%Y-%m-%d %H:%M:%S").to_string()), "{registered}");

    accounts::close(conn, by(alice)).unwrap();
    at_once(conn);
    let closed = accounts::find_profiles(conn, by(bob), &[alice]).unwrap().remove(0);
    for (place, shown) in shown(conn, bob, chat, alice) {
        assert_eq!(shown, closed, "{place}");
    }
}

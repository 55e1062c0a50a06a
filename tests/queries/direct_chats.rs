//! Two contacts have one direct chat.

use messenger_db::error::Error::Refused;
use messenger_db::queries::direct_chats::{self, OpenRefused};
use messenger_db::queries::messages::{self, Draft, SendRefused};

use super::cast;
use super::consistency::assert_consistent;
use crate::queries::cast::by;
use crate::support::TestDatabase;

#[test]
fn contacts_open_a_chat_with_both_in_it_and_nothing_unread() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    cast::befriend(conn, alice, bob);
    assert_eq!(direct_chats::find(conn, by(alice), bob), Ok(None));
    let chat = direct_chats::find_or_create(conn, by(bob), alice).unwrap();
    assert_eq!(chat.member_count, 2);
    assert_eq!(direct_chats::find(conn, by(alice), bob), Ok(Some(chat.clone())));
    assert_eq!(direct_chats::find_or_create(conn, by(alice), bob), Ok(chat));
    assert_eq!(database.column("SELECT unread_count::text FROM unread_counts"), ["0", "0"]);
    assert_consistent(&database);
}

#[test]
fn a_hundred_calls_at_once_and_in_both_orders_open_one_chat() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    cast::befriend(conn, alice, bob);
    let chats = cast::at_once(&database, 50, |number, conn| {
        let (one, other) = if number % 2 == 0 { (alice, bob) } else { (bob, alice) };
        [(one, other), (other, one)].map(|(one, other)| direct_chats::find_or_create(conn, by(one), other).unwrap().id)
    });
    let chats: Vec<_> = chats.into_iter().flatten().collect();
    assert_eq!(chats.len(), 100);
    assert!(chats.iter().all(|chat| *chat == chats[0]));
    assert_eq!(database.value("SELECT count(*) FROM chats"), "1");
    assert_consistent(&database);
}

#[test]
fn strangers_and_those_who_were_only_asked_have_no_chat() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    assert_eq!(direct_chats::find_or_create(conn, by(alice), bob), Err(Refused(OpenRefused::NotContacts)));
    assert_eq!(direct_chats::find_or_create(conn, by(alice), alice), Err(Refused(OpenRefused::NotContacts)));
    cast::befriend(conn, alice, bob);
    database.execute("UPDATE contacts SET status = 'pending', accepted_at = NULL").unwrap();
    assert_eq!(direct_chats::find_or_create(conn, by(alice), bob), Err(Refused(OpenRefused::NotContacts)));
    assert_eq!(database.value("SELECT count(*) FROM chats"), "0");
}

#[test]
fn a_block_in_either_direction_keeps_a_chat_from_being_opened_and_written_to() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    cast::befriend(conn, alice, bob);
    cast::befriend(conn, alice, carol);
    cast::block(conn, bob, alice);
    assert_eq!(direct_chats::find_or_create(conn, by(alice), bob), Err(Refused(OpenRefused::NotContacts)));
    assert_eq!(direct_chats::find_or_create(conn, by(bob), alice), Err(Refused(OpenRefused::Blocked)));

    let chat = direct_chats::find_or_create(conn, by(alice), carol).unwrap();
    messages::send(conn, by(carol), chat.id, &Draft::text("Hello")).unwrap();
    cast::block(conn, carol, alice);
    for (sender, refusal) in [(alice, SendRefused::Unreachable), (carol, SendRefused::Blocked)] {
        let refused = messages::send(conn, by(sender), chat.id, &Draft::text("Hello?"));
        assert_eq!(refused, Err(Refused(refusal)));
    }
    assert_eq!(direct_chats::find_or_create(conn, by(alice), carol).unwrap().id, chat.id);
    assert_consistent(&database);
}

#[test]
fn the_chat_outlives_the_contact() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    cast::befriend(conn, alice, bob);
    let chat = direct_chats::find_or_create(conn, by(alice), bob).unwrap();
    database.execute("DELETE FROM contacts").unwrap();
    assert_eq!(direct_chats::find_or_create(conn, by(bob), alice), Ok(chat.clone()));
    messages::send(conn, by(alice), chat.id, &Draft::text("Still here")).unwrap();
    assert_consistent(&database);
}

//! What is unread, in a chat, in all of them, and in which.

use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::{messages, receipts, unread};
use messenger_db::seq::Seq;

use super::consistency::assert_consistent;
use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

#[test]
fn unread_is_what_others_wrote_since_one_last_read_or_wrote() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    assert_eq!(unread::find(conn, by(bob), chat), Ok(Some(0)));
    cast::say(conn, chat, alice, ["two", "three", "four"]);
    assert_eq!(unread::find(conn, by(bob), chat), Ok(Some(3)));
    receipts::mark_delivered(conn, by(bob), chat, Seq::new(4)).unwrap();
    assert_eq!(unread::find(conn, by(bob), chat), Ok(Some(3)));
    receipts::mark_read(conn, by(bob), chat, Seq::new(3)).unwrap();
    assert_eq!(unread::find(conn, by(bob), chat), Ok(Some(1)));
    // What was deleted before it was read does not count, nor what the system says, whoever caused it.
    messages::delete(conn, by(alice), chat, Seq::new(4)).unwrap();
    groups::rename(conn, by(alice), chat, "Walkers").unwrap();
    assert_eq!(unread::find(conn, by(bob), chat), Ok(Some(0)));
    assert_eq!(unread::find(conn, by(alice), chat), Ok(Some(0)));
    cast::say(conn, chat, bob, ["six"]);
    assert_eq!(unread::find(conn, by(bob), chat), Ok(Some(0)));
    assert_eq!(unread::find(conn, by(alice), chat), Ok(Some(1)));
    assert_eq!(unread::find(conn, by(carol), chat), Ok(Some(3)));
    // Of what was deleted, whoever has read it and whoever has not count the same rest.
    messages::delete(conn, by(alice), chat, Seq::new(2)).unwrap();
    for (user, count) in [(bob, 0), (alice, 1), (carol, 2)] {
        assert_eq!(unread::find(conn, by(user), chat), Ok(Some(count)));
        assert_eq!(unread::total(conn, by(user)), Ok(count));
        assert_eq!(unread::all(conn, by(user)).unwrap().len() as i64, count.min(1));
    }
    assert_eq!(database.column("SELECT unread_count::text FROM unread_counts ORDER BY unread_count"), ["0", "1", "2"]);
    assert_consistent(&database);
}

#[test]
fn who_left_has_nothing_unread_and_begins_with_nothing_when_back() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    cast::say(conn, chat, alice, ["two", "three"]);
    groups::leave(conn, by(bob), chat).unwrap();
    for (chat, user) in [(chat, bob), (chat, UserId::new()), (ChatId::new(), alice)] {
        assert_eq!(unread::find(conn, by(user), chat), Ok(None));
    }
    assert_eq!((unread::total(conn, by(bob)), unread::all(conn, by(bob))), (Ok(0), Ok(vec![])));
    groups::add(conn, by(alice), chat, bob).unwrap();
    assert_eq!(unread::find(conn, by(bob), chat), Ok(Some(0)));
    cast::say(conn, chat, carol, ["six"]);
    assert_eq!(unread::find(conn, by(bob), chat), Ok(Some(1)));
}

#[test]
fn chats_with_something_unread_come_with_the_latest_first() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let chats = [(); 6].map(|()| groups::create(conn, by(alice), &NewGroup::new("G", &[bob])).unwrap().id);
    cast::say(conn, chats[4], alice, ["a", "b"]);
    cast::say(conn, chats[1], alice, ["c"]);
    cast::say(conn, chats[5], bob, ["his own"]);
    // At one instant.
    cast::say(conn, chats[0], alice, ["d"]);
    cast::say(conn, chats[3], alice, ["e", "f", "g"]);
    cast::say(conn, chats[2], alice, ["h"]);
    let [one, two, three] = [chats[0], chats[3], chats[2]];
    database
        .execute(&format!(
            "UPDATE chat_heads SET last_message_at = (SELECT max(last_message_at) FROM chat_heads)
             WHERE chat_id IN ('{one}', '{two}', '{three}')"
        ))
        .unwrap();
    let mut tied = vec![(chats[0], 1), (chats[3], 3), (chats[2], 1)];
    tied.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!(unread::all(conn, by(bob)), Ok([tied, vec![(chats[1], 1), (chats[4], 2)]].concat()));
    assert_eq!(unread::total(conn, by(bob)), Ok(8));
    assert_eq!(unread::total(conn, by(UserId::new())), Ok(0));
    for statements in [
        server_statistics::statements(conn, |conn| unread::all(conn, by(bob))),
        server_statistics::statements(conn, |conn| unread::total(conn, by(bob))),
        server_statistics::statements(conn, |conn| unread::find(conn, by(bob), chats[0])),
    ] {
        assert_eq!(statements, 1);
    }
}

#[test]
fn a_deletion_that_was_not_the_newest_leaves_the_count_right_for_those_behind_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    cast::say(conn, chat, alice, ["two", "three", "four", "five"]);
    receipts::mark_read(conn, by(bob), chat, Seq::new(3)).unwrap();
    for (seq, count) in [(2, 2), (5, 1), (4, 0), (3, 0)] {
        messages::delete(conn, by(alice), chat, Seq::new(seq)).unwrap();
        assert_eq!(unread::find(conn, by(bob), chat), Ok(Some(count)), "{seq}");
    }
    assert_consistent(&database);
}

#[test]
fn a_deletion_changes_the_badge_of_everybody_and_writes_nothing_for_each() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, 30);
    let chat = groups::create(conn, by(crowd[0]), &NewGroup::new("Crowd", &crowd)).unwrap().id;
    let seq = cast::say(conn, chat, crowd[0], ["Oops"]);
    let (before, _) = server_statistics::updates(conn, "unread_messages");
    messages::delete(conn, by(crowd[0]), chat, seq).unwrap();
    assert_eq!(server_statistics::updates(conn, "unread_messages").0, before);
    for &user in &crowd {
        assert_eq!((unread::total(conn, by(user)), unread::badge(conn, by(user))), (Ok(0), Ok(0)));
    }
}

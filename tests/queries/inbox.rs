//! A user's chats, the latest activity first, a page at a time.

use diesel::Connection as _;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use messenger_db::enums::{ChatKind, MessageKind, UserStatus};
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{accounts, inbox};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// All chats, a page after the other.
fn leaf_through(conn: &mut PgConnection, user: UserId, limit: i64) -> Vec<ChatId> {
    let (mut chats, mut cursor) = (Vec::new(), None);
    loop {
        let page = inbox::list(conn, by(user), cursor, Limit::new(limit)).unwrap();
        assert!(page.len() as i64 <= limit);
        let Some(last) = page.last() else { return chats };
        cursor = Some(last.cursor());
        chats.extend(page.iter().map(|entry| entry.chat_id));
    }
}

#[test]
fn an_entry_shows_what_was_said_last_and_who_is_there() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let direct = cast::direct(conn, alice, bob);
    let entry = |conn: &mut PgConnection, user| inbox::list(conn, by(user), None, Limit::default()).unwrap().remove(0);
    // Nothing was said yet.
    let empty = entry(conn, bob);
    assert_eq!((empty.chat_id, empty.kind, empty.name, empty.member_count), (direct, ChatKind::Direct, None, 2));
    assert_eq!((empty.last.seq, empty.last.kind, empty.last.sent_at, empty.unread_count), (Seq::ZERO, None, None, 0));
    accounts::set_presence(conn, by(alice), UserStatus::Online).unwrap();
    let sent = messages::send(conn, by(alice), direct, &Draft::text("ä".repeat(200))).unwrap().message;
    let said = entry(conn, bob);
    assert_eq!((said.last.preview, said.last.sender_id), (Some("ä".repeat(100)), Some(alice)));
    assert_eq!(
        (said.last.seq, said.last.sent_at, said.active_at),
        (Seq::FIRST, Some(sent.created_at), sent.created_at)
    );
    assert_eq!((said.unread_count, entry(conn, alice).unread_count), (1, 0));
    let other = said.other.unwrap();
    assert_eq!((other.id, other.status), (alice, UserStatus::Online));
    assert_eq!(entry(conn, alice).other.unwrap().id, bob);

    let pictures = cast::uploaded(conn, alice, [1]);
    messages::send(conn, by(alice), direct, &Draft::image(&pictures)).unwrap();
    let image = entry(conn, bob).last;
    assert_eq!((image.kind, image.preview), (Some(MessageKind::Image), None));
    let seq = cast::say(conn, direct, alice, ["Oops"]);
    messages::delete(conn, by(alice), direct, seq).unwrap();
    let deleted = entry(conn, bob);
    assert_eq!((deleted.last.seq, deleted.last.preview, deleted.unread_count), (Seq::new(3), None, 2));
    accounts::close(conn, by(alice)).unwrap();
    let closed = entry(conn, bob);
    assert_eq!((closed.member_count, closed.other.unwrap().username), (1, None));
}

#[test]
fn a_group_shows_its_name_and_picture_and_nobody_in_particular() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let members = [bob];
    let new = NewGroup { avatar_url: Some("https://a.example/h"), ..NewGroup::new("Hikers", &members) };
    groups::create(conn, by(alice), &new).unwrap();
    let entry = inbox::list(conn, by(bob), None, Limit::default()).unwrap().remove(0);
    assert_eq!((entry.kind, entry.name.as_deref(), entry.other), (ChatKind::Group, Some("Hikers"), None));
    assert_eq!(entry.avatar_url.as_deref(), Some("https://a.example/h"));
    assert_eq!((entry.last.seq, entry.last.kind, entry.last.sender_id), (Seq::FIRST, Some(MessageKind::System), None));
    assert_eq!(entry.unread_count, 0);
}

#[test]
fn pages_lose_and_repeat_no_chat_though_many_were_active_at_one_instant() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let create = |conn: &mut PgConnection| groups::create(conn, by(alice), &NewGroup::new("G", &[bob])).unwrap().id;
    let old = create(conn);
    let mut tied = conn.transaction(|conn| Ok::<_, DieselError>([(); 7].map(|()| create(conn)))).unwrap().to_vec();
    let new = create(conn);
    let left = create(conn);
    groups::leave(conn, by(bob), left).unwrap();
    tied.sort_unstable();
    tied.reverse();
    let expected = [vec![new], tied, vec![old]].concat();
    for limit in [1, 2, 3, 4, 9, 100] {
        assert_eq!(leaf_through(conn, bob, limit), expected, "{limit}");
    }
    // What is said moves a chat to the front.
    cast::say(conn, old, alice, ["Still there?"]);
    assert_eq!(leaf_through(conn, bob, 4)[0], old);
    assert_eq!(leaf_through(conn, UserId::new(), 4), []);
}

#[test]
fn a_page_holds_fifty_chats_or_a_hundred_at_most_in_one_statement() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    for _ in 0..104 {
        groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap();
    }
    let mut count = |limit| inbox::list(conn, by(alice), None, limit).unwrap().len();
    assert_eq!((count(Limit::default()), count(Limit::MAX), count(Limit::new(i64::MAX))), (50, 100, 100));
    assert_eq!(leaf_through(conn, alice, 100).len(), 104);
    assert_eq!(server_statistics::statements(conn, |conn| inbox::list(conn, by(alice), None, Limit::MAX)), 1);
}

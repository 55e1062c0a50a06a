//! What a device that comes back has to fetch.

use diesel::prelude::*;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::pending::{self, Cursor};
use messenger_db::queries::receipts;
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

fn keys(page: &[pending::Pending]) -> Vec<(ChatId, i64)> {
    page.iter().map(|pending| (pending.message.chat_id, pending.message.seq.get())).collect()
}

/// Three groups of alice and bob, by their ids.
fn three(conn: &mut PgConnection) -> ([ChatId; 3], UserId, UserId) {
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let mut chats = [(); 3].map(|()| groups::create(conn, by(alice), &NewGroup::new("G", &[bob])).unwrap().id);
    chats.sort_unstable();
    (chats, alice, bob)
}

#[test]
fn messages_are_fetched_chat_by_chat_without_a_gap_by_cursor_or_by_marking() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chats, alice, bob) = three(conn);
    for (chat, count) in [(chats[2], 4), (chats[0], 7), (chats[1], 1)] {
        cast::say(conn, chat, alice, (0..count).map(|number| number.to_string()));
    }
    receipts::mark_delivered(conn, by(bob), chats[0], Seq::new(3)).unwrap();
    let expected: Vec<_> =
        (4..=8).map(|seq| (chats[0], seq)).chain([(chats[1], 2)]).chain((2..=5).map(|seq| (chats[2], seq))).collect();
    for limit in [1, 2, 3, 5, 9, 10, 11] {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = pending::list(conn, by(bob), cursor, Limit::new(limit)).unwrap();
            cursor = page.last().map(pending::Pending::cursor);
            all.extend(keys(&page));
            if page.len() < limit as usize {
                break;
            }
        }
        assert_eq!(all, expected, "{limit}");
    }
    let mut all = Vec::new();
    loop {
        let page = pending::list(conn, by(bob), None, Limit::new(3)).unwrap();
        let Some(last) = page.last() else { break };
        all.extend(keys(&page));
        for pending in &page {
            receipts::mark_delivered(conn, by(bob), pending.message.chat_id, pending.message.seq).unwrap();
        }
        assert!(all.len() <= expected.len(), "{last:?} came again");
    }
    assert_eq!(all, expected);
}

#[test]
fn own_messages_are_not_pending_deleted_ones_are_and_pictures_come_along() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chats, alice, bob) = three(conn);
    let chat = chats[1];
    cast::say(conn, chat, bob, ["own"]);
    let pictures = cast::uploaded(conn, alice, [3, 1, 2]);
    messages::send(conn, by(alice), chat, &Draft::image(&pictures)).unwrap();
    let gone = cast::say(conn, chat, alice, ["gone"]);
    messages::delete(conn, by(alice), chat, gone).unwrap();
    let another = cast::uploaded(conn, alice, [3]);
    messages::send(conn, by(alice), chat, &Draft::image(&another)).unwrap();
    let page = pending::list(conn, by(bob), None, Limit::default()).unwrap();
    let sizes: Vec<_> = page
        .iter()
        .map(|pending| pending.attachments.iter().map(|picture| picture.byte_size).collect::<Vec<_>>())
        .collect();
    assert_eq!(sizes, [vec![3, 1, 2], vec![], vec![3]]);
    assert_eq!((page[1].message.seq, page[1].message.content.as_deref()), (gone, None));
    // What is read is received; and what is pending for one is not for the other.
    receipts::mark_read(conn, by(bob), chat, gone).unwrap();
    assert_eq!(keys(&pending::list(conn, by(bob), None, Limit::default()).unwrap()), [(chat, gone.next().get())]);
    assert_eq!(pending::list(conn, by(alice), None, Limit::default()), Ok(vec![]));
    groups::leave(conn, by(bob), chat).unwrap();
    assert_eq!(pending::list(conn, by(bob), None, Limit::default()), Ok(vec![]));
    assert_eq!(pending::list(conn, by(UserId::new()), None, Limit::default()), Ok(vec![]));
}

#[test]
fn a_page_holds_fifty_messages_or_a_hundred_at_most_in_two_statements() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chats, alice, bob) = three(conn);
    cast::say(conn, chats[0], alice, (0..130).map(|number| number.to_string()));
    cast::say(conn, chats[2], alice, (0..10).map(|number| number.to_string()));
    let count = |conn: &mut PgConnection, limit| pending::list(conn, by(bob), None, limit).unwrap().len();
    assert_eq!(count(conn, Limit::default()), 50);
    assert_eq!(count(conn, Limit::new(i64::MAX)), 100);
    for limit in [1, 100] {
        assert_eq!(server_statistics::statements(conn, |conn| count(conn, Limit::new(limit))), 2);
    }
    // A cursor of a message that is not there, in a chat that is passed, or at no place at all.
    let mut after = |chat_id, seq| {
        let page = pending::list(conn, by(bob), Some(Cursor::after(chat_id, seq)), Limit::MAX).unwrap();
        (page.len(), page.first().map(|pending| (pending.message.chat_id, pending.message.seq.get())))
    };
    assert_eq!(after(chats[0], Seq::new(-5)), (100, Some((chats[0], 2))));
    assert_eq!(after(chats[0], Seq::new(100)), (41, Some((chats[0], 101))));
    assert_eq!(after(chats[1], Seq::ZERO), (10, Some((chats[2], 2))));
    for seq in [1000, i64::MAX - 100, i64::MAX] {
        assert_eq!(after(chats[0], Seq::new(seq)), (10, Some((chats[2], 2))), "{seq}");
        assert_eq!(after(chats[2], Seq::new(seq)), (0, None), "{seq}");
    }
    assert_eq!(after(chats[2], Seq::new(i64::MIN)), (10, Some((chats[2], 2))));
}

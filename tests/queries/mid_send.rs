//! What becomes of a send that waits for another, and finds the sender elsewhere when its turn comes.

use messenger_db::seq::Seq;
use std::sync::mpsc;

use diesel::prelude::*;
use messenger_db::enums::DeliveryStatus::Read;
use messenger_db::error::Error::{self, Refused};
use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::messages::{self, Draft, SendRefused, Sent};
use messenger_db::queries::{groups, receipts, unread};

use super::consistency::assert_consistent;
use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// Bob sends, has to wait because alice is sending, and meanwhile something happens: in alice's transaction, or beside it.
/// It ends before he goes on.
fn bob_sends_while(
    database: &TestDatabase,
    chat: ChatId,
    [alice, bob, _]: [UserId; 3],
    meanwhile: impl FnOnce(&mut PgConnection),
) -> Result<Sent, Error<SendRefused>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        let conn = &mut database.diesel();
        let waiting = conn.transaction(|conn| {
            messages::send(conn, by(alice), chat, &Draft::text("Me first")).unwrap();
            let waiting = scope.spawn(move || {
                let conn = &mut database.diesel();
                sender.send(server_statistics::backend(conn)).unwrap();
                messages::send(conn, by(bob), chat, &Draft::text("Then I"))
            });
            server_statistics::until_waiting(database, receiver.recv().unwrap());
            meanwhile(conn);
            QueryResult::Ok(waiting)
        });
        waiting.unwrap().join().unwrap()
    })
}

#[test]
fn who_is_removed_while_a_send_waits_has_not_sent() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, users) = cast::group(conn);
    let removed = bob_sends_while(&database, chat, users, |alices| {
        groups::remove(alices, by(users[0]), chat, users[1]).unwrap();
    });
    assert_eq!(removed, Err(Refused(SendRefused::NotAMember)));
    assert_eq!(database.value("SELECT count(*) FROM messages WHERE content = 'Then I'"), "0");
    assert_consistent(&database);
}

#[test]
fn who_is_removed_and_added_again_while_a_send_waits_has_sent_as_the_member_they_are_now() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, users) = cast::group(conn);
    let sent = bob_sends_while(&database, chat, users, |alices| {
        groups::remove(alices, by(users[0]), chat, users[1]).unwrap();
        groups::add(alices, by(users[0]), chat, users[1]).unwrap();
    });
    // After alice's words and two messages of the system.
    assert_eq!(sent.unwrap().message.seq, Seq::new(5));
    assert_eq!(unread::find(conn, by(users[1]), chat), Ok(Some(0)));
    assert_consistent(&database);
}

#[test]
fn what_another_device_read_while_a_send_waits_keeps_its_time() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, users) = cast::group(conn);
    let seq = cast::say(conn, chat, users[0], ["Hello"]);
    let mut read_at = None;
    let sent = bob_sends_while(&database, chat, users, |_| {
        receipts::mark_read(conn, by(users[1]), chat, seq).unwrap();
        read_at = receipts::all(conn, by(users[0]), chat, seq).unwrap()[0].read_at;
    });
    assert_eq!(sent.unwrap().message.seq, seq.forward(2));
    let of = |conn: &mut PgConnection, seq| {
        let receipts = receipts::all(conn, by(users[0]), chat, seq).unwrap();
        receipts.into_iter().find(|receipt| receipt.user_id == users[1]).unwrap()
    };
    assert_eq!(of(conn, seq).read_at, read_at);
    // Alice's words above his own: read by writing, which is another time.
    let above = of(conn, seq.next());
    assert!(above.status == Read && above.read_at != read_at);
    assert_consistent(&database);
}

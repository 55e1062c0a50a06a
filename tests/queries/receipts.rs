//! Senders learn who received and who read their messages, and when.

use diesel::prelude::*;
use messenger_db::enums::DeliveryStatus::{Delivered, Pending, Read};
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::models::ChatParticipant;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::import::{self, History, Imported};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::receipts::{self, CountRefused, Counts, MarkRefused, Marked, Receipt, ReceiptsRefused};
use messenger_db::queries::unread;
use messenger_db::schema::chat_participants;
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::consistency::assert_consistent;
use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// What the owner sees of a message, for one of its recipients.
fn receipt(conn: &mut PgConnection, chat: ChatId, owner: UserId, seq: i64, of: UserId) -> Receipt {
    let receipts = receipts::all(conn, by(owner), chat, Seq::new(seq)).unwrap();
    receipts.into_iter().find(|receipt| receipt.user_id == of).unwrap()
}

/// Where the member was and is.
fn moved<R>(result: Result<Marked, R>) -> Result<(i64, i64), R> {
    result.map(|marked| (marked.after_seq.get(), marked.through_seq.get()))
}

#[test]
fn times_are_exact_though_messages_are_received_and_read_in_runs() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    cast::say(conn, chat, alice, (2..=13).map(|number| number.to_string()));
    // Received up to 8, read up to 4, received up to 11, read up to 9, and all read at last.
    let now = |conn: &mut PgConnection| {
        diesel::select(diesel::dsl::sql::<diesel::sql_types::Timestamptz>("clock_timestamp()"))
            .get_result::<chrono::DateTime<chrono::Utc>>(conn)
            .unwrap()
    };
    let mut between = vec![now(conn)];
    for (read, seq) in [(false, 8), (true, 4), (false, 11), (true, 9), (true, 13)] {
        if read {
            receipts::mark_read(conn, by(bob), chat, Seq::new(seq)).unwrap();
        } else {
            receipts::mark_delivered(conn, by(bob), chat, Seq::new(seq)).unwrap();
        }
        between.push(now(conn));
    }
    // In which of the operations each message was received, and read.
    let mut act = |seq| {
        let receipt = receipt(conn, chat, alice, seq, bob);
        assert_eq!(receipt.status, Read);
        let place = |time: Option<_>| between.iter().filter(|between| **between < time.unwrap()).count();
        (place(receipt.delivered_at), place(receipt.read_at))
    };
    let acts: Vec<_> = (2..=13).map(&mut act).collect();
    let expected = [[(1, 2)].repeat(3), [(1, 4)].repeat(4), vec![(3, 4)], [(3, 5)].repeat(2), [(5, 5)].repeat(2)];
    assert_eq!(acts, expected.concat());
    assert_eq!(database.value(&format!("SELECT count(*) FROM message_delivery WHERE user_id = '{bob}'")), "5");
    assert_consistent(&database);
}

#[test]
fn marks_never_go_backwards_nor_beyond_the_newest() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    cast::say(conn, chat, alice, ["two", "three", "four"]);
    assert_eq!(moved(receipts::mark_delivered(conn, by(bob), chat, Seq::new(3))), Ok((1, 3)));
    let before = receipts::all(conn, by(alice), chat, Seq::new(2)).unwrap();
    for seq in [3, 2, 1, 0, -1, i64::MIN] {
        assert_eq!(moved(receipts::mark_delivered(conn, by(bob), chat, Seq::new(seq))), Ok((3, 3)), "{seq}");
        assert!(receipts::mark_delivered(conn, by(bob), chat, Seq::new(seq)).unwrap().is_empty());
    }
    assert_eq!(receipts::all(conn, by(alice), chat, Seq::new(2)), Ok(before));
    assert_eq!(moved(receipts::mark_read(conn, by(bob), chat, Seq::new(2))), Ok((1, 2)));
    for seq in [2, 1, 0, -1, i64::MIN] {
        assert_eq!(moved(receipts::mark_read(conn, by(bob), chat, Seq::new(seq))), Ok((2, 2)), "{seq}");
    }
    // Reading does not move what was received back.
    assert_eq!(moved(receipts::mark_delivered(conn, by(bob), chat, Seq::new(3))), Ok((3, 3)));
    assert_eq!(moved(receipts::mark_read(conn, by(bob), chat, Seq::MAX)), Ok((2, 4)));
    assert_eq!(moved(receipts::mark_delivered(conn, by(bob), chat, Seq::MAX)), Ok((4, 4)));
    // What comes afterwards is not marked by it.
    cast::say(conn, chat, alice, ["five"]);
    assert_eq!(receipt(conn, chat, alice, 5, bob).status, Pending);
    assert_consistent(&database);
}

#[test]
fn a_message_shows_who_read_it_first_then_who_received_it_then_who_did_not() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, 8);
    let chat = groups::create(conn, by(crowd[0]), &NewGroup::new("Crowd", &crowd)).unwrap().id;
    let seq = cast::say(conn, chat, crowd[0], ["Who is there?"]);
    for user in [6, 2] {
        receipts::mark_delivered(conn, by(crowd[user]), chat, seq).unwrap();
    }
    for user in [5, 3] {
        receipts::mark_read(conn, by(crowd[user]), chat, seq).unwrap();
    }
    let order = receipts::all(conn, by(crowd[0]), chat, seq).unwrap();
    let order: Vec<_> = order.iter().map(|receipt| (receipt.user_id, receipt.status)).collect();
    let expected = [(5, Read), (3, Read), (6, Delivered), (2, Delivered), (1, Pending), (4, Pending), (7, Pending)];
    assert_eq!(order, expected.map(|(user, status)| (crowd[user], status)));
}

#[test]
fn recipients_are_those_who_were_there_but_the_sender() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let [dave] = cast::users(conn, ["dave"]);
    let first = cast::say(conn, chat, alice, ["first"]);
    receipts::mark_read(conn, by(carol), chat, first).unwrap();
    groups::leave(conn, by(carol), chat).unwrap();
    let left = first.next();
    groups::add(conn, by(alice), chat, dave).unwrap();
    let second = cast::say(conn, chat, dave, ["second"]);
    let mut of = |seq| -> Vec<_> {
        let receipts = receipts::all(conn, by(alice), chat, seq).unwrap();
        receipts.into_iter().map(|receipt| (receipt.user_id, receipt.status)).collect()
    };
    // Who left is still there, with what she read; who came later is not.
    assert_eq!(of(first), [(carol, Read), (bob, Pending)]);
    assert_eq!(of(left), [(alice, Pending), (bob, Pending)]);
    assert_eq!(of(second), [(alice, Pending), (bob, Pending)]);
    // Who comes back begins anew.
    groups::add(conn, by(alice), chat, carol).unwrap();
    assert_eq!(receipts::all(conn, by(alice), chat, first).unwrap().len(), 1);
    // A deleted message has been received all the same.
    receipts::mark_delivered(conn, by(bob), chat, first).unwrap();
    messages::delete(conn, by(alice), chat, first).unwrap();
    assert_eq!(receipt(conn, chat, alice, first.get(), bob).status, Delivered);
    assert_consistent(&database);
}

#[test]
fn who_had_left_is_no_recipient_whatever_the_clock_says() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let recipients = |conn: &mut PgConnection, seq| -> Vec<_> {
        let receipts = receipts::all(conn, by(alice), chat, seq).unwrap();
        let counted = receipts::count(conn, by(alice), chat, seq, seq).unwrap()[0].recipients;
        assert_eq!(counted, i64::try_from(receipts.len()).unwrap());
        receipts.into_iter().map(|receipt| receipt.user_id).collect()
    };
    // A transaction that began before carol left, and sends afterwards.
    let sent = conn
        .transaction(|conn| {
            assert_eq!(unread::find(conn, by(carol), chat)?, Some(0));
            groups::leave(&mut database.diesel(), by(carol), chat).unwrap();
            QueryResult::Ok(messages::send(conn, by(alice), chat, &Draft::text("Who is there?")).unwrap().message)
        })
        .unwrap();
    let carol_left = chat_participants::table.find((chat, carol)).select(ChatParticipant::as_select()).first(conn);
    assert!(carol_left.unwrap().left_at < Some(sent.created_at));
    assert_eq!(recipients(conn, sent.seq), [bob]);

    // What was said elsewhere long before carol left.
    let long_ago = "2020-01-01T00:00:00Z".parse().unwrap();
    let old = [Imported::text(chat, MessageId::new(), alice, long_ago, "Long ago")];
    import::messages(conn, &old, History::Unread).unwrap();
    assert_eq!(recipients(conn, sent.seq.next()), [bob]);
    assert_consistent(&database);
}

#[test]
fn who_left_without_having_received_anything_is_counted_so() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let seq = cast::say(conn, chat, alice, ["Anyone?"]);
    groups::leave(conn, by(carol), chat).unwrap();
    receipts::mark_delivered(conn, by(bob), chat, seq).unwrap();
    let counts = receipts::count(conn, by(alice), chat, seq, seq);
    assert_eq!(counts, Ok(vec![Counts { seq, recipients: 2, delivered: 1, read: 0 }]));
}

#[test]
fn the_counts_of_a_page_are_the_receipts_of_each_message_counted_in_one_statement() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, 12);
    let chat = groups::create(conn, by(crowd[0]), &NewGroup::new("Crowd", &crowd[..9])).unwrap().id;
    for round in 0..40_usize {
        let seq = cast::say(conn, chat, crowd[round % 3], ["…"]);
        let user = crowd[3 + round % 6];
        match round % 10 {
            3 => drop(groups::remove(conn, by(crowd[0]), chat, user)),
            7 => drop(groups::add(conn, by(crowd[0]), chat, crowd[3 + round % 9])),
            number if number % 2 == 0 => drop(receipts::mark_read(conn, by(user), chat, seq.back(number as i64))),
            _ => drop(receipts::mark_delivered(conn, by(user), chat, seq)),
        }
    }
    let head: i64 = database.value("SELECT last_seq FROM chat_heads").parse().unwrap();
    for (first, last) in [(1, head), (7, 9), (head, head), (20, i64::MAX)] {
        let counts = receipts::count(conn, by(crowd[0]), chat, Seq::new(first), Seq::new(last)).unwrap();
        let expected: Vec<_> = (first..=last.min(head))
            .map(|seq| {
                let receipts = receipts::all(conn, by(crowd[0]), chat, Seq::new(seq)).unwrap();
                let count =
                    |is: &dyn Fn(&Receipt) -> bool| receipts.iter().filter(|receipt| is(receipt)).count() as i64;
                Counts {
                    seq: Seq::new(seq),
                    recipients: count(&|_| true),
                    delivered: count(&|receipt| receipt.delivered_at.is_some()),
                    read: count(&|receipt| receipt.read_at.is_some()),
                }
            })
            .collect();
        assert_eq!(counts, expected);
        assert_eq!(
            server_statistics::statements(conn, |conn| receipts::count(
                conn,
                by(crowd[0]),
                chat,
                Seq::new(first),
                Seq::new(last)
            )),
            1
        );
    }
}

#[test]
fn counts_are_of_a_hundred_messages_at_most() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    cast::say(conn, chat, bob, (2..=120).map(|number| number.to_string()));
    let mut seqs = |first, last| {
        let counts = receipts::count(conn, by(alice), chat, first, last).unwrap();
        counts.into_iter().map(|counts| counts.seq.get()).collect::<Vec<_>>()
    };
    assert_eq!(seqs(Seq::new(5), Seq::new(1000)), (5..=104).collect::<Vec<_>>());
    assert_eq!(seqs(Seq::new(i64::MIN), Seq::MAX), (1..=100).collect::<Vec<_>>());
    assert_eq!(seqs(Seq::MAX, Seq::MAX), [0; 0]);
    assert_eq!(seqs(Seq::new(9), Seq::new(3)), [0; 0]);
}

#[test]
fn only_members_mark_and_see_receipts() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let seq = cast::say(conn, chat, alice, ["Psst"]);
    groups::leave(conn, by(bob), chat).unwrap();
    for (chat, outsider) in [(chat, bob), (chat, UserId::new()), (ChatId::new(), alice)] {
        assert_eq!(receipts::mark_delivered(conn, by(outsider), chat, seq), Err(Refused(MarkRefused::NotAMember)));
        assert_eq!(receipts::mark_read(conn, by(outsider), chat, seq), Err(Refused(MarkRefused::NotAMember)));
        assert_eq!(receipts::all(conn, by(outsider), chat, seq), Err(Refused(ReceiptsRefused::NotAMember)));
        assert_eq!(
            receipts::count(conn, by(outsider), chat, Seq::FIRST, Seq::new(9)),
            Err(Refused(CountRefused::NotAMember))
        );
    }
    for missing in [0, -1, 9, i64::MAX] {
        let receipts = receipts::all(conn, by(carol), chat, Seq::new(missing));
        assert_eq!(receipts, Err(Refused(ReceiptsRefused::MessageNotFound)), "{missing}");
    }
    // In a direct chat, a block stops nobody from reading what was sent before.
    let direct = cast::direct(conn, alice, bob);
    cast::say(conn, direct, alice, ["Hello"]);
    cast::block(conn, alice, bob);
    assert_eq!(moved(receipts::mark_read(conn, by(bob), direct, Seq::FIRST)), Ok((0, 1)));
    assert_consistent(&database);
}

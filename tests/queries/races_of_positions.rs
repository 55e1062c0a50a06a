//! What stays true of positions when several devices of a member move them at once.

use diesel::prelude::*;
use messenger_db::error::Error;
use messenger_db::queries::groups;
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::receipts::{self, MarkRefused};
use messenger_db::queries::unread;
use messenger_db::seq::Seq;

use super::cast::{self, at_once};
use super::consistency::assert_consistent;
use super::lock_order::waiting;
use super::races::{done, group_of};
use crate::queries::cast::by;
use crate::support::TestDatabase;

#[test]
fn a_position_is_one_whichever_of_a_members_devices_moves_it() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 3);
    at_once(&database, 16, |number, conn| {
        let user = crowd[number % 3];
        for round in 0..40_i64 {
            match number % 4 {
                0 => done(messages::send(conn, by(user), group, &Draft::text("…"))),
                1 => done(receipts::mark_delivered(conn, by(user), group, Seq::new(1 + round * 4))),
                2 => done(receipts::mark_read(conn, by(user), group, Seq::new(1 + round * 3))),
                _ => done(receipts::mark_read(conn, by(user), group, Seq::MAX)),
            };
        }
    });
    assert_consistent(&database);
}

#[test]
fn each_message_is_read_by_one_of_the_devices_that_read_while_others_send() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 4);
    let marks = at_once(&database, 12, |number, conn| {
        let mut marks = Vec::new();
        for _ in 0..60 {
            let marked = match number % 4 {
                0 => receipts::mark_read(conn, by(crowd[3]), group, Seq::MAX).unwrap(),
                user => {
                    messages::send(conn, by(crowd[user - 1]), group, &Draft::text("…")).unwrap();
                    continue;
                }
            };
            if !marked.is_empty() {
                marks.push((marked.after_seq, marked.through_seq));
            }
        }
        marks
    });
    let conn = &mut database.diesel();
    let mut marks: Vec<_> = marks.into_iter().flatten().collect();
    let read = marks.iter().map(|(_, through)| *through).max().unwrap_or(Seq::FIRST);
    assert_eq!(unread::find(conn, by(crowd[3]), group), Ok(Some(Seq::new(1 + 9 * 60).since(read))));
    let rest = receipts::mark_read(conn, by(crowd[3]), group, Seq::MAX).unwrap();
    if !rest.is_empty() {
        marks.push((rest.after_seq, rest.through_seq));
    }
    // Each begins where another ended, and is one run.
    marks.sort_unstable();
    assert_eq!((marks[0].0, marks[marks.len() - 1].1), (Seq::FIRST, Seq::new(1 + 9 * 60)));
    assert!(marks.windows(2).all(|pair| pair[0].1 == pair[1].0), "{marks:?}");
    let runs = format!("SELECT count(*) FROM message_delivery WHERE user_id = '{}' AND read_at IS NOT NULL", crowd[3]);
    assert_eq!(database.value(&runs), marks.len().to_string());
    assert_consistent(&database);
}

#[test]
fn who_reads_and_receives_while_being_removed_and_added_begins_anew_each_time() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 3);
    let [owner, joiner, other] = crowd[..] else { unreachable!() };
    // Who is no contact is added fifty times a day at most.
    cast::befriend(&mut database.diesel(), owner, joiner);
    at_once(&database, 10, |number, conn| {
        for _ in 0..40 {
            match number % 5 {
                0 => done(groups::remove(conn, by(owner), group, joiner)),
                1 => done(groups::add(conn, by(owner), group, joiner)),
                2 => done(receipts::mark_read(conn, by(joiner), group, Seq::MAX)),
                3 => done(receipts::mark_delivered(conn, by(joiner), group, Seq::MAX)),
                _ => done(messages::send(conn, by(other), group, &Draft::text("…"))),
            };
        }
    });
    let conn = &mut database.diesel();
    done(groups::add(conn, by(owner), group, joiner));
    assert_consistent(&database);
    // No run of an earlier membership reaches into this one, and none of this one begins before it.
    receipts::mark_read(conn, by(joiner), group, Seq::MAX).unwrap();
    messages::send(conn, by(other), group, &Draft::text("New")).unwrap();
    assert_eq!(unread::find(conn, by(joiner), group), Ok(Some(1)));
    assert_consistent(&database);
}

#[test]
fn who_sends_while_their_other_device_marks_has_read_the_rest_after_what_it_marked() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let seq = cast::say(conn, chat, alice, ["first", "second"]);
    std::thread::scope(|scope| {
        let sending = conn.transaction(|conn| {
            receipts::mark_read(conn, by(bob), chat, seq.previous())?;
            let sending = waiting(scope, &database, |conn| messages::send(conn, by(bob), chat, &Draft::text("third")));
            // The send has its time by now.
            receipts::mark_delivered(conn, by(bob), chat, seq)?;
            Ok::<_, Error<MarkRefused>>(sending)
        });
        done(sending.unwrap().join().unwrap());
    });
    let read = [seq.previous(), seq].map(|seq| {
        let receipts = receipts::all(conn, by(alice), chat, seq).unwrap();
        receipts.into_iter().find(|receipt| receipt.user_id == bob).unwrap()
    });
    assert!(read[0].delivered_at <= read[1].delivered_at && read[0].read_at <= read[1].read_at, "{read:?}");
    assert!(read[1].delivered_at <= read[1].read_at, "{read:?}");
}

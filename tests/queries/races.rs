//! What stays true when operations on one chat happen at once: each race on many connections, and everything that is true of
//! every database asked afterwards.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use messenger_db::error::Error::{self, Refused};
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::accounts::{self, ProfileChanges};
use messenger_db::queries::direct_chats;
use messenger_db::queries::groups::{self, AddRefused, NewGroup};
use messenger_db::queries::messages::{self, DeleteRefused, Draft, EditRefused, SendRefused};
use messenger_db::queries::{blocks, reactions, receipts};
use messenger_db::retry::Retry;
use messenger_db::seq::Seq;

use super::cast::{self, at_once};
use super::consistency::assert_consistent;
use super::device::Device;
use super::lock_order::waiting;
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// That what was not done was refused, and not failed: no deadlock, no broken constraint.
#[track_caller]
pub(super) fn done<T, R: std::fmt::Debug>(result: Result<T, Error<R>>) -> bool {
    match result {
        Ok(_) => true,
        Err(Refused(_)) => false,
        Err(Error::Database(error)) => panic!("{error:?}"),
    }
}

/// That nobody's message stands between their going and their coming back.
pub(super) fn assert_nobody_spoke_while_away(database: &TestDatabase) {
    let ghosts = database.column(
        "SELECT message.seq FROM messages AS message
         CROSS JOIN LATERAL (
            SELECT event.metadata ->> 'event' AS name FROM messages AS event
            WHERE event.chat_id = message.chat_id AND event.seq < message.seq AND event.kind = 'system' AND (
                event.metadata @> jsonb_build_object('target', message.sender_id)
                    AND event.metadata ->> 'event' IN ('member_added', 'member_removed')
                OR event.metadata @> jsonb_build_object('event', 'member_left', 'actor', message.sender_id)
                OR event.metadata ->> 'event' = 'group_deleted'
            )
            ORDER BY event.seq DESC LIMIT 1
         ) AS last
         WHERE message.sender_id IS NOT NULL AND last.name <> 'member_added'",
    );
    assert!(ghosts.is_empty(), "{ghosts:?}");
}

pub(super) fn group_of(database: &TestDatabase, count: usize) -> (ChatId, Vec<UserId>) {
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, count);
    let group = groups::create(conn, by(crowd[0]), &NewGroup::new("Crowd", &crowd)).unwrap();
    (group.id, crowd)
}

#[test]
fn two_who_write_first_at_once_open_one_chat() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let pair = cast::users(conn, ["alice", "bob"]);
    cast::befriend(conn, pair[0], pair[1]);
    let seqs = at_once(&database, 20, |number, conn| {
        let (user, other) = (pair[number % 2], pair[1 - number % 2]);
        let chat = direct_chats::find_or_create(conn, by(user), other).unwrap().id;
        [(); 5].map(|()| messages::send(conn, by(user), chat, &Draft::text("Hello")).unwrap().message.seq)
    });
    let mut seqs: Vec<_> = seqs.into_iter().flatten().collect();
    seqs.sort_unstable();
    assert!(seqs.into_iter().map(Seq::get).eq(1..=100));
    assert_consistent(&database);
}

#[test]
fn one_id_sent_by_many_devices_at_once_is_one_message() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 2);
    let drafts = [(); 5].map(|()| Draft::text("Hello"));
    let sent = at_once(&database, 20, |_, conn| {
        drafts.each_ref().map(|draft| messages::send(conn, by(crowd[1]), group, draft).unwrap())
    });
    for number in 0..drafts.len() {
        let all: Vec<_> = sent.iter().map(|sent| &sent[number]).collect();
        assert!(all.iter().all(|sent| sent.message == all[0].message));
        assert_eq!(all.iter().filter(|sent| !sent.already_sent).count(), 1);
    }
    assert_eq!(database.value("SELECT last_seq FROM chat_heads"), "6");
    assert_consistent(&database);
}

#[test]
fn many_who_would_be_the_300th_member_leave_the_group_at_300() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 296);
    let new = {
        let conn = &mut database.diesel();
        (0..20).map(|number| cast::user(conn, &format!("new_{number}"))).collect::<Vec<_>>()
    };
    let added = at_once(&database, 20, |number, conn| match groups::add(conn, by(crowd[0]), group, new[number]) {
        Ok(_) => true,
        Err(refused) => {
            assert_eq!(refused, Refused(AddRefused::Full));
            false
        }
    });
    assert_eq!(added.into_iter().filter(|added| *added).count(), 4);
    assert_eq!(database.value("SELECT member_count FROM chats"), "300");
    assert_consistent(&database);
}

#[test]
fn nobody_speaks_after_leaving() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 11);
    // Each of ten members speaks on two devices, until one leaves with a third.
    at_once(&database, 30, |number, conn| {
        let user = crowd[1 + number % 10];
        if number < 20 {
            for _ in 0..50 {
                match messages::send(conn, by(user), group, &Draft::text("…")) {
                    Ok(_) => {}
                    Err(error) => {
                        assert_eq!(error, Refused(SendRefused::NotAMember));
                        break;
                    }
                }
            }
        } else {
            for _ in 0..number % 10 {
                messages::send(conn, by(user), group, &Draft::text("…")).unwrap();
            }
            groups::leave(conn, by(user), group).unwrap();
        }
    });
    assert_eq!(database.value("SELECT member_count FROM chats"), "1");
    assert_nobody_spoke_while_away(&database);
    assert_consistent(&database);
}

#[test]
fn who_is_added_and_removed_at_once_is_in_or_out() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 4);
    let [owner, admin, joiner, other] = crowd[..] else { unreachable!() };
    groups::promote(&mut database.diesel(), by(owner), group, admin).unwrap();
    // Who is no contact is added fifty times a day at most.
    cast::befriend(&mut database.diesel(), admin, joiner);
    let done = at_once(&database, 12, |number, conn| {
        (0..40)
            .filter(|_| match number % 4 {
                0 => done(groups::remove(conn, by(owner), group, joiner)),
                1 => done(groups::add(conn, by(admin), group, joiner)),
                2 => done(messages::send(conn, by(joiner), group, &Draft::text("Here I am"))),
                _ => done(messages::send(conn, by(other), group, &Draft::text("Hello"))),
            })
            .count()
    });
    let by_kind = |kind: usize| done.iter().skip(kind).step_by(4).sum::<usize>();
    // Someone who was in from the beginning is removed once more than added, or as often.
    assert!(by_kind(0) == by_kind(1) || by_kind(0) == by_kind(1) + 1, "{done:?}");
    assert!(by_kind(0) > 1, "they hardly met: {done:?}");
    assert_nobody_spoke_while_away(&database);
    assert_consistent(&database);
}

#[test]
fn nothing_is_left_in_a_message_that_was_deleted_while_it_was_edited_and_reacted_to() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 3);
    let conn = &mut database.diesel();
    let (owner, sender, other) = (crowd[0], crowd[1], crowd[2]);
    for round in 0..30 {
        let seq = messages::send(conn, by(sender), group, &Draft::text("Oops")).unwrap().message.seq;
        // Half the time it is the newest, half the time not.
        if round % 2 == 0 {
            messages::send(conn, by(other), group, &Draft::text("?")).unwrap();
        }
        let deleted = at_once(&database, 10, |number, conn| match number {
            0 => done(messages::delete(conn, by(sender), group, seq)),
            1 => done(messages::delete(conn, by(owner), group, seq)),
            2..5 => {
                for version in 0..4 {
                    if let Err(error) = messages::edit(conn, by(sender), group, seq, &format!("{number}.{version}")) {
                        assert_eq!(error, Refused(EditRefused::NotFound));
                    }
                }
                false
            }
            5 => {
                messages::send(conn, by(other), group, &Draft::text("Re").in_reply_to(seq)).unwrap();
                false
            }
            _ => {
                for emoji in ["👍", "🎉", "😱"] {
                    done(reactions::add(conn, by(crowd[number % 3]), group, seq, emoji));
                    done(reactions::remove(conn, by(crowd[number % 3]), group, seq, emoji));
                }
                false
            }
        });
        assert_eq!(deleted.into_iter().filter(|deleted| *deleted).count(), 1);
        assert_eq!(messages::delete(conn, by(owner), group, seq), Err(Refused(DeleteRefused::NotFound)));
    }
    assert_consistent(&database);
}

#[test]
fn a_group_has_one_owner_while_owners_leave_promote_and_pass_it_on() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 12);
    at_once(&database, 12, |number, conn| {
        let user = crowd[number];
        for round in 0..20 {
            let other = crowd[(number + round + 1) % 12];
            done(groups::promote(conn, by(user), group, other));
            done(groups::transfer_ownership(conn, by(user), group, other));
            done(groups::demote(conn, by(user), group, crowd[(number + round + 2) % 12]));
            done(groups::add(conn, by(user), group, other));
            if round % 4 == number % 4 {
                done(groups::leave(conn, by(user), group));
            }
            done(messages::send(conn, by(user), group, &Draft::text("Who is it now?")));
        }
    });
    assert_nobody_spoke_while_away(&database);
    assert_consistent(&database);
}

#[test]
fn a_message_that_is_deleted_while_it_is_answered_and_reacted_to_by_many_has_no_reaction_left() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 8);
    for _ in 0..15 {
        let seq = messages::send(&mut database.diesel(), by(crowd[0]), group, &Draft::text("?")).unwrap().message.seq;
        at_once(&database, 8, |number, conn| match number {
            0 => assert!(done(messages::delete(conn, by(crowd[0]), group, seq))),
            _ => ["👍", "🎉", "😱", "🙈"].into_iter().for_each(|emoji| {
                done(reactions::add(conn, by(crowd[number]), group, seq, emoji));
            }),
        });
        assert_eq!(database.value("SELECT count(*) FROM message_reactions"), "0");
    }
    assert_consistent(&database);
}

#[test]
fn who_blocks_the_other_hears_nothing_that_is_sent_afterwards() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let pair = cast::users(conn, ["alice", "bob"]);
    cast::befriend(conn, pair[0], pair[1]);
    let chat = direct_chats::find_or_create(conn, by(pair[0]), pair[1]).unwrap().id;
    at_once(&database, 6, |number, conn| {
        for _ in 0..30 {
            match number % 3 {
                0 => done(cast::retried(conn, |conn| blocks::block(conn, by(pair[0]), pair[1]))),
                1 => Retry::default()
                    .attempts(20)
                    .transaction(conn, |conn| blocks::unblock(conn, by(pair[0]), pair[1]))
                    .unwrap(),
                _ => done(messages::send(conn, by(pair[1]), chat, &Draft::text("Please?"))),
            };
        }
    });
    blocks::block(conn, by(pair[0]), pair[1]).unwrap();
    assert_eq!(messages::send(conn, by(pair[1]), chat, &Draft::text("?")), Err(Refused(SendRefused::Unreachable)));
    assert_consistent(&database);
}

#[test]
fn a_group_that_is_deleted_while_everything_happens_is_silent_afterwards() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 20);
    let alone = cast::user(&mut database.diesel(), "alone");
    at_once(&database, 20, |number, conn| {
        for round in 0..30 {
            let user = crowd[number];
            match (number, round) {
                (0, 10) => done(groups::delete(conn, by(user), group)),
                (0, _) => done(groups::rename(conn, by(user), group, &format!("{round}"))),
                (1, _) => done(groups::add(conn, by(crowd[0]), group, alone)),
                (2, _) => done(groups::remove(conn, by(crowd[0]), group, alone)),
                (3, _) => done(groups::leave(conn, by(user), group)),
                (4, _) => done(receipts::mark_read(conn, by(user), group, Seq::MAX)),
                _ => done(messages::send(conn, by(user), group, &Draft::text("…"))),
            };
        }
    });
    assert_eq!(database.value("SELECT metadata ->> 'event' FROM messages ORDER BY seq DESC LIMIT 1"), "group_deleted");
    assert_nobody_spoke_while_away(&database);
    assert_consistent(&database);
}

#[test]
fn everything_at_once_neither_deadlocks_nor_breaks_anything() {
    let database = TestDatabase::migrated();
    let (group, crowd) = group_of(&database, 10);
    at_once(&database, 16, |number, conn| {
        // Numbers without a pattern, the same each time.
        let mut state = number as u64 + 1;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for _ in 0..120 {
            let (user, other) = (crowd[random(10)], crowd[random(10)]);
            let seq = 1 + random(60) as i64;
            match random(16) {
                0 => done(groups::add(conn, by(user), group, other)),
                1 => done(groups::remove(conn, by(user), group, other)),
                2 => done(groups::promote(conn, by(user), group, other)),
                3 => done(groups::demote(conn, by(user), group, other)),
                4 => done(groups::transfer_ownership(conn, by(user), group, other)),
                5 => done(groups::rename(conn, by(user), group, "Ours")),
                6 => crowd[0] != user && done(groups::leave(conn, by(user), group)),
                7 => done(messages::edit(conn, by(user), group, Seq::new(seq), "Hm")),
                8 => done(messages::delete(conn, by(user), group, Seq::new(seq))),
                9 => done(reactions::add(conn, by(user), group, Seq::new(seq), "👍")),
                10 => done(receipts::mark_delivered(conn, by(user), group, Seq::new(seq))),
                11 => done(receipts::mark_read(conn, by(user), group, Seq::new(seq * 2))),
                12 => done(messages::send(conn, by(user), group, &Draft::text("Re").in_reply_to(Seq::new(seq)))),
                _ => done(messages::send(conn, by(user), group, &Draft::text("Hello"))),
            };
        }
    });
    assert_nobody_spoke_while_away(&database);
    assert_consistent(&database);
}

#[test]
fn an_account_that_is_closed_while_it_is_added_and_written_to_is_nowhere_afterwards() {
    let database = TestDatabase::migrated();
    let (_, crowd) = group_of(&database, 8);
    let conn = &mut database.diesel();
    let own: Vec<_> =
        (0..6).map(|_| groups::create(conn, by(crowd[0]), &NewGroup::new("G", &crowd[1..5])).unwrap().id).collect();
    for friend in &crowd[1..] {
        cast::befriend(conn, crowd[0], *friend);
    }
    at_once(&database, 16, |number, conn| {
        if number == 0 {
            accounts::close(conn, by(crowd[0])).unwrap();
            return;
        }
        let user = crowd[1 + number % 7];
        for round in 0..20 {
            match number % 5 {
                0 => done(groups::add(conn, by(crowd[1]), own[round % 6], crowd[0])),
                1 => done(direct_chats::find_or_create(conn, by(user), crowd[0])),
                2 => done(messages::send(conn, by(crowd[0]), own[round % 6], &Draft::text("…"))),
                3 => done(groups::create(conn, by(user), &NewGroup::new("N", &[crowd[0]]))),
                _ => done(messages::send(conn, by(user), own[round % 6], &Draft::text("…"))),
            };
        }
    });
    let memberships =
        format!("SELECT count(*) FROM chat_participants WHERE user_id = '{}' AND left_at IS NULL", crowd[0]);
    assert_eq!(database.value(&memberships), "0");
    assert_consistent(&database);
}

fn looks_for_a_while(device: &mut Device, database: &TestDatabase) {
    let conn = &mut database.diesel();
    for _ in 0..30 {
        device.come_back(conn, Limit::default());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Begins both, the second while the first waits, lets a device look meanwhile, and ends once nobody waits any more.
fn told_of_what_met(
    database: &TestDatabase,
    device: &mut Device,
    first: impl FnOnce(&mut PgConnection) + Send,
    second: impl FnOnce(&mut PgConnection) + Send,
    mut holder: PgConnection,
) {
    std::thread::scope(|scope| {
        let first = waiting(scope, database, first);
        let second = scope.spawn(move || second(&mut database.diesel()));
        looks_for_a_while(device, database);
        holder.batch_execute("COMMIT").unwrap();
        first.join().unwrap();
        second.join().unwrap();
    });
    assert_eq!(device.check(&mut database.diesel(), Limit::default()), Ok(()));
}

/// Keeps the head of a chat until it commits.
fn holding_head(database: &TestDatabase, chat: ChatId) -> PgConnection {
    let mut holder = database.diesel();
    holder.batch_execute(&format!("BEGIN; SELECT FROM chat_heads WHERE chat_id = '{chat}' FOR UPDATE")).unwrap();
    holder
}

fn change_picture(conn: &mut PgConnection, user: UserId, picture: &str) {
    let changes = ProfileChanges { avatar_url: Some(Some(picture)), ..ProfileChanges::default() };
    accounts::update_profile(conn, by(user), &changes).unwrap();
}

#[test]
fn who_is_no_longer_blocked_while_the_picture_changes_has_the_new_one() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, owner] = cast::users(conn, ["alice", "bob", "owner"]);
    groups::create(conn, by(owner), &NewGroup::new("Both", &[alice, bob])).unwrap();
    let later = groups::create(conn, by(owner), &NewGroup::new("Later", &[alice])).unwrap().id;
    change_picture(conn, alice, "old.png");
    blocks::block(conn, by(alice), bob).unwrap();
    told_of_what_met(
        &database,
        &mut Device::new(conn, bob),
        |conn| change_picture(conn, alice, "new.png"),
        |conn| assert!(blocks::unblock(conn, by(alice), bob).unwrap()),
        holding_head(&database, later),
    );
}

#[test]
fn who_comes_while_somebody_who_has_blocked_a_member_changes_the_picture_has_the_new_one() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, mallory, carol, owner] = cast::users(conn, ["alice", "mallory", "carol", "owner"]);
    let group = groups::create(conn, by(owner), &NewGroup::new("Group", &[alice, mallory])).unwrap().id;
    let later = groups::create(conn, by(owner), &NewGroup::new("Later", &[alice])).unwrap().id;
    change_picture(conn, alice, "old.png");
    blocks::block(conn, by(alice), mallory).unwrap();
    told_of_what_met(
        &database,
        &mut Device::new(conn, carol),
        |conn| change_picture(conn, alice, "new.png"),
        |conn| drop(groups::add(conn, by(owner), group, carol).unwrap()),
        holding_head(&database, later),
    );
}

#[test]
fn who_is_no_longer_blocked_while_a_chat_in_common_begins_has_the_picture() {
    // Either of them comes to the other; or both come, to a group that is new.
    for round in 0..3 {
        let database = TestDatabase::migrated();
        let conn = &mut database.diesel();
        let [alice, bob, owner] = cast::users(conn, ["alice", "bob", "owner"]);
        change_picture(conn, alice, "face.png");
        let members = [vec![alice], vec![bob], vec![]];
        let group = groups::create(conn, by(owner), &NewGroup::new("Group", &members[round])).unwrap().id;
        blocks::block(conn, by(alice), bob).unwrap();
        let mut device = Device::new(conn, bob);
        let database = &database;
        std::thread::scope(|scope| {
            let coming = conn.transaction(|conn| {
                blocks::unblock(conn, by(alice), bob)?;
                let coming = scope.spawn(move || {
                    let conn = &mut database.diesel();
                    match round {
                        0 => drop(groups::add(conn, by(owner), group, bob).unwrap()),
                        1 => drop(groups::add(conn, by(owner), group, alice).unwrap()),
                        _ => drop(groups::create(conn, by(owner), &NewGroup::new("New", &[alice, bob])).unwrap()),
                    }
                });
                looks_for_a_while(&mut device, database);
                QueryResult::Ok(coming)
            });
            coming.unwrap().join().unwrap();
        });
        assert_eq!(device.check(conn, Limit::default()), Ok(()), "{round}");
    }
}

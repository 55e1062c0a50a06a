//! Users block each other, and take it back.

use diesel::PgConnection;
use messenger_db::enums::DeliveryStatus;
use messenger_db::error::Error;
use messenger_db::ids::UserId;
use messenger_db::page::Limit;
use messenger_db::queries::blocks::{self, BlockRefused};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{accounts, history, inbox, receipts};
use pretty_assertions::assert_eq;

use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

#[test]
fn a_block_goes_one_way_until_it_is_taken_back() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    assert_eq!(blocks::block(conn, by(alice), bob), Ok(true));
    assert_eq!(blocks::block(conn, by(alice), bob), Ok(false));
    assert_eq!(blocks::block(conn, by(alice), carol), Ok(true));
    let listed: Vec<UserId> = blocks::all(conn, by(alice)).unwrap().iter().map(|block| block.profile.id).collect();
    assert_eq!(listed, [carol, bob]);
    assert_eq!(blocks::all(conn, by(bob)), Ok(vec![]));
    assert_eq!(blocks::unblock(conn, by(bob), alice), Ok(false));
    assert_eq!(blocks::unblock(conn, by(alice), bob), Ok(true));
    assert_eq!(blocks::unblock(conn, by(alice), bob), Ok(false));
    assert_eq!(blocks::all(conn, by(alice)).unwrap().len(), 1);
}

#[test]
fn a_block_of_oneself_or_of_nobody_is_refused() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    accounts::close(conn, by(bob)).unwrap();
    assert_eq!(blocks::block(conn, by(alice), alice), Err(Error::Refused(BlockRefused::Oneself)));
    for other in [bob, UserId::new()] {
        assert_eq!(blocks::block(conn, by(alice), other), Err(Error::Refused(BlockRefused::NoSuchAccount)));
        assert_eq!(blocks::block(conn, by(other), alice), Err(Error::Refused(BlockRefused::NoSuchAccount)));
    }
}

#[test]
fn of_many_blocks_at_once_one_is_made() {
    let database = TestDatabase::migrated();
    let [alice, bob] = cast::users(&mut database.diesel(), ["alice", "bob"]);
    let results = cast::at_once(&database, 8, |number, conn| {
        if number % 2 == 0 { blocks::block(conn, by(alice), bob) } else { blocks::block(conn, by(bob), alice) }.unwrap()
    });
    assert_eq!(results.iter().filter(|made| **made).count(), 2);
    assert_eq!(database.value("SELECT count(*) FROM blocks"), "2");
}

#[test]
fn a_list_of_blocks_uses_the_indexes() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    blocks::block(conn, by(alice), bob).unwrap();
    database
        .execute(
            "INSERT INTO users (username, password_hash) SELECT 'user_' || number, '$' FROM generate_series(1, 3000) AS number;
             INSERT INTO blocks SELECT id, lead(id) OVER (ORDER BY id) FROM users ORDER BY id DESC OFFSET 1
             ON CONFLICT DO NOTHING;
             ANALYZE",
        )
        .unwrap();
    assert_eq!(
        server_statistics::indexes_used(conn, "blocks", |conn| blocks::all(conn, by(alice)).unwrap()),
        ["blocks_blocked_idx", "blocks_pkey"]
    );
    // Each of its two statements by either, since both have both; and by no reading of the whole table.
    let used = server_statistics::indexes_used(conn, "blocks", |conn| blocks::unblock(conn, by(alice), bob).unwrap());
    assert!(!used.is_empty() && used.iter().all(|used| used != "blocks"), "{used:?}");
    // An account that is closed takes back its own blocks, and those against it.
    let used = server_statistics::indexes_used(conn, "blocks", |conn| accounts::close(conn, by(alice)).unwrap());
    assert_eq!(used, ["blocks_blocked_idx", "blocks_pkey"]);
}

#[test]
fn what_a_user_does_whom_thousands_have_blocked_reads_few_blocks() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let chat = cast::direct(conn, alice, bob);
    messages::send(conn, by(alice), chat, &Draft::text("Hello")).unwrap();
    database
        .execute(&format!(
            "INSERT INTO users (username, password_hash) SELECT 'user_' || number, '$' FROM generate_series(1, 3000) AS number;
             INSERT INTO blocks SELECT id, lead(id) OVER (ORDER BY id) FROM users
             WHERE starts_with(username, 'user_') ORDER BY id DESC OFFSET 1;
             ANALYZE;
             -- The planner knows of one who has blocked somebody.
             INSERT INTO blocks SELECT id, '{bob}' FROM users WHERE starts_with(username, 'user_')"
        ))
        .unwrap();
    let used = server_statistics::indexes_used_anywhere(conn, |conn| {
        for _ in 0..8 {
            messages::send(conn, by(bob), chat, &Draft::text("Are you there?")).unwrap();
            assert_eq!(
                inbox::list(conn, by(bob), None, Limit::default()).unwrap()[0].other.as_ref().unwrap().id,
                alice
            );
            assert_eq!(history::latest(conn, by(bob), chat, Limit::default()).unwrap().profiles.len(), 2);
            accounts::find_profiles(conn, by(bob), &[alice]).unwrap();
            accounts::search(conn, by(bob), "ali").unwrap();
        }
    });
    let of_blocks: i64 = used.iter().filter(|(name, _)| name.contains("blocks")).map(|(_, entries)| entries).sum();
    assert!(of_blocks <= 8 * 10, "{used:?}");
}

#[test]
fn who_is_blocked_learns_nothing_from_search_and_receipts() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let first = messages::send(conn, by(bob), chat, &Draft::text("Hello")).unwrap().message.seq;
    let second = messages::send(conn, by(bob), chat, &Draft::text("Are you there?")).unwrap().message.seq;
    receipts::mark_read(conn, by(alice), chat, first).unwrap();
    receipts::mark_delivered(conn, by(alice), chat, second).unwrap();
    let seq = messages::send(conn, by(bob), chat, &Draft::text("Hello?")).unwrap().message.seq;
    let found = |conn: &mut PgConnection, reader| accounts::search(conn, by(reader), "alice").unwrap().len();
    assert_eq!(found(conn, bob), 1);
    blocks::block(conn, by(alice), bob).unwrap();
    for user in [alice, carol] {
        receipts::mark_read(conn, by(user), chat, seq).unwrap();
    }
    assert_eq!((found(conn, bob), found(conn, carol)), (0, 1));
    let of_first = |conn: &mut PgConnection, reader, seq| {
        let counted = receipts::count(conn, by(reader), chat, seq, seq).unwrap()[0];
        let receipts = receipts::all(conn, by(reader), chat, seq).unwrap();
        let alices = receipts.iter().find(|receipt| receipt.user_id == alice).unwrap();
        (alices.status, counted.delivered, counted.read)
    };
    assert_eq!(of_first(conn, bob, first), (DeliveryStatus::Read, 2, 2));
    assert_eq!(of_first(conn, bob, second), (DeliveryStatus::Delivered, 2, 1));
    assert_eq!(of_first(conn, bob, seq), (DeliveryStatus::Pending, 1, 1));
    let of = |conn: &mut PgConnection, reader| {
        let receipts = receipts::all(conn, by(reader), chat, seq).unwrap();
        let alices = receipts.iter().find(|receipt| receipt.user_id == alice).unwrap();
        let positions = receipts::positions(conn, by(reader), chat).unwrap();
        let position = positions.iter().find(|position| position.user_id == alice).unwrap();
        (alices.status, alices.delivered_at.is_some(), position.last_delivered_seq, position.last_read_seq)
    };
    assert_eq!(of(conn, bob), (DeliveryStatus::Pending, false, second, first));
    assert_eq!(of(conn, carol), (DeliveryStatus::Read, true, seq, seq));
    blocks::unblock(conn, by(alice), bob).unwrap();
    assert_eq!(of(conn, bob), (DeliveryStatus::Read, true, seq, seq));
}

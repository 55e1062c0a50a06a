//! What becomes of those who left before the database knew up to which message they were there.

use messenger_db::migrate::{self, RunOptions, Silent};

use super::rows;
use crate::support::TestDatabase;

#[test]
fn who_left_before_there_was_a_left_seq_gets_it_from_the_clock() {
    let database = TestDatabase::empty();
    let to = |version: Option<&str>| {
        let options = RunOptions { to: version.map(str::to_owned), ..RunOptions::default() };
        migrate::run(&database.pool(), &options, &mut Silent).unwrap();
    };
    to(Some("20261122101000"));
    for migration in migrate::migrations().unwrap() {
        if let Some(rows) = rows::of_migration(migration.name) {
            database.execute(rows).unwrap();
        }
    }
    // Of the group's four messages two were sent before carol left, and none before bob did.
    database
        .execute(
            "UPDATE messages SET created_at = '2026-01-01'::timestamptz + seq * interval '1 hour';
             UPDATE chat_participants SET left_at = '2026-01-01 02:30Z'
             WHERE chat_id = '00000000-0000-7000-8000-0000000000e2' AND user_id = '00000000-0000-7000-8000-00000000000c';
             UPDATE chat_participants SET left_at = '2026-01-01 00:30Z'
             WHERE chat_id = '00000000-0000-7000-8000-0000000000e2' AND user_id = '00000000-0000-7000-8000-00000000000b'",
        )
        .unwrap();
    let receipts = "SELECT message_seq || ' ' || right(user_id::text, 1) FROM message_receipts ORDER BY 1";
    let before = database.column(receipts);
    to(None);
    let left = "SELECT left_seq FROM chat_participants WHERE left_at IS NOT NULL ORDER BY user_id";
    assert_eq!(database.column(left), ["0", "2"]);
    assert_eq!(database.value("SELECT count(left_seq) FROM chat_participants WHERE left_at IS NULL"), "0");
    assert_eq!(database.column(receipts), before);
}

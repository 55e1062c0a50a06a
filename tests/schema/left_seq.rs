//! What becomes of those who left before the database knew up to which message they were there.

use messenger_db::migrate::{self, RunOptions, Silent};

use super::rows;
use crate::support::TestDatabase;

#[test]
fn who_left_before_there_was_a_left_seq_gets_it_from_what_the_chat_wrote_down_or_else_from_the_clock() {
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
    // In the group, message 5 says that carol left, and 6 is older, but was imported later. Nothing says that bob left,
    // half an hour after message 2.
    database
        .execute(
            r#"INSERT INTO messages (chat_id, seq, kind, metadata) VALUES (
                '00000000-0000-7000-8000-0000000000e2', 5, 'system',
                '{"event": "member_left", "actor": "00000000-0000-7000-8000-00000000000c"}'
            );
            INSERT INTO messages (chat_id, seq, sender_id, content) VALUES (
                '00000000-0000-7000-8000-0000000000e2', 6, '00000000-0000-7000-8000-00000000000a', 'long ago'
            );
            UPDATE chat_heads SET last_seq = 6 WHERE chat_id = '00000000-0000-7000-8000-0000000000e2';
            UPDATE messages SET created_at = '2026-01-01Z'::timestamptz + (seq % 6) * interval '1 hour';
            UPDATE chat_participants SET left_at = '2026-01-01 05:00Z'
            WHERE chat_id = '00000000-0000-7000-8000-0000000000e2' AND user_id = '00000000-0000-7000-8000-00000000000c';
            UPDATE chat_participants SET left_at = '2026-01-01 02:30Z'
            WHERE chat_id = '00000000-0000-7000-8000-0000000000e2' AND user_id = '00000000-0000-7000-8000-00000000000b';
            UPDATE chat_participants SET left_at = '2026-01-02Z'
            WHERE chat_id = '00000000-0000-7000-8000-0000000000e1' AND user_id = '00000000-0000-7000-8000-00000000000b'"#,
        )
        .unwrap();
    to(None);
    let left = "SELECT right(chat_id::text, 2) || ' ' || right(user_id::text, 1) || ' ' || left_seq
                FROM chat_participants WHERE left_at IS NOT NULL ORDER BY 1";
    assert_eq!(database.column(left), ["e1 b 0", "e2 b 2", "e2 c 4"]);
    assert_eq!(database.value("SELECT count(left_seq) FROM chat_participants WHERE left_at IS NULL"), "0");
}

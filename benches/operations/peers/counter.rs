//! The statements of the design with a counter.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use messenger_db::ids::{ChatId, UserId};
use uuid::Uuid;

use crate::measure::statement;

statement! {
    Send { topic: Uuid as SqlUuid, sender: Uuid as SqlUuid, words: String as Text } -> (BigInt) = "
        WITH topic AS (
            UPDATE topics SET seq = seq + 1, touched_at = now() WHERE id = $1 RETURNING seq
        ), mark AS (
            UPDATE subscriptions SET read_seq = topic.seq, received_seq = topic.seq, updated_at = now()
            FROM topic WHERE topic_id = $1 AND user_id = $2
        )
        INSERT INTO posts (topic_id, seq, sender_id, content) SELECT $1, seq, $2, $3 FROM topic RETURNING seq"
}

statement! {
    Count { topic: Uuid as SqlUuid } -> (BigInt) = "
        UPDATE topics SET seq = seq + 1, touched_at = now() WHERE id = $1 RETURNING seq"
}

statement! {
    Insert { topic: Uuid as SqlUuid, seq: i64 as BigInt, sender: Uuid as SqlUuid, words: String as Text } -> (BigInt) = "
        INSERT INTO posts (topic_id, seq, sender_id, content) VALUES ($1, $2, $3, $4) RETURNING seq"
}

statement! {
    Move { topic: Uuid as SqlUuid, user: Uuid as SqlUuid, seq: i64 as BigInt } -> (BigInt) = "
        UPDATE subscriptions SET read_seq = $3, received_seq = $3, updated_at = now()
        WHERE topic_id = $1 AND user_id = $2 RETURNING read_seq"
}

statement! {
    MarkRead { topic: Uuid as SqlUuid, user: Uuid as SqlUuid } -> (BigInt) = "
        UPDATE subscriptions SET read_seq = read_seq + 1, received_seq = received_seq + 1, updated_at = now()
        WHERE topic_id = $1 AND user_id = $2 RETURNING read_seq"
}

statement! {
    Presence { user: Uuid as SqlUuid } -> (Text) = "
        UPDATE presence SET status = 'online', seen_at = now() WHERE user_id = $1 RETURNING status"
}

statement! {
    Edit { topic: Uuid as SqlUuid, words: String as Text } -> (BigInt) = "
        UPDATE posts SET content = $2, edited_at = now()
        WHERE topic_id = $1 AND seq = (SELECT seq FROM topics WHERE id = $1) RETURNING seq"
}

pub fn send(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    Send { topic: chat.as_uuid(), sender: sender.as_uuid(), words }.get_result::<(i64,)>(conn).unwrap();
}

pub fn send_in_commits(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    let (topic, sender) = (chat.as_uuid(), sender.as_uuid());
    let (seq,) = Count { topic }.get_result::<(i64,)>(conn).unwrap();
    Insert { topic, seq, sender, words }.get_result::<(i64,)>(conn).unwrap();
    Move { topic, user: sender, seq }.get_result::<(i64,)>(conn).unwrap();
}

pub fn mark_read(conn: &mut PgConnection, chat: ChatId, user: UserId) {
    MarkRead { topic: chat.as_uuid(), user: user.as_uuid() }.get_result::<(i64,)>(conn).unwrap();
}

pub fn presence(conn: &mut PgConnection, user: UserId) {
    Presence { user: user.as_uuid() }.get_result::<(String,)>(conn).unwrap();
}

pub fn edit(conn: &mut PgConnection, chat: ChatId, words: String) {
    Edit { topic: chat.as_uuid(), words }.get_result::<(i64,)>(conn).optional().unwrap();
}

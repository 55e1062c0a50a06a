//! The statements of the design with posts and counts.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use messenger_db::ids::{ChatId, UserId};
use uuid::Uuid;

use crate::measure::statement;

statement! {
    Send { id: Uuid as SqlUuid, channel: Uuid as SqlUuid, sender: Uuid as SqlUuid, words: String as Text } -> (BigInt) = "
        WITH post AS (
            INSERT INTO posts (id, channel_id, sender_id, content) VALUES ($1, $2, $3, $4)
        ), channel AS (
            UPDATE channels SET total_posts = total_posts + 1, last_post_at = now() WHERE id = $2 RETURNING total_posts
        )
        UPDATE channel_members SET read_posts = channel.total_posts, last_viewed_at = now(), updated_at = now()
        FROM channel WHERE channel_id = $2 AND user_id = $3 RETURNING read_posts"
}

statement! {
    Insert { id: Uuid as SqlUuid, channel: Uuid as SqlUuid, sender: Uuid as SqlUuid, words: String as Text } -> (SqlUuid) = "
        INSERT INTO posts (id, channel_id, sender_id, content) VALUES ($1, $2, $3, $4) RETURNING id"
}

statement! {
    Count { channel: Uuid as SqlUuid } -> (BigInt) = "
        UPDATE channels SET total_posts = total_posts + 1, last_post_at = now() WHERE id = $1 RETURNING total_posts"
}

statement! {
    Move { channel: Uuid as SqlUuid, user: Uuid as SqlUuid, posts: i64 as BigInt } -> (BigInt) = "
        UPDATE channel_members SET read_posts = $3, last_viewed_at = now(), updated_at = now()
        WHERE channel_id = $1 AND user_id = $2 RETURNING read_posts"
}

statement! {
    MarkRead { channel: Uuid as SqlUuid, user: Uuid as SqlUuid } -> (BigInt) = "
        UPDATE channel_members
        SET read_posts = (SELECT total_posts FROM channels WHERE id = $1), mention_count = 0,
            last_viewed_at = now(), updated_at = now()
        WHERE channel_id = $1 AND user_id = $2 RETURNING read_posts"
}

statement! {
    Presence { user: Uuid as SqlUuid } -> (Text) = "
        UPDATE presence SET status = 'online', seen_at = now() WHERE user_id = $1 RETURNING status"
}

statement! {
    Edit { channel: Uuid as SqlUuid, kept: Uuid as SqlUuid, words: String as Text } -> (Text) = "
        WITH last AS (
            SELECT * FROM posts WHERE channel_id = $1 ORDER BY created_at DESC LIMIT 1 FOR UPDATE
        ), kept AS (
            INSERT INTO posts (id, channel_id, sender_id, original_id, content, created_at, deleted_at)
            SELECT $2, channel_id, sender_id, id, content, created_at - interval '1 year', now() FROM last
        )
        UPDATE posts SET content = $3, updated_at = clock_timestamp() FROM last WHERE posts.id = last.id
        RETURNING posts.content"
}

pub fn send(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    let send = Send { id: Uuid::now_v7(), channel: chat.as_uuid(), sender: sender.as_uuid(), words };
    send.get_result::<(i64,)>(conn).unwrap();
}

pub fn send_in_commits(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    let (channel, sender) = (chat.as_uuid(), sender.as_uuid());
    Insert { id: Uuid::now_v7(), channel, sender, words }.get_result::<(Uuid,)>(conn).unwrap();
    let (posts,) = Count { channel }.get_result::<(i64,)>(conn).unwrap();
    Move { channel, user: sender, posts }.get_result::<(i64,)>(conn).unwrap();
}

pub fn mark_read(conn: &mut PgConnection, chat: ChatId, user: UserId) {
    MarkRead { channel: chat.as_uuid(), user: user.as_uuid() }.get_result::<(i64,)>(conn).unwrap();
}

pub fn presence(conn: &mut PgConnection, user: UserId) {
    Presence { user: user.as_uuid() }.get_result::<(String,)>(conn).unwrap();
}

pub fn edit(conn: &mut PgConnection, chat: ChatId, words: String) {
    Edit { channel: chat.as_uuid(), kept: Uuid::now_v7(), words }.get_result::<(String,)>(conn).optional().unwrap();
}

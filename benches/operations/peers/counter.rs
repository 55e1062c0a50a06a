//! The statements of the design with a counter.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamp};
use messenger_db::ids::{ChatId, UserId};

use super::in_transaction;
use crate::measure::statement;

statement! {
    Send { topic: String as Text, sender: i64 as BigInt, head: Option<String> as Nullable<Text>, words: String as Text }
    -> (Integer) = "
        WITH counted AS (
            UPDATE topics SET seq = seq + 1, touched_at = now() WHERE name = $1 RETURNING seq
        ), moved AS (
            UPDATE subscriptions SET received_seq = counted.seq, read_seq = counted.seq
            FROM counted WHERE topic = $1 AND user_id = $2
        )
        INSERT INTO messages (created_at, updated_at, seq, topic, sender, head, content)
        SELECT now(), now(), seq, $1, $2, $3::json, to_json($4) FROM counted RETURNING seq"
}

statement! {
    Count { topic: String as Text } -> (Integer) = "
        UPDATE topics SET seq = seq + 1, touched_at = now() WHERE name = $1 RETURNING seq"
}

statement! {
    Insert { topic: String as Text, sender: i64 as BigInt, seq: i32 as Integer, words: String as Text } -> (Integer) = "
        INSERT INTO messages (created_at, updated_at, seq, topic, sender, content)
        VALUES (now(), now(), $3, $1, $2, to_json($4)) RETURNING id"
}

statement! {
    Move { topic: String as Text, user: i64 as BigInt, seq: i32 as Integer } -> (Integer) = "
        UPDATE subscriptions SET received_seq = $3, read_seq = $3 WHERE topic = $1 AND user_id = $2 RETURNING read_seq"
}

statement! {
    MarkRead { topic: String as Text, user: i64 as BigInt } -> (Integer) = "
        UPDATE subscriptions SET received_seq = received_seq + 1, read_seq = read_seq + 1
        WHERE topic = $1 AND user_id = $2 RETURNING read_seq"
}

statement! {
    Presence { user: i64 as BigInt } -> (BigInt) = "
        UPDATE users SET last_seen = now(), user_agent = 'a browser' WHERE id = $1 RETURNING id"
}

statement! {
    Page { topic: String as Text, before: i32 as Integer, user: i64 as BigInt }
    -> (
        Timestamp, Timestamp, Nullable<Timestamp>, Nullable<Integer>, Integer, Text, BigInt, Nullable<Text>, Nullable<Text>,
    ) = "
        SELECT message.created_at, message.updated_at, message.deleted_at, message.deletion, message.seq, message.topic,
            message.sender, message.head::text, message.content::text
        FROM messages AS message
        LEFT JOIN deletions AS deletion
            ON deletion.topic = message.topic
            AND message.seq BETWEEN deletion.low AND deletion.high - 1
            AND deletion.deleted_for = $3
        WHERE message.deletion = 0 AND message.topic = $1 AND message.seq BETWEEN 0 AND $2 - 1
            AND deletion.deleted_for IS NULL
        ORDER BY message.seq DESC LIMIT 50"
}

statement! {
    Subscriptions { user: i64 as BigInt }
    -> (
        Timestamp, Timestamp, Nullable<Timestamp>, Text, Nullable<Integer>, Nullable<Integer>, Nullable<Integer>, Nullable<Text>,
        Nullable<Text>, Nullable<Text>,
    ) = "
        SELECT created_at, updated_at, deleted_at, topic, deletion, received_seq, read_seq, mode_want, mode_given, private::text
        FROM subscriptions WHERE user_id = $1 AND deleted_at IS NULL LIMIT 1024"
}

statement! {
    Topics { names: Vec<String> as Array<Text> }
    -> (
        Timestamp, SmallInt, Nullable<Timestamp>, Text, Nullable<Bool>, Nullable<Text>, Integer, Nullable<Integer>,
        Nullable<Integer>, Nullable<Text>, Nullable<Text>,
    ) = "
        SELECT updated_at, state, touched_at, name, is_channel, access::text, seq, deletion, subscribers, public::text,
            trusted::text
        FROM topics WHERE name = ANY($1) AND state <> 20"
}

statement! {
    Users { ids: Vec<i64> as Array<BigInt> }
    -> (
        BigInt, Timestamp, SmallInt, Nullable<Text>, Nullable<Timestamp>, Nullable<Text>, Nullable<Text>, Nullable<Text>,
    ) = "
        SELECT id, updated_at, state, access::text, last_seen, user_agent, public::text, trusted::text
        FROM users WHERE id = ANY($1) AND state <> 20"
}

statement! {
    Badge { user: i64 as BigInt } -> (Nullable<BigInt>) = "
        SELECT sum(topics.seq) - sum(subscriptions.read_seq) FROM topics, subscriptions
        WHERE subscriptions.user_id = $1 AND topics.name = subscriptions.topic AND subscriptions.deleted_at IS NULL
            AND topics.state <> 20 AND position('R' IN mode_want) > 0 AND position('R' IN mode_given) > 0
        GROUP BY subscriptions.user_id"
}

type Moment = NaiveDateTime;
type Words = Option<String>;
type Number = Option<i32>;
type Message = (Moment, Moment, Option<Moment>, Number, i32, String, i64, Words, Words);
type Subscription = (Moment, Moment, Option<Moment>, String, Number, Number, Number, Words, Words, Words);
type Topic = (Moment, i16, Option<Moment>, String, Option<bool>, Words, i32, Number, Number, Words, Words);
type User = (i64, Moment, i16, Words, Option<Moment>, Words, Words, Words);

/// What a chat is called there; the same as `topic_of` of the SQL file.
fn topic(chat: ChatId) -> String {
    format!("p2p{}", &chat.as_uuid().simple().to_string()[10..])
}

/// What a user is called there; the same as `number_of` of the SQL file.
fn number(user: UserId) -> i64 {
    let (_, low) = user.as_uuid().as_u64_pair();
    low.cast_signed()
}

pub fn send(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    say(conn, chat, sender, None, words);
}

pub fn send_in_transaction(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    in_transaction(conn, |conn| {
        let seq = count_and_insert(conn, chat, sender, words);
        move_to(conn, chat, sender, seq);
    });
}

pub fn send_as_issued(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    let seq = count_and_insert(conn, chat, sender, words);
    in_transaction(conn, |conn| move_to(conn, chat, sender, seq));
}

pub fn mark_read(conn: &mut PgConnection, chat: ChatId, user: UserId) {
    MarkRead { topic: topic(chat), user: number(user) }.get_result::<(i32,)>(conn).unwrap();
}

pub fn mark_read_as_issued(conn: &mut PgConnection, chat: ChatId, user: UserId) {
    in_transaction(conn, |conn| mark_read(conn, chat, user));
}

pub fn presence(conn: &mut PgConnection, user: UserId) {
    Presence { user: number(user) }.get_result::<(i64,)>(conn).unwrap();
}

pub fn presence_as_issued(conn: &mut PgConnection, user: UserId) {
    in_transaction(conn, |conn| presence(conn, user));
}

/// There, an edit is a message that says which one it replaces, and is issued as any other.
pub fn edit(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    say(conn, chat, sender, Some(r#"{"replace": ":12"}"#.to_owned()), words);
}

fn say(conn: &mut PgConnection, chat: ChatId, sender: UserId, head: Option<String>, words: String) {
    let send = Send { topic: topic(chat), sender: number(sender), head, words };
    send.get_result::<(i32,)>(conn).unwrap();
}

fn count_and_insert(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) -> i32 {
    let (seq,) = Count { topic: topic(chat) }.get_result::<(i32,)>(conn).unwrap();
    let insert = Insert { topic: topic(chat), sender: number(sender), seq, words };
    insert.get_result::<(i32,)>(conn).unwrap();
    seq
}

fn move_to(conn: &mut PgConnection, chat: ChatId, user: UserId, seq: i32) {
    Move { topic: topic(chat), user: number(user), seq }.get_result::<(i32,)>(conn).unwrap();
}

pub fn page(conn: &mut PgConnection, chat: ChatId, reader: UserId, before: i64) -> usize {
    let page = Page { topic: topic(chat), before: before as i32, user: number(reader) };
    page.load::<Message>(conn).unwrap().len()
}

/// The names of topics of two say who they are.
pub fn inbox(conn: &mut PgConnection, user: UserId, others: &[UserId]) -> usize {
    let own = Subscriptions { user: number(user) }.load::<Subscription>(conn).unwrap();
    let topics = Topics { names: own.into_iter().map(|own| own.3).collect() }.load::<Topic>(conn).unwrap();
    let users = Users { ids: others.iter().copied().map(number).collect() }.load::<User>(conn).unwrap();
    assert_eq!(users.len(), others.len());
    topics.len()
}

pub fn badge(conn: &mut PgConnection, user: UserId) {
    Badge { user: number(user) }.get_result::<(Option<i64>,)>(conn).unwrap();
}

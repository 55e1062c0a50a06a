//! The statements of the design with posts and counts.

use std::time::{SystemTime, UNIX_EPOCH};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use messenger_db::ids::{ChatId, UserId};
use uuid::Uuid;

use super::in_transaction;
use crate::measure::statement;

statement! {
    Send { id: String as Text, channel: String as Text, user: String as Text, words: String as Text, now: i64 as BigInt }
    -> (BigInt) = "
        WITH post AS (
            INSERT INTO posts (id, channel_id, user_id, message, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
        ), channel AS (
            UPDATE channels
            SET last_post_at = greatest($5, last_post_at), last_root_post_at = greatest($5, last_root_post_at),
                total_posts = total_posts + 1, total_root_posts = total_root_posts + 1
            WHERE id = $2 RETURNING total_posts, total_root_posts
        )
        UPDATE channel_members
        SET mention_count = 0, root_mention_count = 0, urgent_mention_count = 0, read_posts = channel.total_posts,
            read_root_posts = channel.total_root_posts, last_viewed_at = $5, updated_at = $5
        FROM channel WHERE channel_id = $2 AND user_id = $3 RETURNING read_posts"
}

statement! {
    Insert { id: String as Text, channel: String as Text, user: String as Text, words: String as Text, now: i64 as BigInt }
    -> (Text) = "
        INSERT INTO posts (id, channel_id, user_id, message, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
        RETURNING id"
}

statement! {
    Count { channel: String as Text, now: i64 as BigInt } -> (Nullable<BigInt>) = "
        UPDATE channels
        SET last_post_at = greatest($2, last_post_at), last_root_post_at = greatest($2, last_root_post_at),
            total_posts = total_posts + 1, total_root_posts = total_root_posts + 1
        WHERE id = $1 RETURNING total_posts"
}

statement! {
    MarkRead { channel: String as Text, user: String as Text } -> (Nullable<BigInt>) = "
        WITH channel AS (
            SELECT id, last_post_at, total_posts, total_root_posts FROM channels WHERE id = $1
        ), viewed AS (
            UPDATE channel_members
            SET mention_count = 0, root_mention_count = 0, urgent_mention_count = 0,
                read_posts = greatest(read_posts, channel.total_posts),
                read_root_posts = greatest(read_root_posts, channel.total_root_posts),
                -- As though there were something new each time.
                last_viewed_at = greatest(last_viewed_at + 1, channel.last_post_at),
                updated_at = greatest(last_viewed_at + 1, channel.last_post_at)
            FROM channel WHERE user_id = $2 AND channel_id = channel.id
        )
        SELECT last_post_at FROM channel"
}

statement! {
    Unread { channel: String as Text, user: String as Text }
    -> (
        Text, Nullable<Text>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<Text>,
        Nullable<BigInt>,
    ) = "
        SELECT channels.id, channels.kind, channels.total_posts, channels.last_post_at, member.read_posts,
            member.mention_count, member.notify_props::text, member.last_viewed_at
        FROM channel_members AS member INNER JOIN channels ON member.channel_id = channels.id
        WHERE channels.id = $1 AND member.user_id = $2"
}

statement! {
    Presence { user: String as Text, now: i64 as BigInt } -> (Text) = "
        INSERT INTO status (user_id, status, is_manual, last_activity_at, dnd_end_time, previous_status)
        VALUES ($1, 'online', FALSE, $2, 0, '')
        ON CONFLICT (user_id) DO UPDATE
        SET status = 'online', is_manual = FALSE, last_activity_at = $2, dnd_end_time = 0, previous_status = ''
        RETURNING user_id"
}

statement! {
    Edit { id: String as Text, kept: String as Text, words: String as Text, now: i64 as BigInt } -> (Nullable<Text>) = "
        WITH former AS (
            SELECT * FROM posts WHERE id = $1 FOR UPDATE
        ), channel AS (
            UPDATE channels SET last_post_at = $4 FROM former WHERE channels.id = former.channel_id AND last_post_at < $4
        ), kept AS (
            INSERT INTO posts (id, created_at, updated_at, deleted_at, user_id, channel_id, original_id, message)
            SELECT $2, created_at, $4, $4, user_id, channel_id, id, message FROM former
        )
        UPDATE posts SET message = $3, updated_at = $4, edited_at = $4 FROM former WHERE posts.id = former.id
        RETURNING posts.message"
}

statement! {
    Get { id: String as Text } -> (Text, Nullable<BigInt>, Nullable<Text>, Nullable<Text>) = "
        SELECT id, created_at, user_id, message FROM posts WHERE id = $1"
}

statement! {
    Change { id: String as Text, words: String as Text, now: i64 as BigInt } -> (Text) = "
        UPDATE posts SET message = $2, updated_at = $3, edited_at = $3 WHERE id = $1 RETURNING id"
}

statement! {
    Touch { channel: String as Text, now: i64 as BigInt } -> (Text) = "
        UPDATE channels SET last_post_at = $2 WHERE id = $1 AND last_post_at < $2 RETURNING id"
}

statement! {
    Keep {
        id: String as Text, created_at: Option<i64> as Nullable<BigInt>, now: i64 as BigInt,
        user: Option<String> as Nullable<Text>, channel: String as Text, original: String as Text,
        words: Option<String> as Nullable<Text>,
    } -> (Text) = "
        INSERT INTO posts (id, created_at, updated_at, deleted_at, user_id, channel_id, original_id, message)
        VALUES ($1, $2, $3, $3, $4, $5, $6, $7) RETURNING id"
}

statement! {
    React { id: String as Text, channel: String as Text, user: String as Text, emoji: String as Text, now: i64 as BigInt }
    -> (Text) = "
        WITH given AS (
            INSERT INTO reactions (user_id, post_id, emoji_name, created_at, updated_at, deleted_at, channel_id)
            VALUES ($3, $1, $4, $5, $5, 0, $2)
            ON CONFLICT (user_id, post_id, emoji_name) DO UPDATE SET updated_at = $5, deleted_at = 0, channel_id = $2
        )
        UPDATE posts SET has_reactions = TRUE, updated_at = $5 WHERE id = $1 RETURNING id"
}

statement! {
    Give { id: String as Text, channel: String as Text, user: String as Text, emoji: String as Text, now: i64 as BigInt }
    -> (Text) = "
        INSERT INTO reactions (user_id, post_id, emoji_name, created_at, updated_at, deleted_at, channel_id)
        VALUES ($3, $1, $4, $5, $5, 0, $2)
        ON CONFLICT (user_id, post_id, emoji_name) DO UPDATE SET updated_at = $5, deleted_at = 0, channel_id = $2
        RETURNING post_id"
}

statement! {
    IsGiven { id: String as Text, emoji: String as Text } -> (Bool) = "
        SELECT EXISTS (SELECT 1 FROM reactions WHERE post_id = $1 AND emoji_name = $2 AND deleted_at = 0)"
}

statement! {
    CountGiven { id: String as Text } -> (BigInt) = "
        SELECT count(DISTINCT emoji_name) FROM reactions WHERE post_id = $1 AND deleted_at = 0"
}

statement! {
    Show { id: String as Text, now: i64 as BigInt } -> (Text) = "
        UPDATE posts SET has_reactions = TRUE, updated_at = $2 WHERE id = $1 RETURNING id"
}

statement! {
    Page { channel: String as Text, before: i64 as BigInt }
    -> (Text, Nullable<BigInt>, Nullable<Text>, Nullable<Text>, Nullable<Bool>, Nullable<BigInt>) = "
        SELECT id, created_at, user_id, message, has_reactions, (
            SELECT count(*) FROM posts AS answer
            WHERE answer.root_id = CASE post.root_id WHEN '' THEN post.id ELSE post.root_id END AND answer.deleted_at = 0
        )
        FROM posts AS post
        WHERE channel_id = $1 AND deleted_at = 0 AND created_at < $2
        ORDER BY created_at DESC LIMIT 50"
}

statement! {
    Reactions { posts: Vec<String> as Array<Text> } -> (Text, Text, Text, Nullable<BigInt>) = "
        SELECT user_id, post_id, emoji_name, created_at FROM reactions
        WHERE post_id = ANY($1) AND coalesce(deleted_at, 0) = 0 ORDER BY created_at"
}

statement! {
    Users { ids: Vec<String> as Array<Text> } -> (Text, Nullable<Text>, Nullable<Text>, Nullable<BigInt>) = "
        SELECT id, username, nickname, picture_at FROM users WHERE id = ANY($1)"
}

statement! {
    Statuses { ids: Vec<String> as Array<Text> }
    -> (Text, Nullable<Text>, Nullable<Bool>, Nullable<BigInt>, Nullable<BigInt>, Nullable<Text>) = "
        SELECT user_id, status, is_manual, last_activity_at, dnd_end_time, previous_status FROM status
        WHERE user_id = ANY($1)"
}

statement! {
    Channels { user: String as Text }
    -> (
        Text, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<Text>, Nullable<Text>, Nullable<Text>,
        Nullable<Text>, Nullable<Text>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<Text>,
    ) = "
        SELECT channels.* FROM channels, channel_members
        WHERE channels.id = channel_members.channel_id AND channel_members.user_id = $1 AND channels.deleted_at = 0
        ORDER BY display_name"
}

statement! {
    Memberships { user: String as Text }
    -> (
        Text, Text, Nullable<Text>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>,
        Nullable<BigInt>, Nullable<Text>, Nullable<BigInt>, Nullable<Bool>, Nullable<Bool>, Nullable<Bool>, Nullable<Text>,
        Nullable<Text>,
    ) = "
        SELECT member.channel_id, member.user_id, member.roles, last_viewed_at, read_posts, read_root_posts, mention_count,
            root_mention_count, urgent_mention_count, notify_props::text, member.updated_at, is_user, is_admin, is_guest,
            of_channel.user_role, of_team.user_role
        FROM channel_members AS member
        INNER JOIN channels ON member.channel_id = channels.id
        LEFT JOIN schemes AS of_channel ON channels.scheme_id = of_channel.id
        LEFT JOIN teams ON channels.team_id = teams.id
        LEFT JOIN schemes AS of_team ON teams.scheme_id = of_team.id
        WHERE member.user_id = $1 AND channels.deleted_at = 0"
}

statement! {
    Badge { user: String as Text } -> (Nullable<Text>) = "
        SELECT sum(CASE channels.kind WHEN 'D' THEN channels.total_posts - read_posts ELSE mention_count END)::text
        FROM channels INNER JOIN channel_members ON channels.id = channel_members.channel_id
        WHERE channel_members.user_id = $1 AND channels.deleted_at = 0"
}

statement! {
    Session { token: String as Text }
    -> (Text, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<Text>, Nullable<Text>, Nullable<Text>) = "
        SELECT id, created_at, expires_at, last_activity_at, user_id, device_id, props::text
        FROM sessions WHERE token = $1 OR id = $1 LIMIT 1"
}

statement! {
    Search { user: String as Text, word: String as Text } -> (Text, Nullable<Text>, Nullable<BigInt>) = "
        SELECT id, message, created_at FROM posts
        WHERE deleted_at = 0 AND kind NOT LIKE 'system\\_%'
            AND channel_id IN (
                SELECT channels.id FROM channels, channel_members
                WHERE channels.id = channel_members.channel_id AND channel_members.user_id = $1 AND channels.deleted_at = 0
            )
            AND to_tsvector('english', message) @@ to_tsquery('english', $2)
        ORDER BY created_at DESC LIMIT 50"
}

type Words = Option<String>;
type Number = Option<i64>;
type Flag = Option<bool>;
type Channel =
    (String, Number, Number, Number, Words, Words, Words, Words, Words, Number, Number, Number, Number, Words);
type Membership = (
    String,
    String,
    Words,
    Number,
    Number,
    Number,
    Number,
    Number,
    Number,
    Words,
    Number,
    Flag,
    Flag,
    Flag,
    Words,
    Words,
);

/// A post, and its channel, by their keys there.
pub type Post = (String, String);

/// What something is called there; the same as `key_of` of the SQL file.
fn key(thing: Uuid) -> String {
    thing.simple().to_string().split_off(6)
}

/// The key of a new post. It begins with what is random, so that it lies anywhere in an index, as there.
fn fresh() -> String {
    key(Uuid::now_v7()).chars().rev().collect()
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

pub fn send(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    let (channel, user) = (key(chat.as_uuid()), key(sender.as_uuid()));
    let send = Send { id: fresh(), channel, user, words, now: now() };
    send.get_result::<(i64,)>(conn).unwrap();
}

pub fn send_in_transaction(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    in_transaction(conn, |conn| {
        insert(conn, chat, sender, words);
        count(conn, chat);
        mark_read(conn, chat, sender);
    });
}

pub fn send_as_issued(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    in_transaction(conn, |conn| insert(conn, chat, sender, words));
    count(conn, chat);
    mark_read(conn, chat, sender);
}

fn insert(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: String) {
    let (channel, user) = (key(chat.as_uuid()), key(sender.as_uuid()));
    Insert { id: fresh(), channel, user, words, now: now() }.get_result::<(String,)>(conn).unwrap();
}

fn count(conn: &mut PgConnection, chat: ChatId) {
    Count { channel: key(chat.as_uuid()), now: now() }.get_result::<(Number,)>(conn).unwrap();
}

pub fn mark_read(conn: &mut PgConnection, chat: ChatId, user: UserId) {
    let read = MarkRead { channel: key(chat.as_uuid()), user: key(user.as_uuid()) };
    read.get_result::<(Number,)>(conn).unwrap();
}

/// They read first what is unread, and mark it then.
pub fn mark_read_as_issued(conn: &mut PgConnection, chat: ChatId, user: UserId) {
    type Found = (String, Words, Number, Number, Number, Number, Words, Number);
    let unread = Unread { channel: key(chat.as_uuid()), user: key(user.as_uuid()) };
    unread.get_result::<Found>(conn).unwrap();
    mark_read(conn, chat, user);
}

pub fn presence(conn: &mut PgConnection, user: UserId) {
    Presence { user: key(user.as_uuid()), now: now() }.get_result::<(String,)>(conn).unwrap();
}

/// Some posts to edit and to react to.
pub fn some(conn: &mut PgConnection, of: &[ChatId]) -> Vec<Post> {
    let channels: Vec<_> = of.iter().map(|chat| key(chat.as_uuid())).collect();
    diesel::sql_query("SELECT id, channel_id FROM posts WHERE channel_id = ANY($1) AND deleted_at = 0")
        .bind::<Array<Text>, _>(channels)
        .load::<Row>(conn)
        .unwrap()
        .into_iter()
        .map(|row| (row.id, row.channel_id))
        .collect()
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    channel_id: String,
}

pub fn edit(conn: &mut PgConnection, (id, _): &Post, words: String) {
    let edit = Edit { id: id.clone(), kept: fresh(), words, now: now() };
    edit.get_result::<(Words,)>(conn).unwrap();
}

pub fn edit_as_issued(conn: &mut PgConnection, (id, channel): &Post, words: String) {
    let now = now();
    let (original, created_at, user, former) = get(conn, id);
    Change { id: id.clone(), words, now }.get_result::<(String,)>(conn).unwrap();
    Touch { channel: channel.clone(), now }.get_result::<(String,)>(conn).optional().unwrap();
    let channel = channel.clone();
    let keep = Keep { id: fresh(), created_at, now, user, channel, original, words: former };
    keep.get_result::<(String,)>(conn).unwrap();
}

pub fn react(conn: &mut PgConnection, (id, channel): &Post, user: UserId, emoji: &str) {
    let (id, channel, user) = (id.clone(), channel.clone(), key(user.as_uuid()));
    let react = React { id, channel, user, emoji: emoji.to_owned(), now: now() };
    react.get_result::<(String,)>(conn).unwrap();
}

/// They read the post, whether it has this emoji, and when it has not, how many emojis it has, and give it then.
pub fn react_as_issued(conn: &mut PgConnection, (id, channel): &Post, user: UserId, emoji: &str) {
    let (channel, user, emoji, now) = (channel.clone(), key(user.as_uuid()), emoji.to_owned(), now());
    get(conn, id);
    let (is_given,) = IsGiven { id: id.clone(), emoji: emoji.clone() }.get_result::<(bool,)>(conn).unwrap();
    if !is_given {
        CountGiven { id: id.clone() }.get_result::<(i64,)>(conn).unwrap();
    }
    in_transaction(conn, |conn| {
        Give { id: id.clone(), channel, user, emoji, now }.get_result::<(String,)>(conn).unwrap();
        Show { id: id.clone(), now }.get_result::<(String,)>(conn).unwrap();
    });
}

fn get(conn: &mut PgConnection, id: &str) -> (String, Number, Words, Words) {
    Get { id: id.to_owned() }.get_result(conn).unwrap()
}

/// A page with its reactions; and the users who wrote it and whether they are there, unless the device knows them.
pub fn page(conn: &mut PgConnection, chat: ChatId, before: i64, with_users: bool) {
    type Entry = (String, Number, Words, Words, Flag, Number);
    let page = Page { channel: key(chat.as_uuid()), before }.load::<Entry>(conn).unwrap();
    let with_reactions = page.iter().filter(|post| post.4 == Some(true)).map(|post| post.0.clone()).collect();
    Reactions { posts: with_reactions }.load::<(String, String, String, Number)>(conn).unwrap();
    if with_users {
        let mut ids: Vec<_> = page.into_iter().filter_map(|post| post.2).collect();
        ids.sort_unstable();
        ids.dedup();
        users(conn, ids);
    }
}

fn users(conn: &mut PgConnection, ids: Vec<String>) {
    Users { ids: ids.clone() }.load::<(String, Words, Words, Number)>(conn).unwrap();
    Statuses { ids }.load::<(String, Words, Flag, Number, Number, Words)>(conn).unwrap();
}

/// The channels, and the users whose names are those of direct ones.
pub fn inbox(conn: &mut PgConnection, user: UserId, others: &[UserId]) -> usize {
    let user = key(user.as_uuid());
    Memberships { user: user.clone() }.load::<Membership>(conn).unwrap();
    let channels = Channels { user }.load::<Channel>(conn).unwrap().len();
    users(conn, others.iter().map(|other| key(other.as_uuid())).collect());
    channels
}

pub fn badge(conn: &mut PgConnection, user: UserId) {
    Badge { user: key(user.as_uuid()) }.get_result::<(Words,)>(conn).unwrap();
}

/// There, each user has a session whose token is the user's key.
pub fn session(conn: &mut PgConnection, user: UserId) {
    type Found = (String, Number, Number, Number, Words, Words, Words);
    Session { token: key(user.as_uuid()) }.get_result::<Found>(conn).unwrap();
}

pub fn search(conn: &mut PgConnection, user: UserId, word: &str) {
    let search = Search { user: key(user.as_uuid()), word: word.to_owned() };
    search.load::<(String, Words, Number)>(conn).unwrap();
}

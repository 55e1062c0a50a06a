//! What a search index could be on: the words of all messages, with or without the chat beside them, computed or stored; or
//! the words of each chat for themselves.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Uuid as SqlUuid};
use messenger_db::ids::{ChatId, UserId};
use uuid::Uuid;

use super::measure::statement;

/// A candidate.
pub struct Candidate {
    /// What it is called, and its database.
    pub name: &'static str,
    /// What makes it from the schema as it is.
    pub sql: &'static [&'static str],
    /// Searches a user's chats.
    pub all: fn(&mut PgConnection, UserId, &str),
    /// Searches one chat.
    pub in_chat: fn(&mut PgConnection, ChatId, UserId, &str),
}

const STORE: &str =
    "ALTER TABLE messages ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('english', content)) STORED";

/// All of them.
pub const CANDIDATES: [Candidate; 5] = [
    Candidate {
        name: "expression",
        sql: &[
            "DROP INDEX messages_chat_words_idx",
            "CREATE INDEX messages_search_idx ON messages USING gin (to_tsvector('english', content)) \
             WITH (fastupdate = off) WHERE content IS NOT NULL",
        ],
        all: all_computed,
        in_chat: in_chat_computed,
    },
    Candidate {
        name: "stored",
        sql: &[
            "DROP INDEX messages_chat_words_idx",
            STORE,
            "CREATE INDEX messages_search_idx ON messages USING gin (words) \
             WITH (fastupdate = off) WHERE content IS NOT NULL",
        ],
        all: all_stored,
        in_chat: in_chat_stored,
    },
    Candidate {
        name: "chat_expression",
        sql: &[
            "DROP INDEX messages_chat_words_idx",
            "CREATE INDEX messages_search_idx ON messages USING gin (chat_id, to_tsvector('english', content)) \
             WITH (fastupdate = off) WHERE content IS NOT NULL",
        ],
        all: all_computed,
        in_chat: in_chat_computed,
    },
    Candidate {
        name: "chat_stored",
        sql: &[
            "DROP INDEX messages_chat_words_idx",
            STORE,
            "CREATE INDEX messages_search_idx ON messages USING gin (chat_id, words) \
             WITH (fastupdate = off) WHERE content IS NOT NULL",
        ],
        all: all_stored,
        in_chat: in_chat_stored,
    },
    Candidate {
        name: "chat_words",
        // Made anew like the others, so that it is as compact.
        sql: &["REINDEX INDEX messages_chat_words_idx"],
        all: all_of_chat,
        in_chat: in_chat_of_chat,
    },
];

macro_rules! all {
    ($words:literal) => {
        concat!(
            "SELECT message.chat_id, message.seq, message.content FROM messages AS message \
             INNER JOIN chat_participants AS member ON message.chat_id = member.chat_id \
             WHERE member.user_id = $1 AND member.left_at IS NULL AND message.content IS NOT NULL \
             AND message.kind <> 'system' AND ",
            $words,
            " @@ websearch_to_tsquery('english', $2) \
             ORDER BY message.created_at DESC, message.chat_id DESC, message.seq DESC LIMIT 50"
        )
    };
}

macro_rules! in_chat {
    ($words:literal) => {
        concat!(
            "SELECT message.chat_id, message.seq, message.content FROM messages AS message \
             WHERE message.chat_id = $1 AND message.content IS NOT NULL AND message.kind <> 'system' AND ",
            $words,
            " @@ websearch_to_tsquery('english', $3) AND EXISTS (SELECT FROM chat_participants \
             WHERE chat_id = $1 AND user_id = $2 AND left_at IS NULL) \
             ORDER BY message.seq DESC LIMIT 50"
        )
    };
}

statement! {
    AllComputed { user: Uuid as SqlUuid, query: String as Text } -> (SqlUuid, BigInt, Nullable<Text>) =
        all!("to_tsvector('english', message.content)")
}

statement! {
    AllStored { user: Uuid as SqlUuid, query: String as Text } -> (SqlUuid, BigInt, Nullable<Text>) =
        all!("message.words")
}

statement! {
    InChatComputed { chat: Uuid as SqlUuid, user: Uuid as SqlUuid, query: String as Text } ->
        (SqlUuid, BigInt, Nullable<Text>) = in_chat!("to_tsvector('english', message.content)")
}

statement! {
    InChatStored { chat: Uuid as SqlUuid, user: Uuid as SqlUuid, query: String as Text } ->
        (SqlUuid, BigInt, Nullable<Text>) = in_chat!("message.words")
}

statement! {
    AllOfChat { user: Uuid as SqlUuid, query: String as Text } -> (SqlUuid, BigInt, Nullable<Text>) =
        "WITH sought AS MATERIALIZED (SELECT * FROM search_query($2)) \
         SELECT message.chat_id, message.seq, message.content \
         FROM sought CROSS JOIN LATERAL ( \
             SELECT * FROM chat_participants AS member CROSS JOIN LATERAL ( \
                 SELECT chat_id AS found_in, seq, content, kind, created_at FROM messages \
                 WHERE chat_words(chat_id, search_words(search_text(content))) \
                     @@ chat_query(member.chat_id, sought.pattern) \
                 OFFSET 0 \
             ) AS found \
             WHERE member.user_id = $1 AND member.left_at IS NULL AND found.found_in = member.chat_id \
             AND found.kind <> 'system' \
             ORDER BY found.created_at DESC, found.found_in DESC, found.seq DESC OFFSET 0 \
         ) AS message \
         WHERE sought.is_exact \
             OR search_finds(message.content, sought.parts, sought.excluded, sought.literal) \
         LIMIT 50"
}

statement! {
    InChatOfChat { chat: Uuid as SqlUuid, user: Uuid as SqlUuid, query: String as Text } ->
        (SqlUuid, BigInt, Nullable<Text>) =
        "WITH sought AS MATERIALIZED (SELECT * FROM search_query($3)) \
         SELECT message.chat_id, message.seq, message.content \
         FROM sought CROSS JOIN LATERAL ( \
             SELECT * FROM ( \
                 SELECT chat_id, seq, content, kind FROM messages \
                 WHERE chat_words(chat_id, search_words(search_text(content))) @@ chat_query($1, sought.pattern) \
                 OFFSET 0 \
             ) AS found \
             WHERE found.chat_id = $1 AND found.kind <> 'system' ORDER BY found.seq DESC OFFSET 0 \
         ) AS message \
         WHERE (sought.is_exact \
             OR search_finds(message.content, sought.parts, sought.excluded, sought.literal)) \
         AND EXISTS (SELECT FROM chat_participants WHERE chat_id = $1 AND user_id = $2 AND left_at IS NULL) \
         LIMIT 50"
}

type Hit = (Uuid, i64, Option<String>);

fn all_computed(conn: &mut PgConnection, user: UserId, query: &str) {
    AllComputed { user: user.as_uuid(), query: query.to_owned() }.load::<Hit>(conn).unwrap();
}

fn all_stored(conn: &mut PgConnection, user: UserId, query: &str) {
    AllStored { user: user.as_uuid(), query: query.to_owned() }.load::<Hit>(conn).unwrap();
}

fn in_chat_computed(conn: &mut PgConnection, chat: ChatId, user: UserId, query: &str) {
    let (chat, user) = (chat.as_uuid(), user.as_uuid());
    InChatComputed { chat, user, query: query.to_owned() }.load::<Hit>(conn).unwrap();
}

fn in_chat_stored(conn: &mut PgConnection, chat: ChatId, user: UserId, query: &str) {
    let (chat, user) = (chat.as_uuid(), user.as_uuid());
    InChatStored { chat, user, query: query.to_owned() }.load::<Hit>(conn).unwrap();
}

fn all_of_chat(conn: &mut PgConnection, user: UserId, query: &str) {
    AllOfChat { user: user.as_uuid(), query: query.to_owned() }.load::<Hit>(conn).unwrap();
}

fn in_chat_of_chat(conn: &mut PgConnection, chat: ChatId, user: UserId, query: &str) {
    let (chat, user) = (chat.as_uuid(), user.as_uuid());
    InChatOfChat { chat, user, query: query.to_owned() }.load::<Hit>(conn).unwrap();
}

//! What a search index could be on: the words of all messages, with or without the chat beside them, computed or stored; or
//! the words of each chat for themselves, of each message or of many together.

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

/// One row for so many messages of a chat, with the words of all of them, written by the send that fills it. The newest
/// messages, of which there are fewer, are read.
macro_rules! blocks {
    ($messages:literal) => {
        [
            "DROP INDEX messages_chat_words_idx",
            "CREATE TABLE message_blocks (chat_id uuid, block bigint, words tsvector NOT NULL, until timestamptz NOT NULL, \
             PRIMARY KEY (chat_id, block))",
            concat!(
                "INSERT INTO message_blocks SELECT chat_id, seq / ",
                $messages,
                ", chat_words(chat_id, search_words(coalesce(string_agg(search_text(content), ' '), ''))), max(created_at) \
                 FROM messages GROUP BY chat_id, seq / ",
                $messages,
                " HAVING max(seq) % ",
                $messages,
                " = ",
                $messages,
                " - 1"
            ),
            "CREATE INDEX message_blocks_words_idx ON message_blocks USING gin (words) WITH (fastupdate = off)",
            concat!(
                "CREATE FUNCTION fill_block() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 INSERT INTO message_blocks SELECT NEW.chat_id, NEW.seq / ",
                $messages,
                ", chat_words(NEW.chat_id, search_words(coalesce(string_agg(search_text(content), ' '), ''))), \
                 NEW.created_at FROM messages WHERE chat_id = NEW.chat_id AND seq BETWEEN NEW.seq - ",
                $messages,
                " + 1 AND NEW.seq; RETURN NULL; END $$"
            ),
            concat!(
                "CREATE TRIGGER fill AFTER INSERT ON messages FOR EACH ROW WHEN (NEW.seq % ",
                $messages,
                " = ",
                $messages,
                " - 1) EXECUTE FUNCTION fill_block()"
            ),
            "VACUUM ANALYZE message_blocks",
        ]
    };
}

/// All of them.
pub const CANDIDATES: [Candidate; 7] = [
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
    Candidate {
        name: "blocks_32",
        sql: &blocks!("32"),
        all: |conn, user, query| all_in_blocks(conn, AllInBlocks32 { user: user.as_uuid(), query: query.to_owned() }),
        in_chat: |conn, chat, user, query| {
            let (chat, user) = (chat.as_uuid(), user.as_uuid());
            all_in_blocks(conn, InChatInBlocks32 { chat, user, query: query.to_owned() });
        },
    },
    Candidate {
        name: "blocks_128",
        sql: &blocks!("128"),
        all: |conn, user, query| all_in_blocks(conn, AllInBlocks128 { user: user.as_uuid(), query: query.to_owned() }),
        in_chat: |conn, chat, user, query| {
            let (chat, user) = (chat.as_uuid(), user.as_uuid());
            all_in_blocks(conn, InChatInBlocks128 { chat, user, query: query.to_owned() });
        },
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

/// The blocks that have the words, the newest first, and their messages that have them. With several chats, the messages are
/// in the order of their blocks: what it would cost to order them all is not in it.
macro_rules! in_blocks {
    ($name:ident { $($field:ident: $rust:ty as $sql:ty),+ }, $messages:literal, $query:literal, $chats:literal) => {
        statement! {
            $name { $($field: $rust as $sql),+ } -> (SqlUuid, BigInt, Nullable<Text>) = concat!(
                "WITH sought AS MATERIALIZED (SELECT * FROM search_query(",
                $query,
                ")), member AS MATERIALIZED (SELECT chat_id FROM chat_participants AS own WHERE own.left_at IS NULL AND ",
                $chats,
                "), block AS MATERIALIZED ( \
                 SELECT found.chat_id, found.block, found.until FROM sought CROSS JOIN member CROSS JOIN LATERAL ( \
                     SELECT * FROM message_blocks WHERE words @@ chat_query(member.chat_id, sought.pattern) OFFSET 0 \
                 ) AS found WHERE found.chat_id = member.chat_id \
                 UNION ALL SELECT head.chat_id, head.last_seq / ",
                $messages,
                ", 'infinity' FROM member INNER JOIN chat_heads AS head ON head.chat_id = member.chat_id) \
                 SELECT message.chat_id, message.seq, message.content \
                 FROM sought CROSS JOIN (SELECT * FROM block ORDER BY until DESC OFFSET 0) AS block CROSS JOIN LATERAL ( \
                     SELECT * FROM messages WHERE messages.chat_id = block.chat_id AND messages.seq BETWEEN block.block * ",
                $messages,
                " AND block.block * ",
                $messages,
                " + ",
                $messages,
                " - 1 ORDER BY seq DESC OFFSET 0 \
                 ) AS message \
                 WHERE message.content IS NOT NULL AND message.kind <> 'system' \
                 AND chat_words(message.chat_id, search_words(search_text(message.content))) \
                     @@ chat_query(message.chat_id, sought.pattern) \
                 AND (sought.is_exact OR search_finds(message.content, sought.parts, sought.excluded, sought.literal)) \
                 LIMIT 50"
            )
        }
    };
}

in_blocks!(AllInBlocks32 { user: Uuid as SqlUuid, query: String as Text }, "32", "$2", "own.user_id = $1");
in_blocks!(AllInBlocks128 { user: Uuid as SqlUuid, query: String as Text }, "128", "$2", "own.user_id = $1");
in_blocks!(
    InChatInBlocks32 { chat: Uuid as SqlUuid, user: Uuid as SqlUuid, query: String as Text },
    "32",
    "$3",
    "own.chat_id = $1 AND own.user_id = $2"
);
in_blocks!(
    InChatInBlocks128 { chat: Uuid as SqlUuid, user: Uuid as SqlUuid, query: String as Text },
    "128",
    "$3",
    "own.chat_id = $1 AND own.user_id = $2"
);

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

fn all_in_blocks<'q, Q>(conn: &mut PgConnection, query: Q)
where
    Q: diesel::query_dsl::LoadQuery<'q, PgConnection, Hit>,
{
    query.load::<Hit>(conn).unwrap();
}

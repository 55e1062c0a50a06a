//! The statements of an import chat by chat: where the database is distributed by chat, each is carried out by one server. On one
//! server, those for all chats of a batch are seven times as fast.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz};

use super::super::functions::clock_timestamp;
use super::super::statement::statement;
use super::number::Heads;
use crate::ids::{ChatId, MessageId, sql_types as sql};
use crate::schema::chat_heads;
use crate::seq::Seq;

statement! {
    /// Moves the head of a chat to the message of this number, from the one before.
    MoveHead { chat_id: ChatId as sql::ChatId, last: Seq as BigInt, before: Seq as BigInt } -> (BigInt) = "heads.sql"
}

statement! {
    /// Says that the lists of chats of the members of a chat change, where the database keeps them by user.
    MarkInbox { chat_id: ChatId as sql::ChatId } -> (BigInt) = "mark_inbox.sql"
}

statement! {
    /// Locks the positions of all members of a chat.
    LockPositions { chat_id: ChatId as sql::ChatId } -> (BigInt) = "lock_positions.sql"
}

statement! {
    /// What members received and had not read is read.
    ReadRuns { chat_id: ChatId as sql::ChatId, last: Seq as BigInt, read_at: DateTime<Utc> as Timestamptz } -> (BigInt) = "read_runs.sql"
}

statement! {
    /// What members had not received is received and read.
    AddRuns { chat_id: ChatId as sql::ChatId, last: Seq as BigInt, read_at: DateTime<Utc> as Timestamptz } -> (BigInt) = "add_runs.sql"
}

statement! {
    /// Moves the positions of all members of a chat to its head.
    MovePositions { chat_id: ChatId as sql::ChatId, last: Seq as BigInt } -> (BigInt) = "positions.sql"
}

statement! {
    /// The seqs of the messages that are in a chat already, each once.
    Known { chat_id: ChatId as sql::ChatId, ids: Vec<MessageId> as Array<sql::MessageId> } -> (sql::MessageId, BigInt) = "known.sql"
}

/// Locks the heads of these chats, in the order given, and gives them.
pub(super) fn lock_heads(conn: &mut PgConnection, chats: &[ChatId]) -> QueryResult<Heads> {
    let (mut seqs, mut versions) = Heads::default();
    for &chat_id in chats {
        let (seq, version) = chat_heads::table
            .filter(chat_heads::chat_id.eq(chat_id))
            .select((chat_heads::last_seq, chat_heads::version))
            .for_no_key_update()
            .first(conn)?;
        seqs.insert(chat_id, seq);
        versions.insert(chat_id, version);
    }
    Ok((seqs, versions))
}

/// Which of these messages are in their chats already, and where.
pub(super) fn known(
    conn: &mut PgConnection,
    ids: HashMap<ChatId, Vec<MessageId>>,
) -> QueryResult<HashMap<(ChatId, MessageId), Seq>> {
    let mut known = HashMap::new();
    for (chat_id, ids) in ids {
        let found = Known { chat_id, ids }.load::<(MessageId, Seq)>(conn)?;
        known.extend(found.into_iter().map(|(id, seq)| ((chat_id, id), seq)));
    }
    Ok(known)
}

/// Moves the heads of chats, each from a message to another, and says that the lists of their members change.
pub(super) fn move_heads(conn: &mut PgConnection, heads: &[(ChatId, Seq, Seq)]) -> QueryResult<()> {
    for &(chat_id, before, last) in heads {
        MoveHead { chat_id, last, before }.execute(conn)?;
        MarkInbox { chat_id }.execute(conn)?;
    }
    Ok(())
}

/// Moves the positions in these chats to these heads: one time for all, after whatever was received before.
pub(super) fn move_positions(conn: &mut PgConnection, heads: &[(ChatId, Seq, Seq)]) -> QueryResult<()> {
    for &(chat_id, ..) in heads {
        LockPositions { chat_id }.execute(conn)?;
    }
    let read_at = diesel::select(clock_timestamp()).get_result::<DateTime<Utc>>(conn)?;
    for &(chat_id, _, last) in heads {
        ReadRuns { chat_id, last, read_at }.execute(conn)?;
        AddRuns { chat_id, last, read_at }.execute(conn)?;
        MovePositions { chat_id, last }.execute(conn)?;
    }
    Ok(())
}

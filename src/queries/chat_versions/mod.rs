//! Takes the next version of a chat, and logs what changed under it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};

use super::statement::statement;
use crate::enums::ChatChangeKind;
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::schema::sql_types::ChatChangeKind as ChatChangeKindSql;
use crate::seq::Seq;
use crate::version::Version;

statement! {
    /// The version and the time of a change.
    RecordChatChange {
        chat_id: ChatId as sql::ChatId,
        kind: ChatChangeKind as ChatChangeKindSql,
        message_seq: Option<Seq> as Nullable<BigInt>,
        user_id: Option<UserId> as Nullable<sql::UserId>,
    } -> (BigInt, Timestamptz) = "next.sql"
}

/// Logs a change of a chat, of this message or this user, and gives its version and its time.
///
/// Locks the head until the transaction ends, so that versions are committed in their order and times do not run
/// backwards. In the transaction of the change, after the locks of the chat and its participants.
pub(crate) fn next(
    conn: &mut PgConnection,
    chat_id: ChatId,
    kind: ChatChangeKind,
    message_seq: Option<Seq>,
    user_id: Option<UserId>,
) -> QueryResult<(Version, DateTime<Utc>)> {
    RecordChatChange { chat_id, kind, message_seq, user_id }.get_result(conn)
}

//! Removes chats that were deleted, whatever their size.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Timestamptz};

use super::BATCH;
use crate::ids::{ChatId, sql_types as sql};
use crate::queries::statement::statement;
use crate::queries::time;

statement! {
    PurgeChat {
        deleted_before: DateTime<Utc> as Timestamptz,
        batch: i64 as BigInt,
    } -> (Nullable<sql::ChatId>, BigInt, Bool) = "purge_chat.sql"
}

/// What a batch of a purge removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purge {
    /// From which chat.
    pub chat_id: ChatId,
    /// How many messages.
    pub messages: i64,
    /// Whether nothing of the chat is left.
    pub is_gone: bool,
}

/// Removes a part of a chat that was deleted before a time, and in the end the chat: the one that was deleted first. `None`:
/// there is none, or others are at them all. Call it until then.
///
/// Until it is purged, a deleted group tells devices that were away how it ended; so the time is one that devices are usually
/// not away for, such as 30 days ago.
///
/// It is maintenance, on nobody's behalf. Several processes at once purge different chats.
///
/// One round trip, which is a transaction of its own: 100 messages at most, or 1,000 runs of receipts, or 1,000 rows of the log,
/// or 10 memberships. It locks the chat's row, and skips chats that are locked; then the head. Nobody writes to a deleted chat,
/// and so nobody waits. Indexes: `chats_deleted_idx`, `messages_pkey`, and the keys of what hangs from the chat.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use chrono::{TimeDelta, Utc};
/// use messenger_db::queries::retention;
///
/// while let Some(purge) = retention::purge_chat(conn, Utc::now() - TimeDelta::days(30))? {
///     println!("{} messages of {}", purge.messages, purge.chat_id);
/// }
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn purge_chat(conn: &mut PgConnection, deleted_before: DateTime<Utc>) -> QueryResult<Option<Purge>> {
    let purging = PurgeChat { deleted_before: time::storable(deleted_before), batch: BATCH };
    let (chat_id, messages, is_gone) = purging.get_result::<(Option<ChatId>, i64, bool)>(conn)?;
    Ok(chat_id.map(|chat_id| Purge { chat_id, messages, is_gone }))
}

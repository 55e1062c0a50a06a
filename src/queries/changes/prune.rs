//! Removes what is old from the logs of changes, in batches.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};

use super::super::statement::statement;
use super::super::time;
use crate::ids::{ChatId, UserId, sql_types as sql};

/// Where a run of pruning stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many rows the run has removed so far.
    pub removed: i64,
    after_chat: Option<ChatId>,
    after_user: Option<UserId>,
    chats_done: bool,
    /// Whether it is through.
    pub is_done: bool,
}

/// How many logs a batch looks at.
const BATCH: i64 = 200;

statement! {
    PruneChats {
        after: Option<ChatId> as Nullable<sql::ChatId>,
        before: DateTime<Utc> as Timestamptz,
        at_most: i64 as BigInt,
        batch: i64 as BigInt,
    } -> (Nullable<sql::ChatId>, BigInt) = "prune_chats.sql"
}

statement! {
    PruneUsers {
        after: Option<UserId> as Nullable<sql::UserId>,
        before: DateTime<Utc> as Timestamptz,
        at_most: i64 as BigInt,
        batch: i64 as BigInt,
    } -> (Nullable<sql::UserId>, BigInt) = "prune_users.sql"
}

/// Removes from the logs of changes what was logged before a time, and of each chat and each user all but the newest
/// `at_most` changes: one batch of a run, which begins with `Pruned::default()` and goes on until it
/// [is done](Pruned::is_done).
///
/// A device whose state is older than what is kept loads the chat, or everything, anew: so the time is longer than
/// devices are usually away, such as 30 days. Messages stay.
///
/// One round trip, which is a transaction of its own. It looks at 200 logs, locks the heads of those from which it removes
/// something, and so is to be short. Several runs at once do no harm. Indexes: `chat_changes_pkey`, `user_changes_pkey`.
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use chrono::{TimeDelta, Utc};
/// use messenger_db::queries::changes::{self, Pruned};
///
/// let mut pruned = Pruned::default();
/// while !pruned.is_done {
///     pruned = changes::prune(conn, pruned, Utc::now() - TimeDelta::days(30), 10_000)?;
/// }
/// assert_eq!(pruned.removed, 0);
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn prune(conn: &mut PgConnection, run: Pruned, before: DateTime<Utc>, at_most: u32) -> QueryResult<Pruned> {
    let (before, at_most, batch) = (time::storable(before), i64::from(at_most), BATCH);
    if !run.chats_done {
        let pruning = PruneChats { after: run.after_chat, before, at_most, batch };
        let (last, removed) = pruning.get_result::<(Option<ChatId>, i64)>(conn)?;
        return Ok(Pruned { removed: run.removed + removed, after_chat: last, chats_done: last.is_none(), ..run });
    }
    let pruning = PruneUsers { after: run.after_user, before, at_most, batch };
    let (last, removed) = pruning.get_result::<(Option<UserId>, i64)>(conn)?;
    Ok(Pruned { removed: run.removed + removed, after_user: last, is_done: last.is_none(), ..run })
}

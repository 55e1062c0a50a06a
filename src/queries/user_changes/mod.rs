//! Logs changes of users' own things, each under the next version of the user's own log.
//!
//! The counters of the logs are the last locks that an operation takes: after chats, heads, memberships and positions. An
//! operation logs for all users at once, or for one after the other in the order of their ids, or locks all of them before.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable};

use super::statement::statement;
use crate::enums::UserChangeKind;
use crate::ids::{ChatId, SessionId, UserId, sql_types as sql};
use crate::schema::sql_types::UserChangeKind as UserChangeKindSql;
use crate::version::Version;

statement! {
    /// The users and the versions of their logs.
    RecordUserChange {
        users: Vec<UserId> as Array<sql::UserId>,
        kind: UserChangeKind as UserChangeKindSql,
        chat_id: Option<ChatId> as Nullable<sql::ChatId>,
        other_id: Option<UserId> as Nullable<sql::UserId>,
        session_id: Option<SessionId> as Nullable<sql::SessionId>,
    } -> (sql::UserId, BigInt) = "record.sql"
}

statement! {
    Lock { users: Vec<UserId> as Array<sql::UserId> } -> (sql::UserId) = "lock.sql"
}

statement! {
    RecordProfileChange { user_id: UserId as sql::UserId, is_picture: bool as Bool } -> (Bool) = "profile.sql"
}

statement! {
    RecordUnblock { user_id: UserId as sql::UserId, other_id: UserId as sql::UserId } -> (Bool) = "unblock.sql"
}

/// What a change is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct About {
    pub chat: Option<ChatId>,
    pub other: Option<UserId>,
    pub session: Option<SessionId>,
}

impl About {
    /// About a chat.
    pub(crate) fn chat(chat_id: ChatId) -> Self {
        Self { chat: Some(chat_id), ..Self::default() }
    }

    /// About another user.
    pub(crate) fn other(other_id: UserId) -> Self {
        Self { other: Some(other_id), ..Self::default() }
    }

    /// About a session.
    #[allow(dead_code, reason = "for the operations that end sessions")]
    pub(crate) fn session(session_id: SessionId) -> Self {
        Self { session: Some(session_id), ..Self::default() }
    }
}

/// Locks the counters of some users, in the order of their ids, for an operation that logs more than one kind of change for
/// them.
pub(crate) fn lock(conn: &mut PgConnection, users: Vec<UserId>) -> QueryResult<()> {
    Lock { users }.execute(conn)?;
    Ok(())
}

/// Logs a change for some users, and gives the version of each one's log.
///
/// Locks the users' counters, in the order of their ids, until the transaction ends.
pub(crate) fn record(
    conn: &mut PgConnection,
    users: &[UserId],
    kind: UserChangeKind,
    about: About,
) -> QueryResult<Vec<(UserId, Version)>> {
    let About { chat: chat_id, other: other_id, session: session_id } = about;
    RecordUserChange { users: users.to_vec(), kind, chat_id, other_id, session_id }.load(conn)
}

/// Logs a change between two users, for each of them about the other.
pub(crate) fn record_pair(
    conn: &mut PgConnection,
    one: UserId,
    other: UserId,
    kind: UserChangeKind,
) -> QueryResult<()> {
    let (low, high) = (one.min(other), one.max(other));
    record(conn, &[low], kind, About::other(high))?;
    record(conn, &[high], kind, About::other(low))?;
    Ok(())
}

/// Logs another name or picture of a user: in each of their chats, for each of their contacts, and for themselves. Of no more
/// than another picture, those whom the user has blocked hear nothing.
///
/// Locks the heads of the chats in the order of their ids, then the counters.
pub(crate) fn record_profile(conn: &mut PgConnection, user_id: UserId, is_picture: bool) -> QueryResult<()> {
    RecordProfileChange { user_id, is_picture }.execute(conn)?;
    Ok(())
}

/// Logs that a user no longer blocks another: for the user, and for the other, who sees the user's picture again, if the two
/// are contacts or have a chat in common.
pub(crate) fn record_unblock(conn: &mut PgConnection, user_id: UserId, other_id: UserId) -> QueryResult<()> {
    RecordUnblock { user_id, other_id }.execute(conn)?;
    Ok(())
}

//! Ends sessions: revoked by their user, or purged after their time.

use diesel::prelude::*;
use diesel::sql_types::Nullable;

use crate::actor::Actor;
use crate::enums::UserChangeKind;
use crate::ids::{SessionId, UserId, sql_types};
use crate::models::UserSession;
use crate::queries::functions::transaction_start;
use crate::queries::statement::{Columns, statement};
use crate::queries::user_changes::{self, About};
use crate::schema::user_sessions;

statement! {
    /// The sessions that were ended.
    Revoke {
        user: UserId as sql_types::UserId,
        only: Option<SessionId> as Nullable<sql_types::SessionId>,
        but: Option<SessionId> as Nullable<sql_types::SessionId>,
    } -> (Columns<UserSession>,) = "revoke.sql"
}

/// Signs one of the user's devices out, and returns its session as it was ended, so that a socket it has open
/// (`connection_id`) can be closed. `None`: the user has no such active session, perhaps because it has just ended.
///
/// Where the device is reached by a notification is forgotten.
///
/// A transaction of two statements; locks the user's row, the session's, and the counter of the user's log, until it commits.
/// Indexes: `users_pkey`, `user_sessions_user_idx`, `user_sessions_pkey`, `push_tokens_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let bob = messenger_db::doctest::user(conn, "bob");
/// # use messenger_db::page::Limit;
/// # use messenger_db::queries::sessions::{self, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let session = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// assert_eq!(sessions::revoke(conn, bob, session.id)?, None);
/// assert!(sessions::revoke(conn, alice, session.id)?.is_some());
/// assert_eq!(sessions::revoke(conn, alice, session.id)?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn revoke(conn: &mut PgConnection, actor: Actor, session: SessionId) -> QueryResult<Option<UserSession>> {
    revoke_where(conn, actor.user_id(), Some(session), None).map(|mut ended| ended.pop())
}

/// Signs all of the user's devices out, and returns the sessions that were ended, so that the sockets they have open
/// can be closed; in no particular order.
///
/// A session that is being opened at the same moment may come after.
///
/// Where the devices are reached by a notification is forgotten.
///
/// A transaction of a statement and one for each session; locks the user's row, the sessions' in the order of their keys, and
/// then the counter of the user's log, until it commits. Indexes: `users_pkey`, `user_sessions_user_idx`, `user_sessions_pkey`,
/// `push_tokens_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::page::Limit;
/// # use messenger_db::queries::sessions::{self, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # for _ in 0..2 { sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?; }
/// assert_eq!(sessions::revoke_all(conn, alice)?.len(), 2);
/// assert_eq!(sessions::list(conn, alice, None, Limit::MAX)?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn revoke_all(conn: &mut PgConnection, actor: Actor) -> QueryResult<Vec<UserSession>> {
    revoke_where(conn, actor.user_id(), None, None)
}

/// Signs all of the user's devices out but this one, and returns the sessions that were ended, so that the sockets
/// they have open can be closed; in no particular order.
///
/// Where the devices are reached by a notification is forgotten.
///
/// A transaction of a statement and one for each session; locks the user's row, the sessions' in the order of their keys, and
/// then the counter of the user's log, until it commits. Indexes: `users_pkey`, `user_sessions_user_idx`, `user_sessions_pkey`,
/// `push_tokens_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::page::Limit;
/// # use messenger_db::queries::sessions::{self, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?;
/// # let this = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// assert_eq!(sessions::revoke_others(conn, alice, this.id)?.len(), 1);
/// assert_eq!(sessions::list(conn, alice, None, Limit::MAX)?, [this]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn revoke_others(conn: &mut PgConnection, actor: Actor, this: SessionId) -> QueryResult<Vec<UserSession>> {
    revoke_where(conn, actor.user_id(), None, Some(this))
}

/// Revokes active sessions of the user, this one or all, but for that one; and logs that they ended.
fn revoke_where(
    conn: &mut PgConnection,
    user: UserId,
    only: Option<SessionId>,
    but: Option<SessionId>,
) -> QueryResult<Vec<UserSession>> {
    conn.transaction(|conn| {
        let ended = end(conn, user, only, but)?;
        log_ended(conn, &ended)?;
        Ok(ended)
    })
}

/// Revokes all active sessions of the user; the caller [logs](log_ended) that they ended, last of all.
pub(in crate::queries) fn end_all(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<UserSession>> {
    end(conn, user, None, None)
}

fn end(
    conn: &mut PgConnection,
    user: UserId,
    only: Option<SessionId>,
    but: Option<SessionId>,
) -> QueryResult<Vec<UserSession>> {
    let ended: Vec<(UserSession,)> = Revoke { user, only, but }.load(conn)?;
    Ok(ended.into_iter().map(|(session,)| session).collect())
}

/// Logs for their user that these sessions ended.
pub(super) fn log_ended(conn: &mut PgConnection, ended: &[UserSession]) -> QueryResult<()> {
    for session in ended {
        user_changes::record(conn, &[session.user_id], UserChangeKind::SessionEnded, About::session(session.id))?;
    }
    Ok(())
}

/// Removes sessions whose time is over, the longest expired first, `batch` at most, and returns how many they were:
/// call it again until it returns fewer than `batch`. Sessions that were revoked stay until then, so that
/// [`authenticate`](super::authenticate) can tell that they were; those that ended because they were unused, too.
///
/// One statement; locks the sessions' rows until it commits, and skips those that are locked, so that several may
/// purge at once. Uses the index `user_sessions_expires_idx` and `user_sessions_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use messenger_db::queries::sessions;
///
/// while sessions::purge_expired(conn, 1000)? == 1000 {}
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn purge_expired(conn: &mut PgConnection, batch: u16) -> QueryResult<usize> {
    let expired = diesel::alias!(user_sessions as expired);
    let oldest = expired
        .filter(expired.field(user_sessions::expires_at).le(transaction_start()))
        .order((expired.field(user_sessions::expires_at), expired.field(user_sessions::id)))
        .limit(batch.into())
        .select(expired.field(user_sessions::id))
        .for_update()
        .skip_locked();
    diesel::delete(user_sessions::table.filter(user_sessions::id.eq_any(oldest))).execute(conn)
}

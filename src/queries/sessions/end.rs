//! Ends sessions: revoked by their user, or purged after their time.

use diesel::dsl::now;
use diesel::prelude::*;

use crate::actor::Actor;
use crate::ids::{SessionId, UserId};
use crate::models::UserSession;
use crate::schema::user_sessions;

/// Signs one of the user's devices out, and returns its session as it was ended, so that a socket it has open
/// (`connection_id`) can be closed. `None`: the user has no such active session, perhaps because it has just ended.
///
/// One statement; locks the session's row until it commits. Uses the index `user_sessions_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let bob = messenger_db::doctest::user(conn, "bob");
/// # use messenger_db::queries::sessions::{self, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let (_, session) = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?;
/// assert_eq!(sessions::revoke(conn, bob, session.id)?, None);
/// assert!(sessions::revoke(conn, alice, session.id)?.is_some());
/// assert_eq!(sessions::revoke(conn, alice, session.id)?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn revoke(conn: &mut PgConnection, actor: Actor, session: SessionId) -> QueryResult<Option<UserSession>> {
    let user = actor.user_id();
    diesel::update(user_sessions::table.find(session))
        .filter(user_sessions::user_id.eq(user))
        .filter(user_sessions::expires_at.gt(now).and(user_sessions::revoked_at.is_null()))
        .set(user_sessions::revoked_at.eq(now))
        .returning(UserSession::as_returning())
        .get_result(conn)
        .optional()
}

/// Signs all of the user's devices out, and returns the sessions that were ended, so that the sockets they have open
/// can be closed; in no particular order.
///
/// A session that is being opened at the same moment may come after.
///
/// One statement; locks the sessions' rows in the order of their keys until it commits. Rides
/// `user_sessions_user_idx` and `user_sessions_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::queries::sessions::{self, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # for _ in 0..2 { sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?; }
/// assert_eq!(sessions::revoke_all(conn, alice)?.len(), 2);
/// assert_eq!(sessions::all(conn, alice)?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn revoke_all(conn: &mut PgConnection, actor: Actor) -> QueryResult<Vec<UserSession>> {
    let user = actor.user_id();
    revoke_where(conn, user, &[])
}

/// Signs all of the user's devices out but this one, and returns the sessions that were ended, so that the sockets
/// they have open can be closed; in no particular order.
///
/// One statement; locks the sessions' rows in the order of their keys until it commits. Rides
/// `user_sessions_user_idx` and `user_sessions_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::queries::sessions::{self, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?;
/// # let (_, this) = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?;
/// assert_eq!(sessions::revoke_others(conn, alice, this.id)?.len(), 1);
/// assert_eq!(sessions::all(conn, alice)?, [this]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn revoke_others(conn: &mut PgConnection, actor: Actor, this: SessionId) -> QueryResult<Vec<UserSession>> {
    let user = actor.user_id();
    revoke_where(conn, user, &[this])
}

/// Revokes the user's active sessions, but for these.
fn revoke_where(conn: &mut PgConnection, user: UserId, but: &[SessionId]) -> QueryResult<Vec<UserSession>> {
    let active = diesel::alias!(user_sessions as active);
    let column = active.field(user_sessions::id);
    let in_order = active
        .filter(active.field(user_sessions::user_id).eq(user))
        .filter(active.field(user_sessions::expires_at).gt(now))
        .filter(active.field(user_sessions::revoked_at).is_null())
        .filter(column.ne_all(but))
        .order(column)
        .select(column)
        .for_no_key_update();
    diesel::update(user_sessions::table.filter(user_sessions::id.eq_any(in_order)))
        .set(user_sessions::revoked_at.eq(now))
        .returning(UserSession::as_returning())
        .get_results(conn)
}

/// Removes sessions whose time is over, the longest expired first, `batch` at most, and returns how many they were:
/// call it again until it returns fewer than `batch`. Sessions that were revoked stay until then, so that
/// [`authenticate`](super::authenticate) can tell that they were.
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
        .filter(expired.field(user_sessions::expires_at).le(now))
        .order(expired.field(user_sessions::expires_at))
        .limit(batch.into())
        .select(expired.field(user_sessions::id))
        .for_update()
        .skip_locked();
    diesel::delete(user_sessions::table.filter(user_sessions::id.eq_any(oldest))).execute(conn)
}

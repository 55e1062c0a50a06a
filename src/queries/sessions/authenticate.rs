//! Finds out who calls, by the token of a session, and notes that the session is used.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Timestamptz};

use super::SessionRefused;
use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{SessionId, UserId, sql_types};
use crate::models::UserSession;
use crate::queries::statement::{Columns, statement};
use crate::secrets::{SessionToken, TokenHash};

statement! {
    /// The session, whether it is active, and whether its time is to be moved.
    ByToken { token_hash: TokenHash as Binary } -> (Columns<UserSession>, Bool, Bool) = "authenticate.sql"
}

statement! {
    /// Whether this moved the time, and the time as it is now; nothing: the session is not active.
    Touch {
        id: SessionId as sql_types::SessionId,
        user: UserId as sql_types::UserId,
    } -> (Bool, Timestamptz) = "touch.sql"
}

/// Who calls, and on which device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// The user, as the operations take them.
    pub actor: Actor,
    /// The session that the token belongs to.
    pub session: UserSession,
}

/// Why a token was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticateRefused {
    /// No session has this token, or none any more.
    #[error("there is no such session")]
    Unknown,
    /// The session's time is over, or it was unused for too long.
    #[error("the session has expired")]
    Expired,
    /// The session was ended before its time.
    #[error("the session was ended")]
    Revoked,
}

refusals! { AuthenticateRefused {
    Unknown: Unauthenticated = "session_unknown",
    Expired: Unauthenticated = "session_expired",
    Revoked: Unauthenticated = "session_revoked",
} }

/// The active session that this token opened; who calls, in other words.
///
/// Moves `last_active_at` to now if that is a minute old, so that it moves once a minute at most however many requests
/// come at once.
///
/// One statement, without a lock; once a minute one more, a HOT update, which locks the session's row until it
/// commits. Indexes: `user_sessions_token_hash_key`, `user_sessions_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`Unknown`](AuthenticateRefused::Unknown): no session has this token, or none any more.
/// * [`Expired`](AuthenticateRefused::Expired): the session's time is over, or it was unused for too long.
/// * [`Revoked`](AuthenticateRefused::Revoked): the session was ended before its time.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::error::Error;
/// use messenger_db::queries::sessions::{self, AuthenticateRefused, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let token = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?.token;
/// # let cookie = token.expose();
///
/// let who = sessions::authenticate(conn, &cookie.parse()?)?;
/// assert_eq!(who.actor, alice);
///
/// sessions::revoke(conn, who.actor, who.session.id)?;
/// assert_eq!(
///     sessions::authenticate(conn, &cookie.parse()?),
///     Err(Error::Refused(AuthenticateRefused::Revoked)),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn authenticate(
    conn: &mut PgConnection,
    token: &SessionToken,
) -> Result<Authenticated, Error<AuthenticateRefused>> {
    let (mut session, is_active, is_due): (UserSession, bool, bool) = ByToken { token_hash: token.hash() }
        .get_result(conn)
        .optional()?
        .ok_or(Error::Refused(AuthenticateRefused::Unknown))?;
    if session.revoked_at.is_some() {
        return Err(Error::Refused(AuthenticateRefused::Revoked));
    }
    if !is_active {
        return Err(Error::Refused(AuthenticateRefused::Expired));
    }
    if is_due {
        // Of several at once the first moves it; the others wait for it, look again and find it moved.
        let touching = Touch { id: session.id, user: session.user_id };
        if let Some((true, moved)) = touching.get_result::<(bool, DateTime<Utc>)>(conn).optional()? {
            session.last_active_at = moved;
        }
    }
    Ok(Authenticated { actor: Actor::trusted(session.user_id), session })
}

/// Notes that a device is still there, for one that is connected for long and sends no requests: its session is used,
/// and does not end for being idle.
///
/// Moves `last_active_at` to now if that is a minute old, as [`authenticate`] does.
///
/// One statement, which locks the session's row until it commits if it moves the time. Index: `user_sessions_pkey`; the
/// update is HOT.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotActive`](SessionRefused::NotActive): the actor has no such session, or it is no longer active.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::error::Error;
/// use messenger_db::queries::sessions::{self, Device, SessionRefused};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let session = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?.session;
///
/// sessions::touch(conn, alice, session.id)?;
/// sessions::revoke(conn, alice, session.id)?;
/// assert_eq!(sessions::touch(conn, alice, session.id), Err(Error::Refused(SessionRefused::NotActive)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn touch(conn: &mut PgConnection, actor: Actor, session: SessionId) -> Result<(), Error<SessionRefused>> {
    let touching = Touch { id: session, user: actor.user_id() };
    let touched = touching.get_result::<(bool, DateTime<Utc>)>(conn).optional()?;
    touched.map(|_| ()).ok_or(Error::Refused(SessionRefused::NotActive))
}

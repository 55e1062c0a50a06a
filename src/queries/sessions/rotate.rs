//! Gives a session another token.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::Binary;

use super::SessionRefused;
use crate::actor::Actor;
use crate::error::Error;
use crate::ids::{SessionId, UserId, sql_types};
use crate::queries::statement::statement;
use crate::secrets::{SessionToken, TokenHash};

statement! {
    /// The session whose token it is now.
    Rotate {
        id: SessionId as sql_types::SessionId,
        user: UserId as sql_types::UserId,
        token_hash: TokenHash as Binary,
    } -> (sql_types::SessionId,) = "rotate.sql"
}

/// Gives a session another token, and returns it; the one that it had opens nothing from now on. The session goes on,
/// with its socket, its push token and the end it had.
///
/// A device whose answer is lost on the way has no token that is good, and signs in again.
///
/// One statement; locks the session's row until it commits. Index: `user_sessions_pkey`. The update is not HOT, because
/// the token's hash is indexed: rotate once a day rather than once a request.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotActive`](SessionRefused::NotActive): the actor has no such session, or it is no longer active.
///
/// That the operating system has no random numbers is reported as a
/// [`SerializationError`](DieselError::SerializationError).
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::error::Error;
/// use messenger_db::queries::sessions::{self, AuthenticateRefused, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let opened = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?;
///
/// let token = sessions::rotate(conn, alice, opened.session.id)?;
/// assert_eq!(sessions::authenticate(conn, &token)?.session.id, opened.session.id);
/// let former = sessions::authenticate(conn, &opened.token);
/// assert_eq!(former, Err(Error::Refused(AuthenticateRefused::Unknown)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rotate(
    conn: &mut PgConnection,
    actor: Actor,
    session: SessionId,
) -> Result<SessionToken, Error<SessionRefused>> {
    let token = SessionToken::generate().map_err(|error| DieselError::SerializationError(Box::new(error)))?;
    let rotating = Rotate { id: session, user: actor.user_id(), token_hash: token.hash() };
    let rotated = rotating.get_result::<(SessionId,)>(conn).optional()?;
    rotated.map(|_| token).ok_or(Error::Refused(SessionRefused::NotActive))
}

//! Notes which socket a session has open.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;

use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{SessionId, UserId};
use crate::queries::{atomic, nul_character};
use crate::schema::user_sessions;

/// Why a socket was not noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectRefused {
    /// The actor has no such session, or it is no longer active.
    #[error("there is no such session, or it has ended")]
    NotActive,
    /// The connection's id is empty, longer than 255 characters, or has a NUL in it.
    #[error("a connection's id has 1 to 255 characters, and no NUL")]
    ConnectionIdInvalid,
}

refusals! { ConnectRefused {
    NotActive: Unauthenticated = "session_not_active",
    ConnectionIdInvalid: Invalid = "connection_id_invalid" if "user_sessions_connection_id_check",
} }

/// Notes that the session has a socket open now, by the name that the gateway gave it. A socket that was noted before
/// is forgotten: the device connected anew before its old socket was found dead.
///
/// Presence is not touched: see [`set_presence`](crate::queries::accounts::set_presence).
///
/// One statement; locks the session's row until it commits. Uses the index `user_sessions_pkey` and is a HOT update.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotActive`](ConnectRefused::NotActive): the actor has no such session, or it is no longer active.
/// * [`ConnectionIdInvalid`](ConnectRefused::ConnectionIdInvalid): the connection's id is empty, longer than 255
///   characters, or has a NUL in it.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::queries::sessions::{self, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let (_, session) = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?;
/// sessions::connect(conn, alice, session.id, "gateway-2/817")?;
/// assert_eq!(sessions::all(conn, alice)?[0].connection_id.as_deref(), Some("gateway-2/817"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn connect(
    conn: &mut PgConnection,
    actor: Actor,
    session: SessionId,
    connection_id: &str,
) -> Result<(), Error<ConnectRefused>> {
    if nul_character::in_any([Some(connection_id)]) {
        return Err(Error::Refused(ConnectRefused::ConnectionIdInvalid));
    }
    let active = user_sessions::expires_at.gt(now).and(user_sessions::revoked_at.is_null());
    let socket = (user_sessions::connection_id.eq(connection_id), user_sessions::connected_at.eq(now));
    let changed = atomic::statement(conn, |conn| {
        diesel::update(of_actor(actor, session)).filter(active).set(socket).execute(conn)
    })?;
    if changed == 0 { Err(Error::Refused(ConnectRefused::NotActive)) } else { Ok(()) }
}

/// Notes that this socket of the session is closed, and says whether it was the one that was noted as open: a device
/// that has connected anew keeps its new socket when the old one's end is noticed late.
///
/// One statement; locks the session's row until it commits. Uses the index `user_sessions_pkey` and is a HOT update. A
/// session that has ended meanwhile is changed all the same.
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
/// # let (_, session) = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?;
/// sessions::connect(conn, alice, session.id, "gateway-2/817")?;
/// sessions::connect(conn, alice, session.id, "gateway-5/44")?;
/// assert!(!sessions::disconnect(conn, alice, session.id, "gateway-2/817")?);
/// assert!(sessions::disconnect(conn, alice, session.id, "gateway-5/44")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn disconnect(conn: &mut PgConnection, actor: Actor, session: SessionId, connection_id: &str) -> QueryResult<bool> {
    if nul_character::in_any([Some(connection_id)]) {
        return Ok(false);
    }
    let changed = diesel::update(of_actor(actor, session))
        .filter(user_sessions::connection_id.eq(connection_id))
        .set((user_sessions::connection_id.eq(None::<&str>), user_sessions::connected_at.eq(None::<DateTime<Utc>>)))
        .execute(conn)?;
    Ok(changed > 0)
}

/// The session, if it is the actor's.
#[diesel::dsl::auto_type(no_type_alias)]
fn of_actor(actor: Actor, session: SessionId) -> _ {
    let user_id: UserId = actor.user_id();
    user_sessions::table.filter(user_sessions::id.eq(session)).filter(user_sessions::user_id.eq(user_id))
}

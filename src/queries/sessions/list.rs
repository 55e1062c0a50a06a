//! Lists the devices that a user is signed in on.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::actor::Actor;
use crate::cursor::{self, place};
use crate::ids::SessionId;
use crate::models::UserSession;
use crate::page::Limit;
use crate::queries::functions::session_is_active;
use crate::schema::user_sessions;

/// Where a page of devices ended, and the next begins.
pub type Cursor = cursor::Cursor<Place>;

place! {
    /// The last device of a page.
    #[derive(Copy)]
    Place = 7 { last_active_at: DateTime<Utc>, id: SessionId }
}

impl From<&UserSession> for Cursor {
    fn from(session: &UserSession) -> Self {
        Self::new(Place { last_active_at: session.last_active_at, id: session.id })
    }
}

/// The user's active sessions, which are the devices they are signed in on; the last active first.
///
/// `after` is the [cursor](Cursor) of the last device that the reader has. A device that is used meanwhile moves to the
/// front, and is not on a later page.
///
/// One statement, which locks nothing. Index: `user_sessions_user_idx`; its cost follows the number of the user's
/// sessions.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use chrono::TimeDelta;
/// use messenger_db::enums::DeviceType;
/// use messenger_db::page::Limit;
/// use messenger_db::queries::sessions::{self, Cursor, Device};
///
/// for kind in [DeviceType::Web, DeviceType::Ios] {
///     sessions::open(conn, alice.user_id(), &Device::new(kind), TimeDelta::days(30))?;
/// }
/// let page = sessions::list(conn, alice, None, Limit::new(1))?;
/// assert_eq!(page[0].device_type, DeviceType::Ios);
/// let next = sessions::list(conn, alice, Some(Cursor::from(&page[0])), Limit::new(1))?;
/// assert_eq!(next[0].device_type, DeviceType::Web);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list(
    conn: &mut PgConnection,
    actor: Actor,
    after: Option<Cursor>,
    limit: Limit,
) -> QueryResult<Vec<UserSession>> {
    let devices = user_sessions::table
        .filter(user_sessions::user_id.eq(actor.user_id()))
        .filter(session_is_active(
            user_sessions::revoked_at,
            user_sessions::expires_at,
            user_sessions::last_active_at,
            user_sessions::idle_timeout,
        ))
        .order((user_sessions::last_active_at.desc(), user_sessions::id.desc()))
        .limit(limit.get())
        .select(UserSession::as_select());
    let Some(&Place { last_active_at, id }) = after.as_ref().map(Cursor::place) else {
        return devices.load(conn);
    };
    let later = user_sessions::last_active_at
        .lt(last_active_at)
        .or(user_sessions::last_active_at.eq(last_active_at).and(user_sessions::id.lt(id)));
    devices.filter(later).load(conn)
}

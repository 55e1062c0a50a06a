//! Sessions, which are devices that are signed in: opening, authenticating, listing and ending sessions.
//!
//! A session is active from [`open`] until it expires or is revoked.

mod end;
mod socket;

pub use end::{purge_expired, revoke, revoke_all, revoke_others};
pub use socket::{ConnectRefused, connect, disconnect};

use chrono::TimeDelta;
use diesel::dsl::{IntervalDsl as _, now};
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Binary, Inet, Interval, Nullable, Text, Timestamptz};
use ipnet::IpNet;

use crate::actor::Actor;
use crate::enums::DeviceType;
use crate::error::{Error, refusals};
use crate::ids::{SessionId, UserId, sql_types};
use crate::models::UserSession;
use crate::queries::predicates::open_account;
use crate::queries::{atomic, nul_character};
use crate::schema::{sql_types as generated, user_sessions, users};
use crate::secrets::SessionToken;

/// What is known of a device that signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device<'a> {
    /// What kind it is.
    pub kind: DeviceType,
    /// What it calls itself, the same at each sign-in; 1 to 255 characters.
    pub id: Option<&'a str>,
    /// Its name as its user knows it, at most 255 characters.
    pub name: Option<&'a str>,
    /// Where the sign-in comes from.
    pub ip_address: Option<IpNet>,
    /// What the client says it is, at most 1,000 characters.
    pub user_agent: Option<&'a str>,
}

impl Device<'_> {
    /// A device of that kind, of which nothing else is known.
    #[must_use]
    pub const fn new(kind: DeviceType) -> Self {
        Self { kind, id: None, name: None, ip_address: None, user_agent: None }
    }
}

/// Why a session was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenRefused {
    /// There is no such account, or it is closed.
    #[error("there is no such account")]
    NoSuchAccount,
    /// The session would end before it begins.
    #[error("a session lasts longer than no time")]
    LifetimeNotPositive,
    /// The device's id is empty, or longer than 255 characters.
    #[error("a device's id has 1 to 255 characters")]
    DeviceIdInvalid,
    /// The device's name is longer than 255 characters.
    #[error("a device's name has at most 255 characters")]
    DeviceNameTooLong,
    /// The user agent is longer than 1,000 characters.
    #[error("a user agent has at most 1,000 characters")]
    UserAgentTooLong,
    /// A text has a NUL in it, which PostgreSQL cannot store.
    #[error("a text with a NUL in it cannot be stored")]
    ContainsNul,
}

refusals! { OpenRefused {
    NoSuchAccount: NotFound = "account_not_found",
    LifetimeNotPositive: Invalid = "lifetime_not_positive" if "user_sessions_expires_after_created_check",
    DeviceIdInvalid: Invalid = "device_id_invalid" if "user_sessions_device_id_check",
    DeviceNameTooLong: Invalid = "device_name_too_long" if "user_sessions_device_name_check",
    UserAgentTooLong: Invalid = "user_agent_too_long" if "user_sessions_user_agent_check",
    ContainsNul: Invalid = "contains_nul",
} }

/// Signs a device of the user in, for as long as `lifetime`, and returns the token that the device authenticates
/// with. The token is not stored, so this is the only time it is seen.
///
/// Whoever calls this has verified the user's password, or knows them in another way.
///
/// One statement; holds the account's row `FOR KEY SHARE` until it commits, so that no session outlives an account
/// that is being closed. Uses the index `users_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](OpenRefused::NoSuchAccount): there is no such account, or it is closed.
/// * [`LifetimeNotPositive`](OpenRefused::LifetimeNotPositive): the session would end before it begins.
/// * [`DeviceIdInvalid`](OpenRefused::DeviceIdInvalid): the device's id is empty, or longer than 255 characters.
/// * [`DeviceNameTooLong`](OpenRefused::DeviceNameTooLong): the device's name is longer than 255 characters.
/// * [`UserAgentTooLong`](OpenRefused::UserAgentTooLong): the user agent is longer than 1,000 characters.
/// * [`ContainsNul`](OpenRefused::ContainsNul): a text has a NUL in it, which PostgreSQL cannot store.
///
/// That the operating system has no random numbers is reported as a
/// [`SerializationError`](DieselError::SerializationError).
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use chrono::TimeDelta;
/// use messenger_db::enums::DeviceType;
/// use messenger_db::queries::sessions::{self, Device};
///
/// let phone = Device { name: Some("Alice's phone"), ..Device::new(DeviceType::Ios) };
/// let (token, session) = sessions::open(conn, alice.user_id(), &phone, TimeDelta::days(30))?;
/// assert_eq!(session.expires_at - session.created_at, TimeDelta::days(30));
/// assert_eq!(sessions::authenticate(conn, &token)?.actor, alice);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(
    conn: &mut PgConnection,
    user: UserId,
    device: &Device<'_>,
    lifetime: TimeDelta,
) -> Result<(SessionToken, UserSession), Error<OpenRefused>> {
    if nul_character::in_any([device.id, device.name, device.user_agent]) {
        return Err(Error::Refused(OpenRefused::ContainsNul));
    }
    let token = SessionToken::generate().map_err(|error| DieselError::SerializationError(Box::new(error)))?;
    let account = open_account(user);
    let session = account.select((
        SessionId::new().into_sql::<sql_types::SessionId>(),
        users::id,
        token.hash().into_sql::<Binary>(),
        device.id.into_sql::<Nullable<Text>>(),
        device.kind.into_sql::<generated::DeviceType>(),
        device.name.into_sql::<Nullable<Text>>(),
        device.ip_address.into_sql::<Nullable<Inet>>(),
        device.user_agent.into_sql::<Nullable<Text>>(),
        now.into_sql::<Timestamptz>() + lifetime.into_sql::<Interval>(),
    ));
    let opening = session.for_key_share().insert_into(user_sessions::table).into_columns((
        user_sessions::id,
        user_sessions::user_id,
        user_sessions::token_hash,
        user_sessions::device_id,
        user_sessions::device_type,
        user_sessions::device_name,
        user_sessions::ip_address,
        user_sessions::user_agent,
        user_sessions::expires_at,
    ));
    let opened = atomic::statement(conn, |conn| opening.returning(UserSession::as_returning()).get_result(conn));
    let opened = opened.optional()?;
    opened.map(|session| (token, session)).ok_or(Error::Refused(OpenRefused::NoSuchAccount))
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
    /// The session's time is over.
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
/// commits. Uses the index `user_sessions_token_hash_key`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`Unknown`](AuthenticateRefused::Unknown): no session has this token, or none any more.
/// * [`Expired`](AuthenticateRefused::Expired): the session's time is over.
/// * [`Revoked`](AuthenticateRefused::Revoked): the session was ended before its time.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::error::Error;
/// use messenger_db::queries::sessions::{self, AuthenticateRefused, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let (token, _) = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?;
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
    let is_stale = || user_sessions::last_active_at.le(now.into_sql::<Timestamptz>() - 1.minute());
    let (mut session, has_expired, is_due): (UserSession, bool, bool) = user_sessions::table
        .filter(user_sessions::token_hash.eq(token.hash()))
        .select((UserSession::as_select(), user_sessions::expires_at.le(now), is_stale()))
        .first(conn)
        .optional()?
        .ok_or(Error::Refused(AuthenticateRefused::Unknown))?;
    if session.revoked_at.is_some() {
        return Err(Error::Refused(AuthenticateRefused::Revoked));
    }
    if has_expired {
        return Err(Error::Refused(AuthenticateRefused::Expired));
    }
    if is_due {
        // Of several at once the first moves it; the others wait for it, look again and find it moved.
        let moved = diesel::update(user_sessions::table.find(session.id).filter(is_stale()))
            .set(user_sessions::last_active_at.eq(now))
            .returning(user_sessions::last_active_at)
            .get_result(conn)
            .optional()?;
        session.last_active_at = moved.unwrap_or(session.last_active_at);
    }
    Ok(Authenticated { actor: Actor::trusted(session.user_id), session })
}

/// The user's active sessions, which are the devices they are signed in on; the last active first.
///
/// One statement, no lock; uses the index `user_sessions_user_idx`.
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
/// use messenger_db::queries::sessions::{self, Device};
///
/// sessions::open(conn, alice.user_id(), &Device::new(DeviceType::Web), TimeDelta::hours(8))?;
/// sessions::open(conn, alice.user_id(), &Device::new(DeviceType::Ios), TimeDelta::days(30))?;
/// assert_eq!(sessions::all(conn, alice)?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all(conn: &mut PgConnection, actor: Actor) -> QueryResult<Vec<UserSession>> {
    let user = actor.user_id();
    user_sessions::table
        .filter(user_sessions::user_id.eq(user))
        .filter(user_sessions::expires_at.gt(now))
        .filter(user_sessions::revoked_at.is_null())
        .order((user_sessions::last_active_at.desc(), user_sessions::id.desc()))
        .select(UserSession::as_select())
        .load(conn)
}

//! Signs a device in.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Binary, Inet, Interval, Nullable, Text};
use ipnet::IpNet;

use super::end::log_ended;
use crate::enums::DeviceType;
use crate::error::{Error, refusals};
use crate::ids::{SessionId, UserId, sql_types};
use crate::models::UserSession;
use crate::queries::statement::{Columns, statement};
use crate::queries::time::interval;
use crate::queries::{atomic, nul_character};
use crate::schema::sql_types::DeviceType as DeviceTypeSql;
use crate::secrets::{SessionToken, TokenHash};

statement! {
    /// The sessions that the new one replaces, and it.
    OpenSession {
        user: UserId as sql_types::UserId,
        id: SessionId as sql_types::SessionId,
        token_hash: TokenHash as Binary,
        device_id: Option<String> as Nullable<Text>,
        device_type: DeviceType as DeviceTypeSql,
        device_name: Option<String> as Nullable<Text>,
        ip_address: Option<IpNet> as Nullable<Inet>,
        user_agent: Option<String> as Nullable<Text>,
        at_most: TimeDelta as Interval,
        idle: Option<TimeDelta> as Nullable<Interval>,
    } -> (Columns<UserSession>,) = "open.sql"
}

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
    /// The session would end before it begins, or be unused for too long at once.
    #[error("a session must last longer than zero")]
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
    LifetimeNotPositive: Invalid = "lifetime_not_positive" if "user_sessions_expires_after_created_check" | "user_sessions_idle_timeout_check",
    DeviceIdInvalid: Invalid = "device_id_invalid" if "user_sessions_device_id_check",
    DeviceNameTooLong: Invalid = "device_name_too_long" if "user_sessions_device_name_check",
    UserAgentTooLong: Invalid = "user_agent_too_long" if "user_sessions_user_agent_check",
    ContainsNul: Invalid = "contains_nul",
} }

/// How long a session lasts.
///
/// ```
/// use chrono::TimeDelta;
/// use messenger_db::queries::sessions::Lifetime;
///
/// // A browser: at most eight hours.
/// let browser = Lifetime::from(TimeDelta::hours(8));
/// // A phone: as long as it is used once a month, and a year at most.
/// let phone = Lifetime::sliding(TimeDelta::days(30), TimeDelta::days(365));
/// assert_ne!(browser, phone);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// It ends so long after the sign-in, however much it is used. More than no time; more than 100 years are 100 years.
    pub at_most: TimeDelta,
    /// It ends when it was not used for so long. More than no time; more than 100 years are 100 years. `None`: it may be
    /// unused until the end.
    pub idle: Option<TimeDelta>,
}

impl Lifetime {
    /// It ends when it was unused for `idle`, and after `at_most` in any case.
    #[must_use]
    pub const fn sliding(idle: TimeDelta, at_most: TimeDelta) -> Self {
        Self { at_most, idle: Some(idle) }
    }
}

/// It ends after that time, whether it is used or not.
impl From<TimeDelta> for Lifetime {
    fn from(at_most: TimeDelta) -> Self {
        Self { at_most, idle: None }
    }
}

/// A device that was signed in.
#[derive(Debug, Clone)]
pub struct Opened {
    /// What the device authenticates with from now on. It is not stored, so this is the only time it is seen.
    pub token: SessionToken,
    /// Its session.
    pub session: UserSession,
    /// The former session of the same device, as it was ended, so that a socket it has open can be closed.
    pub replaced: Option<UserSession>,
}

/// Signs a device of the user in, and returns the token that the device authenticates with.
///
/// A device that says its id has one session: signing it in again ends the former one, whose socket may be open still.
///
/// Whoever calls this has verified the user's password, or knows them in another way.
///
/// `lifetime` is a [`Lifetime`], or a time after which the session ends whether it is used or not. Using is what
/// [`authenticate`](super::authenticate) and [`touch`](super::touch) note.
///
/// One statement; for a device with an id a transaction, with one more statement where it replaces a session, for the
/// user's log. It holds the account's row until it commits, so that no session outlives an account that is being
/// closed: `FOR KEY SHARE`, and of a device with an id `FOR NO KEY UPDATE`, so that sign-ins of one user come one after
/// the other. Indexes: `users_pkey`, `user_sessions_device_key`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](OpenRefused::NoSuchAccount): there is no such account, or it is closed.
/// * [`LifetimeNotPositive`](OpenRefused::LifetimeNotPositive): the session would end before it begins, or be unused
///   for too long at once.
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
/// let phone = Device { id: Some("2F1A"), name: Some("Alice's phone"), ..Device::new(DeviceType::Ios) };
/// let first = sessions::open(conn, alice.user_id(), &phone, TimeDelta::days(30))?;
/// assert_eq!(first.session.expires_at - first.session.created_at, TimeDelta::days(30));
/// assert_eq!(sessions::authenticate(conn, &first.token)?.actor, alice);
///
/// let second = sessions::open(conn, alice.user_id(), &phone, TimeDelta::days(30))?;
/// assert_eq!(second.replaced.map(|session| session.id), Some(first.session.id));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(
    conn: &mut PgConnection,
    user: UserId,
    device: &Device<'_>,
    lifetime: impl Into<Lifetime>,
) -> Result<Opened, Error<OpenRefused>> {
    if nul_character::in_any([device.id, device.name, device.user_agent]) {
        return Err(Error::Refused(OpenRefused::ContainsNul));
    }
    let token = SessionToken::generate().map_err(|error| DieselError::SerializationError(Box::new(error)))?;
    let Lifetime { at_most, idle } = lifetime.into();
    // A negative time is refused as none is, and the longest ones of either sign are no intervals.
    let within = |time: TimeDelta| interval(time).max(TimeDelta::zero());
    let (at_most, idle) = (within(at_most), idle.map(within));
    let id = SessionId::new();
    let opening = OpenSession {
        user,
        id,
        token_hash: token.hash(),
        device_id: device.id.map(str::to_owned),
        device_type: device.kind,
        device_name: device.name.map(str::to_owned),
        ip_address: device.ip_address,
        user_agent: device.user_agent.map(str::to_owned),
        at_most,
        idle,
    };
    let mut replaced = Vec::new();
    let mut session = None;
    let opened = |conn: &mut PgConnection| -> Result<(), Error<OpenRefused>> {
        for (row,) in opening.load::<(UserSession,)>(conn)? {
            if row.id == id { session = Some(row) } else { replaced.push(row) }
        }
        Ok(log_ended(conn, &replaced)?)
    };
    // Only a device that has been here before replaces a session, and logs it.
    if device.id.is_some() {
        conn.transaction(opened)?;
    } else {
        atomic::statement(conn, opened)?;
    }
    let Some(session) = session else { return Err(Error::Refused(OpenRefused::NoSuchAccount)) };
    Ok(Opened { token, session, replaced: replaced.pop() })
}

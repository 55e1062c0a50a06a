//! Where a device is reached by a notification: registered, moved, removed.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Nullable, Text};

use crate::actor::Actor;
use crate::enums::PushService;
use crate::error::{Error, refusals};
use crate::ids::{SessionId, UserId, sql_types};
use crate::queries::statement::statement;
use crate::queries::{atomic, nul_character};
use crate::schema::push_tokens;
use crate::schema::sql_types::PushService as PushServiceSql;
use crate::secrets::{PushAuth, PushToken};

statement! {
    /// Whether the session is active.
    Register {
        user: UserId as sql_types::UserId,
        session: SessionId as sql_types::SessionId,
        service: PushService as PushServiceSql,
        token: PushToken as Text,
        p256dh: Option<Vec<u8>> as Nullable<Binary>,
        auth: Option<PushAuth> as Nullable<Binary>,
    } -> (Bool,) = "register.sql"
}

/// Where a device is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Who carries the notification.
    pub service: PushService,
    /// The device's token at Apple or Google, or the URL of its endpoint; 1 to 2,000 bytes.
    pub token: PushToken,
    /// What a notification is encrypted with: of Web Push always, of UnifiedPush where its distributor gives them.
    pub keys: Option<Keys>,
}

/// What a notification to a browser is encrypted with, as the browser gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The browser's public key, 65 bytes.
    pub p256dh: Vec<u8>,
    /// The secret of the subscription, 16 bytes.
    pub auth: PushAuth,
}

impl Address {
    /// An iPhone, iPad or Mac, by the token that the system gave the app.
    #[must_use]
    pub const fn apns(token: PushToken) -> Self {
        Self { service: PushService::Apns, token, keys: None }
    }

    /// A device that Firebase Cloud Messaging reaches, by its registration token.
    #[must_use]
    pub const fn fcm(token: PushToken) -> Self {
        Self { service: PushService::Fcm, token, keys: None }
    }

    /// A browser, by the endpoint and the keys of its subscription.
    #[must_use]
    pub const fn web_push(endpoint: PushToken, keys: Keys) -> Self {
        Self { service: PushService::WebPush, token: endpoint, keys: Some(keys) }
    }

    /// A device with a distributor of UnifiedPush, by its endpoint.
    #[must_use]
    pub const fn unified_push(endpoint: PushToken, keys: Option<Keys>) -> Self {
        Self { service: PushService::UnifiedPush, token: endpoint, keys }
    }
}

/// Why an address was not registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterRefused {
    /// The actor has no such session, or it is no longer active.
    #[error("there is no such session, or it has ended")]
    NotActive,
    /// The token is empty, longer than 2,000 bytes, or has a NUL in it.
    #[error("a push token has 1 to 2,000 bytes, and no NUL")]
    TokenInvalid,
    /// The keys are not of 65 and 16 bytes, are missing for Web Push, or are there for a service that has none.
    #[error("these are not the keys of a subscription of this service")]
    KeysInvalid,
}

refusals! { RegisterRefused {
    NotActive: Unauthenticated = "session_not_active",
    TokenInvalid: Invalid = "push_token_invalid" if "push_tokens_token_check",
    KeysInvalid: Invalid = "push_keys_invalid" if_any "push_tokens_",
} }

/// Notes where the device of a session is reached, in place of where it was before. Registering the same again does no
/// harm, and is what an app does at each start, because tokens change.
///
/// A token that another session has moves to this one: somebody else has signed in on the device, and what is for the
/// former user must not reach it. The address belongs to the session: when that is revoked, replaced or purged, the
/// address is gone; while it is expired, nothing is sent there.
///
/// One statement, the function `register_push_token`. It locks the session's row and the token's until it commits.
/// Indexes: `user_sessions_pkey`, `push_tokens_pkey`, `push_tokens_token_key`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotActive`](RegisterRefused::NotActive): the actor has no such session, or it is no longer active.
/// * [`TokenInvalid`](RegisterRefused::TokenInvalid): the token is empty, longer than 2,000 bytes, or has a NUL in it.
/// * [`KeysInvalid`](RegisterRefused::KeysInvalid): the keys are not of 65 and 16 bytes, are missing for Web Push, or
///   are there for a service that has none.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::queries::sessions::{self, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Ios);
/// # let session = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// use messenger_db::queries::push::{self, Address};
/// use messenger_db::secrets::PushToken;
///
/// let address = Address::apns(PushToken::new("740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad"));
/// push::register(conn, alice, session.id, &address)?;
/// assert_eq!(format!("{:?}", address.token), "PushToken(..)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn register(
    conn: &mut PgConnection,
    actor: Actor,
    session: SessionId,
    address: &Address,
) -> Result<(), Error<RegisterRefused>> {
    if nul_character::in_any([Some(address.token.expose())]) {
        return Err(Error::Refused(RegisterRefused::TokenInvalid));
    }
    let (p256dh, auth) = address.keys.clone().map(|keys| (keys.p256dh, keys.auth)).unzip();
    let Address { service, token, .. } = address.clone();
    let registering = Register { user: actor.user_id(), session, service, token, p256dh, auth };
    let (is_active,): (bool,) =
        atomic::statement(conn, |conn| registering.get_result(conn).map_err(Error::<RegisterRefused>::from))?;
    if is_active { Ok(()) } else { Err(Error::Refused(RegisterRefused::NotActive)) }
}

/// Forgets where the device of a session is reached, and says whether it was known: the user has turned notifications
/// off there.
///
/// One statement; locks the address' row until it commits. Index: `push_tokens_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::queries::sessions::{self, Device};
/// # let device = Device::new(messenger_db::enums::DeviceType::Android);
/// # let session = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// use messenger_db::queries::push::{self, Address};
/// use messenger_db::secrets::PushToken;
///
/// push::register(conn, alice, session.id, &Address::fcm(PushToken::new("dQw4w9WgXcQ:APA91b")))?;
/// assert!(push::remove(conn, alice, session.id)?);
/// assert!(!push::remove(conn, alice, session.id)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn remove(conn: &mut PgConnection, actor: Actor, session: SessionId) -> QueryResult<bool> {
    let removed = diesel::delete(push_tokens::table.find(session))
        .filter(push_tokens::user_id.eq(actor.user_id()))
        .execute(conn)?;
    Ok(removed > 0)
}

/// Forgets an address that its service says is no longer good: `410 Gone` of Apple and of push servers, `UNREGISTERED`
/// of Firebase. Says whether it was known: a device may have registered another one meanwhile.
///
/// It is the service that calls, and nobody is asked whether they may.
///
/// One statement; locks the address' row until it commits. Index: `push_tokens_token_key`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use messenger_db::enums::PushService;
/// use messenger_db::queries::push;
/// use messenger_db::secrets::PushToken;
///
/// assert!(!push::remove_token(conn, PushService::Fcm, &PushToken::new("dQw4w9WgXcQ:APA91b"))?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn remove_token(conn: &mut PgConnection, service: PushService, token: &PushToken) -> QueryResult<bool> {
    if nul_character::in_any([Some(token.expose())]) {
        return Ok(false);
    }
    let address = push_tokens::service.eq(service).and(push_tokens::token.eq(token));
    Ok(diesel::delete(push_tokens::table.filter(address)).execute(conn)? > 0)
}

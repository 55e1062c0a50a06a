//! Presence: whether a user is there.

use diesel::dsl::now;
use diesel::prelude::*;

use crate::actor::Actor;
use crate::enums::UserStatus;
use crate::error::{Error, refusals};
use crate::queries::predicates::open_account;
use crate::schema::users;

/// Why presence did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresenceRefused {
    /// There is no such account, or it is closed.
    #[error("there is no such account")]
    NoSuchAccount,
}

refusals! { PresenceRefused {
    NoSuchAccount: NotFound = "account_not_found",
} }

/// Says whether the user is there, and that a device of theirs was heard of now.
///
/// One statement; locks the account's row until it commits. It uses the index `users_pkey` and writes no indexed
/// column, so it is a HOT update.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](PresenceRefused::NoSuchAccount): there is no such account, or it is closed.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::enums::UserStatus;
/// use messenger_db::queries::accounts;
///
/// accounts::set_presence(conn, alice, UserStatus::Online)?;
/// assert_eq!(accounts::get(conn, alice)?.status, UserStatus::Online);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn set_presence(conn: &mut PgConnection, actor: Actor, status: UserStatus) -> Result<(), Error<PresenceRefused>> {
    let user = actor.user_id();
    let changed = diesel::update(open_account(user))
        .set((users::status.eq(status), users::last_seen_at.eq(now)))
        .execute(conn)?;
    existed(changed)
}

/// Says that a device of the user was heard of now, whatever their status: a heartbeat.
///
/// One statement; locks the account's row until it commits. It uses the index `users_pkey` and writes no indexed
/// column, so it is a HOT update.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](PresenceRefused::NoSuchAccount): there is no such account, or it is closed.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::queries::accounts;
///
/// accounts::mark_seen(conn, alice)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mark_seen(conn: &mut PgConnection, actor: Actor) -> Result<(), Error<PresenceRefused>> {
    let user = actor.user_id();
    let changed = diesel::update(open_account(user)).set(users::last_seen_at.eq(now)).execute(conn)?;
    existed(changed)
}

fn existed(changed: usize) -> Result<(), Error<PresenceRefused>> {
    if changed == 0 { Err(Error::Refused(PresenceRefused::NoSuchAccount)) } else { Ok(()) }
}

//! Presence: whether a user is there.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};

use crate::actor::Actor;
use crate::enums::{PgEnum as _, UserStatus};
use crate::error::{Error, refusals};
use crate::ids::{UserId, sql_types};
use crate::queries::durability;
use crate::queries::statement::statement;

statement! {
    /// The account, if it is open; its status is what it was without another.
    MarkSeen {
        user: UserId as sql_types::UserId,
        status: Option<String> as Nullable<Text>,
        is_alone: bool as Bool,
    } -> (sql_types::UserId, Nullable<Text>) = "presence.sql"
}

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
    mark(conn, actor, Some(status))
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
    mark(conn, actor, None)
}

fn mark(conn: &mut PgConnection, actor: Actor, status: Option<UserStatus>) -> Result<(), Error<PresenceRefused>> {
    // As a text, which needs no look at the catalog on a new connection, as the enum's type would.
    let marking = MarkSeen {
        user: actor.user_id(),
        status: status.map(|status| status.label().to_owned()),
        is_alone: durability::is_alone(conn)?,
    };
    let seen = marking.get_result::<(UserId, Option<String>)>(conn).optional()?;
    seen.map(|_| ()).ok_or(Error::Refused(PresenceRefused::NoSuchAccount))
}

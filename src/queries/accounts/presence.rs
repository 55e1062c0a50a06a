//! Presence: whether a user is there.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel::upsert::excluded;

use crate::actor::Actor;
use crate::enums::{PgEnum as _, UserStatus};
use crate::error::{Error, refusals};
use crate::ids::{UserId, sql_types};
use crate::queries::durability;
use crate::queries::functions::clock_timestamp;
use crate::queries::predicates::hold_open;
use crate::queries::statement::statement;
use crate::schema::user_presence;

statement! {
    /// The user, if a device of theirs was heard of before; the status is what it was without another.
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
/// One statement; locks the user's row of `user_presence` until it commits. It uses the index `user_presence_pkey` and writes no
/// indexed column, so it is a HOT update. The first time of an account is a transaction of two statements more, which make the
/// row; they use the index `users_pkey`, too.
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
/// assert_eq!(accounts::find_profiles(conn, alice, &[alice.user_id()])?[0].status, UserStatus::Online);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn set_presence(conn: &mut PgConnection, actor: Actor, status: UserStatus) -> Result<(), Error<PresenceRefused>> {
    mark(conn, actor, Some(status))
}

/// Says that a device of the user was heard of now, whatever their status: a heartbeat.
///
/// One statement; locks the user's row of `user_presence` until it commits. It uses the index `user_presence_pkey` and writes no
/// indexed column, so it is a HOT update. The first time of an account is a transaction of two statements more, which make the
/// row; they use the index `users_pkey`, too.
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
        is_alone: durability::is_alone(conn),
    };
    let seen = marking.get_result::<(UserId, Option<String>)>(conn).optional()?;
    if seen.is_some() { Ok(()) } else { mark_first(conn, actor.user_id(), status) }
}

/// Makes the row of an account that is open; another may be making it, too.
fn mark_first(conn: &mut PgConnection, user: UserId, status: Option<UserStatus>) -> Result<(), Error<PresenceRefused>> {
    conn.transaction(|conn| {
        // Held, so that closing the account comes later, and removes the row.
        if hold_open(conn, &[user])?.is_some() {
            return Err(Error::Refused(PresenceRefused::NoSuchAccount));
        }
        let new = (
            user_presence::user_id.eq(user),
            user_presence::status.eq(status.unwrap_or(UserStatus::Offline)),
            user_presence::last_seen_at.eq(clock_timestamp()),
        );
        let status = status.map(|status| user_presence::status.eq(status));
        diesel::insert_into(user_presence::table)
            .values(new)
            .on_conflict(user_presence::user_id)
            .do_update()
            .set((status, user_presence::last_seen_at.eq(excluded(user_presence::last_seen_at))))
            .execute(conn)?;
        Ok(())
    })
}

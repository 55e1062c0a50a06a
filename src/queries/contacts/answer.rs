//! Accepts and declines requests, and ends contacts.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::super::functions::{clock_timestamp, transaction_start};
use super::super::user_changes;
use super::{sides, sides_to_lock};
use crate::actor::Actor;
use crate::enums::{ContactStatus, UserChangeKind};
use crate::error::{Error, refusals};
use crate::ids::UserId;
use crate::queries::predicates::{Silence, hold_open, silence};
use crate::schema::{contacts, declined_requests};
use crate::views::local_contacts;

/// Why a request was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptRefused {
    /// The other has not asked, or no longer asks, or was answered before; or has blocked the user since.
    #[error("there is no such request")]
    NoSuchRequest,
    /// The user has blocked the other since.
    #[error("the user has blocked the other")]
    Blocked,
}

refusals! { AcceptRefused {
    NoSuchRequest: NotFound = "request_not_found",
    Blocked: Forbidden = "blocked",
} }

/// Why a request was not declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeclineRefused {
    /// The other has not asked, or no longer asks, or was answered before.
    #[error("there is no such request")]
    NoSuchRequest,
}

refusals! { DeclineRefused {
    NoSuchRequest: NotFound = "request_not_found",
} }

/// Why a contact was not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveRefused {
    /// The two are not contacts, and the user has not asked the other.
    #[error("there is no such contact")]
    NoSuchContact,
}

refusals! { RemoveRefused {
    NoSuchContact: NotFound = "contact_not_found",
} }

/// Agrees to be the contact of a user who asked.
///
/// Of an acceptance and a refusal at once, the one that comes first counts, and the other is refused.
///
/// A transaction; locks the contact's two rows, the one of the lower user first, and the counters of both users' logs.
/// Uses the index `contacts_pkey` and
/// `blocks_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchRequest`](AcceptRefused::NoSuchRequest): the other has not asked, or no longer asks, or was answered
///   before; or has blocked the user since.
/// * [`Blocked`](AcceptRefused::Blocked): the user has blocked the other since.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let bob = messenger_db::doctest::user(conn, "bob");
/// use messenger_db::queries::contacts;
///
/// contacts::request(conn, alice, bob.user_id())?;
/// contacts::accept(conn, bob, alice.user_id())?;
/// assert_eq!(contacts::all(conn, alice)?[0].profile.id, bob.user_id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn accept(conn: &mut PgConnection, actor: Actor, other: UserId) -> Result<(), Error<AcceptRefused>> {
    let user = actor.user_id();
    conn.transaction(|conn| {
        let is_request = local_contacts::status.eq(ContactStatus::Pending).and(local_contacts::requested_by.eq(other));
        let held: Vec<UserId> = sides_to_lock(user, other)
            .filter(is_request)
            .order(local_contacts::user_id)
            .select(local_contacts::user_id)
            .for_no_key_update()
            .load(conn)?;
        if held.is_empty() {
            return Err(Error::Refused(AcceptRefused::NoSuchRequest));
        }
        match silence(conn, user, other)? {
            None => {}
            Some(Silence::Own) => return Err(Error::Refused(AcceptRefused::Blocked)),
            Some(Silence::Others) => return Err(Error::Refused(AcceptRefused::NoSuchRequest)),
        }
        diesel::update(sides(user, other))
            .set((
                contacts::status.eq(ContactStatus::Accepted),
                contacts::accepted_at.eq(transaction_start().nullable()),
            ))
            .execute(conn)?;
        Ok(user_changes::record_pair(conn, user, other, UserChangeKind::ContactChanged)?)
    })
}

/// Refuses to be the contact of a user who asked. The request is gone; the other may ask again after a week.
///
/// Of an acceptance and a refusal at once, the one that comes first counts, and the other is refused.
///
/// A transaction; locks both accounts `FOR KEY SHARE`, the contact's two rows, the one of the lower user first, and the counters
/// of both users' logs. Uses the indexes `users_pkey` and `contacts_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchRequest`](DeclineRefused::NoSuchRequest): the other has not asked, or no longer asks, or was answered
///   before.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let bob = messenger_db::doctest::user(conn, "bob");
/// use messenger_db::queries::contacts;
///
/// contacts::request(conn, alice, bob.user_id())?;
/// contacts::decline(conn, bob, alice.user_id())?;
/// assert!(contacts::all_requests_received(conn, bob)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decline(conn: &mut PgConnection, actor: Actor, other: UserId) -> Result<(), Error<DeclineRefused>> {
    let user = actor.user_id();
    conn.transaction(|conn| {
        // Before the contact: that it was declined is tied to both accounts.
        if hold_open(conn, &[user, other])?.is_some() {
            return Err(Error::Refused(DeclineRefused::NoSuchRequest));
        }
        let is_request = local_contacts::status.eq(ContactStatus::Pending).and(local_contacts::requested_by.eq(other));
        let held: Vec<UserId> = sides_to_lock(user, other)
            .filter(is_request)
            .order(local_contacts::user_id)
            .select(local_contacts::user_id)
            .for_update()
            .load(conn)?;
        if held.is_empty() {
            return Err(Error::Refused(DeclineRefused::NoSuchRequest));
        }
        diesel::delete(sides(user, other)).execute(conn)?;
        diesel::insert_into(declined_requests::table)
            .values((
                declined_requests::asker_id.eq(other),
                declined_requests::decliner_id.eq(user),
                declined_requests::declined_at.eq(clock_timestamp()),
            ))
            .on_conflict((declined_requests::asker_id, declined_requests::decliner_id))
            .do_update()
            .set(declined_requests::declined_at.eq(excluded(declined_requests::declined_at)))
            .execute(conn)?;
        Ok(user_changes::record_pair(conn, user, other, UserChangeKind::ContactChanged)?)
    })
}

/// Ends a contact, for both; or takes back a request of the user's own. Their chats stay, with all that was said.
///
/// A transaction; locks the contact's two rows, the one of the lower user first, and the counters of both users' logs.
/// Uses the index `contacts_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchContact`](RemoveRefused::NoSuchContact): the two are not contacts, and the user has not asked the other.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let bob = messenger_db::doctest::user(conn, "bob");
/// use messenger_db::queries::contacts;
///
/// contacts::request(conn, alice, bob.user_id())?;
/// contacts::accept(conn, bob, alice.user_id())?;
/// contacts::remove(conn, alice, bob.user_id())?;
/// assert!(contacts::all(conn, bob)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn remove(conn: &mut PgConnection, actor: Actor, other: UserId) -> Result<(), Error<RemoveRefused>> {
    let user = actor.user_id();
    conn.transaction(|conn| {
        let is_users = local_contacts::status.eq(ContactStatus::Accepted).or(local_contacts::requested_by.eq(user));
        let held: Vec<UserId> = sides_to_lock(user, other)
            .filter(is_users)
            .order(local_contacts::user_id)
            .select(local_contacts::user_id)
            .for_update()
            .load(conn)?;
        if held.is_empty() {
            return Err(Error::Refused(RemoveRefused::NoSuchContact));
        }
        diesel::delete(sides(user, other)).execute(conn)?;
        Ok(user_changes::record_pair(conn, user, other, UserChangeKind::ContactChanged)?)
    })
}

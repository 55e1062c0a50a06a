//! Contacts: asked for by one, agreed to by the other, ended by either.
//!
//! A contact is a pair of rows, (a, b) and (b, a). Every operation that changes it takes the row of the lower id first,
//! so that of two operations on one pair the second waits for the first, and neither for the other.

mod answer;
mod list;

pub use answer::{AcceptRefused, DeclineRefused, RemoveRefused, accept, decline, remove};
pub use list::{ListedContact, all, all_requests_received, all_requests_sent};

use chrono::TimeDelta;
use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel::sql_types::Interval;
use diesel::upsert::excluded;

use super::user_changes;
use crate::actor::Actor;
use crate::enums::{ContactStatus, UserChangeKind};
use crate::error::{Error, refusals};
use crate::ids::UserId;
use crate::models::Contact;
use crate::queries::predicates::{Silence, hold_open, silence};
use crate::schema::{contacts, declined_requests};
use crate::views::local_contacts;

/// Why a contact was not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestRefused {
    /// One of the two accounts does not exist, or is closed; or the other has blocked the user, which is not told apart.
    #[error("there is no such account")]
    NoSuchAccount,
    /// Nobody is their own contact.
    #[error("a user cannot be their own contact")]
    Oneself,
    /// The user has blocked the other.
    #[error("the user has blocked the other")]
    Blocked,
    /// The other declined a request of the user's within the last week.
    #[error("the other declined a request within the last week")]
    DeclinedRecently,
}

refusals! { RequestRefused {
    NoSuchAccount: NotFound = "account_not_found",
    Oneself: Invalid = "oneself",
    Blocked: Forbidden = "blocked",
    DeclinedRecently: Conflict = "declined_recently",
} }

/// Asks another user to become a contact, and returns the contact as it is then, from the asking user's side:
/// pending; or accepted, if the other had asked too, or if they are contacts already. Asking again changes nothing.
///
/// Whoever was declined waits a week, [`PAUSE_DAYS`], before asking the same user again; the other may ask at any time.
///
/// However many ask at once and in either direction, there is one contact: of requests that cross, the one that comes
/// second accepts the first.
///
/// A transaction. Holds both accounts' rows `FOR KEY SHARE`, the contact's two rows, and the counters of both users' logs,
/// in the order of the users' keys. Uses the index `users_pkey`, `blocks_pkey` and `contacts_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](RequestRefused::NoSuchAccount): one of the two accounts does not exist, or is closed;
///   or the other has blocked the user, which is not told apart.
/// * [`Oneself`](RequestRefused::Oneself): a user cannot be their own contact.
/// * [`Blocked`](RequestRefused::Blocked): the user has blocked the other.
/// * [`DeclinedRecently`](RequestRefused::DeclinedRecently): the other declined a request of the user's within the last
///   week.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let bob = messenger_db::doctest::user(conn, "bob");
/// use messenger_db::enums::ContactStatus;
/// use messenger_db::queries::contacts;
///
/// assert_eq!(contacts::request(conn, alice, bob.user_id())?.status, ContactStatus::Pending);
/// assert_eq!(contacts::request(conn, bob, alice.user_id())?.status, ContactStatus::Accepted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn request(conn: &mut PgConnection, actor: Actor, other: UserId) -> Result<Contact, Error<RequestRefused>> {
    let user = actor.user_id();
    if user == other {
        return Err(Error::Refused(RequestRefused::Oneself));
    }
    conn.transaction(|conn| {
        if hold_open(conn, &[user, other])?.is_some() {
            return Err(Error::Refused(RequestRefused::NoSuchAccount));
        }
        let (low, high) = (user.min(other), user.max(other));
        let side = |of: UserId, with: UserId| {
            (contacts::user_id.eq(of), contacts::contact_id.eq(with), contacts::requested_by.eq(user))
        };
        let has_crossed = contacts::status
            .eq(ContactStatus::Pending)
            .and(contacts::requested_by.ne(excluded(contacts::requested_by)));
        let asked = diesel::insert_into(contacts::table)
            .values([side(low, high), side(high, low)])
            .on_conflict((contacts::user_id, contacts::contact_id))
            .do_update()
            .set((
                contacts::status.eq(ContactStatus::Accepted),
                contacts::accepted_at.eq(excluded(contacts::created_at).nullable()),
            ));
        let changed = diesel::query_dsl::methods::FilterDsl::filter(asked, has_crossed).execute(conn)?;
        // What stands now. A contact may be older than a block.
        match silence(conn, user, other)? {
            None => {}
            Some(Silence::Own) => return Err(Error::Refused(RequestRefused::Blocked)),
            Some(Silence::Others) => return Err(Error::Refused(RequestRefused::NoSuchAccount)),
        }
        let contact = contacts::table.find((user, other)).select(Contact::as_select()).first(conn)?;
        let is_asked_again = changed > 0 && contact.status == ContactStatus::Pending;
        if is_asked_again && has_declined(conn, other, user)? {
            return Err(Error::Refused(RequestRefused::DeclinedRecently));
        }
        if changed > 0 {
            user_changes::record_pair(conn, user, other, UserChangeKind::ContactChanged)?;
        }
        Ok(contact)
    })
}

/// Whether the one declined a request of the other's within the last week.
fn has_declined(conn: &mut PgConnection, decliner: UserId, asker: UserId) -> QueryResult<bool> {
    let recent = (declined_requests::declined_at + TimeDelta::days(PAUSE_DAYS).into_sql::<Interval>()).gt(now);
    diesel::select(exists(declined_requests::table.find((asker, decliner)).filter(recent))).get_result(conn)
}

/// How many days somebody waits before asking again whoever declined: 7.
pub const PAUSE_DAYS: i64 = 7;

/// The two rows of a contact.
#[diesel::dsl::auto_type(no_type_alias)]
fn sides(one: UserId, other: UserId) -> _ {
    let forth = contacts::user_id.eq(one).and(contacts::contact_id.eq(other));
    let back = contacts::user_id.eq(other).and(contacts::contact_id.eq(one));
    contacts::table.filter(forth.or(back))
}

/// The same, to be locked.
#[diesel::dsl::auto_type(no_type_alias)]
fn sides_to_lock(one: UserId, other: UserId) -> _ {
    let forth = local_contacts::user_id.eq(one).and(local_contacts::contact_id.eq(other));
    let back = local_contacts::user_id.eq(other).and(local_contacts::contact_id.eq(one));
    local_contacts::table.filter(forth.or(back))
}

/// Removes all contacts of a user and all requests, on both sides, and gives the others: for an account that is closed.
/// The caller logs it for them.
///
/// In a transaction, which holds the account's row, so that there are none later.
pub(crate) fn remove_all(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<UserId>> {
    let others: Vec<UserId> =
        contacts::table.filter(contacts::user_id.eq(user)).select(contacts::contact_id).load(conn)?;
    let declined = declined_requests::asker_id.eq(user).or(declined_requests::decliner_id.eq(user));
    diesel::delete(declined_requests::table.filter(declined)).execute(conn)?;
    // The mirrors by their key: contact_id alone has no index.
    let mirror = local_contacts::contact_id.eq(user).and(local_contacts::user_id.eq_any(&others));
    let held: Vec<UserId> = local_contacts::table
        .filter(local_contacts::user_id.eq(user).or(mirror))
        .order((local_contacts::user_id, local_contacts::contact_id))
        .select(local_contacts::user_id)
        .for_update()
        .load(conn)?;
    if !held.is_empty() {
        let mirror = contacts::contact_id.eq(user).and(contacts::user_id.eq_any(&others));
        diesel::delete(contacts::table.filter(contacts::user_id.eq(user).or(mirror))).execute(conn)?;
    }
    Ok(others)
}

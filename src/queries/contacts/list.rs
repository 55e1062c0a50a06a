//! Gives a user's contacts and requests.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::actor::Actor;
use crate::enums::{ContactStatus, UserStatus};
use crate::ids::UserId;
use crate::queries::profile::{self, Profile, seen_by};
use crate::schema::{contacts, users};
use crate::views::presence_entries;

/// A contact, or a request, as its list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ListedContact {
    /// The other user.
    pub profile: Profile,
    /// Who asked: the user or the other.
    pub requested_by: UserId,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When it was agreed to. `None`: it is a request.
    pub accepted_at: Option<DateTime<Utc>>,
}

/// The user's contacts: those who are online first, then the others; both by the name to show (the display name, or
/// else the username), ignoring case.
///
/// One statement, no lock; uses the index `contacts_pkey` and `users_pkey`. The order is made here and not by the
/// server, whose order of names depends on its locale.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let bob = messenger_db::doctest::user(conn, "bob");
/// # let carol = messenger_db::doctest::user(conn, "carol");
/// use messenger_db::enums::UserStatus;
/// use messenger_db::queries::{accounts, contacts};
///
/// for other in [bob, carol] {
///     contacts::request(conn, alice, other.user_id())?;
///     contacts::accept(conn, other, alice.user_id())?;
/// }
/// accounts::set_presence(conn, carol, UserStatus::Online)?;
///
/// let names = contacts::all(conn, alice)?.into_iter().filter_map(|contact| contact.profile.username);
/// assert_eq!(names.collect::<Vec<_>>(), ["carol", "bob"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all(conn: &mut PgConnection, actor: Actor) -> QueryResult<Vec<ListedContact>> {
    let user = actor.user_id();
    let mut listed: Vec<ListedContact> = contacts::table
        .inner_join(users::table.on(users::id.eq(contacts::contact_id)))
        .left_join(presence_entries::table.on(presence_entries::user_id.eq(users::id)))
        .filter(contacts::user_id.eq(user).and(contacts::status.eq(ContactStatus::Accepted)))
        .select((seen_by(user), contacts::requested_by, contacts::created_at, contacts::accepted_at))
        .load(conn)?;
    profile::complete(conn, listed.iter_mut().map(|contact| &mut contact.profile))?;
    listed.sort_by_cached_key(|ListedContact { profile, .. }| {
        let name = profile.display_name.as_ref().or(profile.username.as_ref());
        (profile.status != UserStatus::Online, name.map(|name| name.to_lowercase()), profile.id)
    });
    Ok(listed)
}

/// The requests that wait for the user's answer, the newest first.
///
/// One statement, no lock; uses the index `contacts_pkey` and `users_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let bob = messenger_db::doctest::user(conn, "bob");
/// use messenger_db::queries::contacts;
///
/// contacts::request(conn, alice, bob.user_id())?;
/// assert_eq!(contacts::all_requests_received(conn, bob)?[0].profile.id, alice.user_id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all_requests_received(conn: &mut PgConnection, actor: Actor) -> QueryResult<Vec<ListedContact>> {
    let user = actor.user_id();
    let mut listed: Vec<ListedContact> = contacts::table
        .inner_join(users::table.on(users::id.eq(contacts::contact_id)))
        .left_join(presence_entries::table.on(presence_entries::user_id.eq(users::id)))
        .filter(contacts::user_id.eq(user).and(contacts::status.eq(ContactStatus::Pending)))
        .filter(contacts::requested_by.ne(user))
        .order((contacts::created_at.desc(), contacts::contact_id))
        .select((seen_by(user), contacts::requested_by, contacts::created_at, contacts::accepted_at))
        .load(conn)?;
    profile::complete(conn, listed.iter_mut().map(|contact| &mut contact.profile))?;
    Ok(listed)
}

/// The user's own requests that wait for an answer, the newest first.
///
/// One statement, no lock; uses the index `contacts_pkey` and `users_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let bob = messenger_db::doctest::user(conn, "bob");
/// use messenger_db::queries::contacts;
///
/// contacts::request(conn, alice, bob.user_id())?;
/// assert_eq!(contacts::all_requests_sent(conn, alice)?[0].profile.id, bob.user_id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all_requests_sent(conn: &mut PgConnection, actor: Actor) -> QueryResult<Vec<ListedContact>> {
    let user = actor.user_id();
    let mut listed: Vec<ListedContact> = contacts::table
        .inner_join(users::table.on(users::id.eq(contacts::contact_id)))
        .left_join(presence_entries::table.on(presence_entries::user_id.eq(users::id)))
        .filter(contacts::user_id.eq(user).and(contacts::status.eq(ContactStatus::Pending)))
        .filter(contacts::requested_by.eq(user))
        .order((contacts::created_at.desc(), contacts::contact_id))
        .select((seen_by(user), contacts::requested_by, contacts::created_at, contacts::accepted_at))
        .load(conn)?;
    profile::complete(conn, listed.iter_mut().map(|contact| &mut contact.profile))?;
    Ok(listed)
}

//! Reserves the usernames of closed accounts and those that were given up, so that nobody takes one to be taken for who had it.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not, select};
use diesel::prelude::*;
use diesel::upsert::excluded;
use sha2::{Digest as _, Sha256};

use crate::ids::UserId;
use crate::queries::functions::clock_timestamp;
use crate::queries::time;
use crate::schema::reserved_usernames;

/// The hash of a username, which is the same in whatever case.
fn hash(username: &str) -> [u8; 32] {
    Sha256::digest(username.to_ascii_lowercase()).into()
}

/// How many usernames that a user gave up are reserved for them: 3, so that nobody hoards names.
const GIVEN_UP: i64 = 3;

/// Reserves the username of an account that is being closed. What the user gave up before stays reserved, and says no more of whom.
pub(super) fn reserve_of_closed(conn: &mut PgConnection, user: UserId, username: &str) -> QueryResult<()> {
    reserve(conn, username, None)?;
    diesel::update(reserved_usernames::table.filter(reserved_usernames::user_id.eq(user)))
        .set(reserved_usernames::user_id.eq(None::<UserId>))
        .execute(conn)?;
    Ok(())
}

/// Reserves a username that a user gives up for another, which is reserved no more.
pub(super) fn reserve_given_up(conn: &mut PgConnection, user: UserId, old: &str, new: &str) -> QueryResult<()> {
    if old.eq_ignore_ascii_case(new) {
        return Ok(());
    }
    release_username(conn, new)?;
    reserve(conn, old, Some(user))?;
    let of_user = diesel::alias!(reserved_usernames as of_user);
    let newest = of_user
        .filter(of_user.field(reserved_usernames::user_id).eq(user))
        .order((
            of_user.field(reserved_usernames::reserved_at).desc(),
            of_user.field(reserved_usernames::username_hash),
        ))
        .limit(GIVEN_UP)
        .select(of_user.field(reserved_usernames::username_hash));
    diesel::delete(
        reserved_usernames::table
            .filter(reserved_usernames::user_id.eq(user))
            .filter(not(reserved_usernames::username_hash.eq_any(newest))),
    )
    .execute(conn)?;
    Ok(())
}

fn reserve(conn: &mut PgConnection, username: &str, user: Option<UserId>) -> QueryResult<()> {
    diesel::insert_into(reserved_usernames::table)
        .values((
            reserved_usernames::username_hash.eq(hash(username).as_slice()),
            reserved_usernames::reserved_at.eq(clock_timestamp()),
            reserved_usernames::user_id.eq(user),
        ))
        .on_conflict(reserved_usernames::username_hash)
        .do_update()
        .set((
            reserved_usernames::reserved_at.eq(excluded(reserved_usernames::reserved_at)),
            reserved_usernames::user_id.eq(excluded(reserved_usernames::user_id)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether the username is reserved, and not for this user. Asked after the username was taken: whoever waited for the account to
/// be closed or renamed sees the reservation only then.
pub(super) fn is_reserved(conn: &mut PgConnection, username: &str, user: Option<UserId>) -> QueryResult<bool> {
    let reserved = reserved_usernames::table.find(hash(username).to_vec());
    let of_others =
        reserved.filter(reserved_usernames::user_id.is_null().or(reserved_usernames::user_id.is_distinct_from(user)));
    select(exists(of_others)).get_result(conn)
}

/// Gives free up to `batch` usernames of accounts that were closed, or had another username, before a time, oldest first, and
/// returns how many: for [`maintenance`](crate::maintenance), again until it is fewer than `batch`.
///
/// [`close`](super::close()) reserves a username, and [`update_profile`](super::update_profile) one that is given up for another,
/// the last three of a user. Until this or [`release_username`] gives it free, nobody else can take it, neither by
/// [`register`](super::register) nor by `update_profile`.
///
/// One statement. It locks the rows that it removes, and passes over those that another locks. Uses the index
/// `reserved_usernames_age_idx`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use chrono::{TimeDelta, Utc};
/// use messenger_db::queries::accounts;
///
/// accounts::close(conn, alice)?;
/// assert_eq!(accounts::release_usernames(conn, Utc::now() - TimeDelta::days(90), 500)?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn release_usernames(conn: &mut PgConnection, before: DateTime<Utc>, batch: u16) -> QueryResult<usize> {
    let reserved = diesel::alias!(reserved_usernames as reserved);
    let oldest = reserved
        .filter(reserved.field(reserved_usernames::reserved_at).lt(time::storable(before)))
        .order((reserved.field(reserved_usernames::reserved_at), reserved.field(reserved_usernames::username_hash)))
        .limit(batch.into())
        .select(reserved.field(reserved_usernames::username_hash))
        .for_update()
        .skip_locked();
    diesel::delete(reserved_usernames::table.filter(reserved_usernames::username_hash.eq_any(oldest))).execute(conn)
}

/// Gives one username free, in whatever case, and returns whether it was reserved: for somebody who closed their account and
/// comes back. The service makes sure that they are who had it.
///
/// One statement; locks the row that it removes. Uses the index `reserved_usernames_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::queries::accounts;
///
/// accounts::close(conn, alice)?;
/// assert!(accounts::release_username(conn, "Alice")?);
/// assert!(!accounts::release_username(conn, "Alice")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn release_username(conn: &mut PgConnection, username: &str) -> QueryResult<bool> {
    let released = diesel::delete(reserved_usernames::table.find(hash(username).to_vec())).execute(conn)?;
    Ok(released > 0)
}

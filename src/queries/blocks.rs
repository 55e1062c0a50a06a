//! Blocks: who wants nothing from whom. A block goes one way, and says nothing about contacts or chats: what it stops
//! is decided by the operations that it stops.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::user_changes::{self, About};
use crate::actor::Actor;
use crate::enums::UserChangeKind;
use crate::error::{Error, refusals};
use crate::ids::UserId;
use crate::models::NewBlock;
use crate::queries::predicates::{hold_alone, hold_open};
use crate::queries::profile::{self, Profile, seen_by};
use crate::schema::{blocks, users};
use crate::views::presence_entries;

/// A blocked user, as the blocker's list shows them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ListedBlock {
    /// Who is blocked.
    pub profile: Profile,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Why a user was not blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlockRefused {
    /// One of the two accounts does not exist, or is closed.
    #[error("there is no such account")]
    NoSuchAccount,
    /// Nobody blocks themselves.
    #[error("a user cannot block themselves")]
    Oneself,
}

refusals! { BlockRefused {
    NoSuchAccount: NotFound = "account_not_found",
    Oneself: Invalid = "oneself" if "blocks_not_self_check",
} }

/// Blocks a user; blocking again changes nothing. Says whether they were not blocked before.
///
/// From then on neither of the two can ask the other to be a contact, accept, open a direct chat or write in it.
/// Contacts, groups and what was said stay.
///
/// A transaction; holds both accounts' rows `FOR KEY SHARE`, in the order of their keys, and locks the counter of the
/// blocker's log. Uses the index `users_pkey`
/// and `blocks_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](BlockRefused::NoSuchAccount): one of the two accounts does not exist, or is closed.
/// * [`Oneself`](BlockRefused::Oneself): a user cannot block themselves.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let mallory = messenger_db::doctest::user(conn, "mallory");
/// use messenger_db::error::Error;
/// use messenger_db::queries::contacts::{self, RequestRefused};
/// use messenger_db::queries::blocks;
///
/// assert!(blocks::block(conn, alice, mallory.user_id())?);
/// // Mallory is not told that it is a block.
/// assert_eq!(contacts::request(conn, mallory, alice.user_id()), Err(Error::Refused(RequestRefused::NoSuchAccount)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn block(conn: &mut PgConnection, actor: Actor, blocked: UserId) -> Result<bool, Error<BlockRefused>> {
    let blocker = actor.user_id();
    conn.transaction(|conn| {
        if hold_open(conn, &[blocker, blocked])?.is_some() {
            return Err(Error::Refused(BlockRefused::NoSuchAccount));
        }
        let made = diesel::insert_into(blocks::table)
            .values(NewBlock { blocker_id: blocker, blocked_id: blocked })
            .on_conflict_do_nothing()
            .execute(conn)?;
        if made > 0 {
            user_changes::record(conn, &[blocker], UserChangeKind::BlockChanged, About::other(blocked))?;
        }
        Ok(made > 0)
    })
}

/// Takes a block back, and says whether there was one. A block by the other stays.
///
/// Who was blocked sees presence, picture and receipts again. If the two are contacts or have a chat in common, that user finds
/// the profile among their [`changes`](crate::queries::changes).
///
/// A transaction; locks both accounts' rows `FOR UPDATE`, in the order of their keys, so that neither changes their picture,
/// becomes a contact or comes into a chat meanwhile; then the counters of the logs of the blocker and of who was blocked.
/// Indexes: `users_pkey`, `blocks_pkey`, `contacts_pkey`, `chat_participants_active_idx`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let mallory = messenger_db::doctest::user(conn, "mallory");
/// use messenger_db::queries::blocks;
///
/// blocks::block(conn, alice, mallory.user_id())?;
/// assert!(blocks::unblock(conn, alice, mallory.user_id())?);
/// assert!(!blocks::unblock(conn, alice, mallory.user_id())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn unblock(conn: &mut PgConnection, actor: Actor, blocked: UserId) -> QueryResult<bool> {
    let blocker = actor.user_id();
    conn.transaction(|conn| {
        hold_alone(conn, &[blocker, blocked])?;
        let was_there = diesel::delete(blocks::table.find((blocker, blocked))).execute(conn)? > 0;
        if was_there {
            user_changes::record_unblock(conn, blocker, blocked)?;
        }
        Ok(was_there)
    })
}

/// Whom the user has blocked, the last blocked first.
///
/// One statement, no lock; uses the index `blocks_pkey`, `blocks_blocked_idx` and `users_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let mallory = messenger_db::doctest::user(conn, "mallory");
/// use messenger_db::queries::blocks;
///
/// blocks::block(conn, alice, mallory.user_id())?;
/// assert_eq!(blocks::all(conn, alice)?[0].profile.id, mallory.user_id());
/// assert_eq!(blocks::all(conn, mallory)?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all(conn: &mut PgConnection, actor: Actor) -> QueryResult<Vec<ListedBlock>> {
    let blocker = actor.user_id();
    let mut listed: Vec<ListedBlock> = blocks::table
        .inner_join(users::table.on(users::id.eq(blocks::blocked_id)))
        .left_join(presence_entries::table.on(presence_entries::user_id.eq(users::id)))
        .filter(blocks::blocker_id.eq(blocker))
        .order((blocks::created_at.desc(), blocks::blocked_id))
        .select((seen_by(blocker), blocks::created_at))
        .load(conn)?;
    profile::complete(conn, listed.iter_mut().map(|block| &mut block.profile))?;
    Ok(listed)
}

/// Removes the blocks by a user and against them, and gives who had blocked them: for an account that is closed. The
/// caller logs it for these.
///
/// In a transaction, which holds the account's row, so that there are none later.
pub(crate) fn remove_all(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<UserId>> {
    let by_or_against = blocks::blocker_id.eq(user).or(blocks::blocked_id.eq(user));
    let held: Vec<(UserId, UserId)> = blocks::table
        .filter(by_or_against)
        .order((blocks::blocker_id, blocks::blocked_id))
        .select((blocks::blocker_id, blocks::blocked_id))
        .for_update()
        .load(conn)?;
    if !held.is_empty() {
        diesel::delete(blocks::table.filter(by_or_against)).execute(conn)?;
    }
    Ok(held.into_iter().map(|(blocker, _)| blocker).filter(|&blocker| blocker != user).collect())
}

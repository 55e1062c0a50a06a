//! The conditions that several families share: who is a member now, which account is open, who has blocked whom.

use diesel::dsl::{auto_type, not};
use diesel::prelude::*;

use crate::ids::{ChatId, UserId};
use crate::queries::visibility::MayAdd;
use crate::schema::{blocks, chat_participants, users};
use crate::views::local_users;

/// The row of `chat_participants` belongs to a member that the chat has now.
#[auto_type]
pub(super) fn is_member_of(chat_id: ChatId) -> _ {
    chat_participants::chat_id.eq(chat_id).and(chat_participants::left_at.is_null())
}

/// The row of `chat_participants` says that this user is a member of the chat now.
#[auto_type]
pub(super) fn is_member(chat_id: ChatId, user_id: UserId) -> _ {
    let in_chat: is_member_of = is_member_of(chat_id);
    in_chat.and(chat_participants::user_id.eq(user_id))
}

/// The membership of a user in a chat, if the user is a member now; for `EXISTS`.
#[auto_type(no_type_alias)]
pub(super) fn membership(chat_id: ChatId, user_id: UserId) -> _ {
    let member: is_member = is_member(chat_id, user_id);
    chat_participants::table.filter(member).select(chat_participants::user_id)
}

/// The account, if it is open.
#[auto_type(no_type_alias)]
pub(super) fn open_account(user_id: UserId) -> _ {
    users::table.filter(users::id.eq(user_id)).filter(users::deleted_at.is_null())
}

/// The row of an account, if it is open, to be locked.
#[auto_type(no_type_alias)]
pub(super) fn open_account_to_lock(user_id: UserId) -> _ {
    local_users::table.filter(local_users::id.eq(user_id)).filter(local_users::deleted_at.is_null())
}

/// Holds these accounts open until the transaction ends, and gives one of them that does not exist or is closed.
///
/// Every operation that ties something to an account (a membership, a contact, a block) calls this first: closing an
/// account ends what is tied to it then, and nothing may be tied to it later.
///
/// Locks the accounts' rows `FOR KEY SHARE` in the order of their keys, as the foreign keys that follow do, so that
/// only closing an account waits; presence does not. Whether they are open is asked under the lock, by a statement of its own: the
/// one that locks gives a row as it was when it began, where a profile was changed meanwhile.
pub(super) fn hold_open(conn: &mut PgConnection, accounts: &[UserId]) -> QueryResult<Option<UserId>> {
    let known = local_users::table.filter(local_users::id.eq_any(accounts)).order(local_users::id);
    known.clone().select(local_users::id).for_key_share().load::<UserId>(conn)?;
    let open: Vec<UserId> = known.filter(local_users::deleted_at.is_null()).select(local_users::id).load(conn)?;
    Ok(accounts.iter().copied().find(|account| open.binary_search(account).is_err()))
}

/// Keeps others from tying anything to these accounts, and from changing their profiles, until the transaction ends: whoever has
/// begun is waited for. What is asked afterwards, by statements of their own, is as it stays. That an account is closed, or does
/// not exist, is no matter.
///
/// Locks the accounts' rows `FOR UPDATE` in the order of their keys, as [`hold_open`] does.
pub(super) fn hold_alone(conn: &mut PgConnection, accounts: &[UserId]) -> QueryResult<()> {
    let known = local_users::table.filter(local_users::id.eq_any(accounts)).order(local_users::id);
    known.select(local_users::id).for_update().load::<UserId>(conn)?;
    Ok(())
}

/// The blocks between two users, in either direction.
#[auto_type(no_type_alias)]
pub(super) fn blocks_between(one: UserId, other: UserId) -> _ {
    let forth = blocks::blocker_id.eq(one).and(blocks::blocked_id.eq(other));
    let back = blocks::blocker_id.eq(other).and(blocks::blocked_id.eq(one));
    blocks::table.filter(forth.or(back))
}

/// One of these users who does not let the other add them to groups.
pub(super) fn not_addable_among(conn: &mut PgConnection, by: UserId, users: &[UserId]) -> QueryResult<Option<UserId>> {
    users::table
        .filter(users::id.eq_any(users).and(not(MayAdd(by))))
        .order(users::id)
        .select(users::id)
        .first(conn)
        .optional()
}

/// Who of two keeps them from having anything to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// The user has blocked the other.
    Own,
    /// The other has blocked the user, who is not to learn of it.
    Others,
}

/// Whether the user has blocked the other, or else the other the user.
pub(super) fn silence(conn: &mut PgConnection, user: UserId, other: UserId) -> QueryResult<Option<Silence>> {
    let blockers: Vec<UserId> = blocks_between(user, other).select(blocks::blocker_id).load(conn)?;
    Ok(match blockers.as_slice() {
        [] => None,
        blockers if blockers.contains(&user) => Some(Silence::Own),
        _ => Some(Silence::Others),
    })
}

/// One of the others whom the user has blocked, or who has blocked the user, and which of the two it is.
pub(super) fn blocked_among(
    conn: &mut PgConnection,
    user: UserId,
    others: &[UserId],
) -> QueryResult<Option<(UserId, Silence)>> {
    let forth = blocks::blocker_id.eq(user).and(blocks::blocked_id.eq_any(others));
    let back = blocks::blocked_id.eq(user).and(blocks::blocker_id.eq_any(others));
    let block = blocks::table
        .filter(forth.or(back))
        // Those of the user's own first.
        .order(blocks::blocker_id.ne(user))
        .select((blocks::blocker_id, blocks::blocked_id))
        .first::<(UserId, UserId)>(conn)
        .optional()?;
    Ok(block
        .map(|(blocker, blocked)| if blocker == user { (blocked, Silence::Own) } else { (blocker, Silence::Others) }))
}

/// Keys for a statement that reads those of an array: when there are fewer than ten, the last one once more, until there are.
///
/// Ten is what PostgreSQL assumes of an array that it does not know (`estimate_array_length`). With fewer, planning for these
/// few at each call seems cheaper to it than the plan that it has, and takes ten times as long as carrying it out.
pub(super) fn ten_at_least<T: Copy>(keys: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut keys: Vec<T> = keys.into_iter().collect();
    if let Some(last) = keys.last().copied() {
        keys.resize(keys.len().max(10), last);
    }
    keys
}

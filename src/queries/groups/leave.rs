//! Leaves a group: another member succeeds its owner, and a group without members is deleted.

use diesel::prelude::*;

use super::super::messages::system::{self, Event};
use super::super::user_changes::{self, About};
use super::{delete, lock, members};
use crate::actor::Actor;
use crate::enums::{ParticipantRole, UserChangeKind};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::models::Message;
use crate::queries::predicates::is_member_of;
use crate::schema::chat_participants;
use crate::version::Version;

/// What happened when somebody left.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Left {
    /// The new owner, if it was the owner who left and somebody remains.
    pub successor: Option<UserId>,
    /// The system messages, in their order: that the user left, and who is the owner now; or that the group was deleted.
    pub messages: Vec<Message>,
}

/// Why somebody did not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeaveRefused {
    /// The user is not a member of such a group.
    #[error("the user is not a member of the group")]
    NotAMember,
}

refusals! { LeaveRefused {
    NotAMember: Forbidden = "not_a_member",
} }

/// Leaves a group. What the user said stays.
///
/// The owner is succeeded by the admin who has been in the group longest, or else by the member who has. When nobody
/// remains, the group is deleted. A direct chat cannot be left.
///
/// A transaction. It locks the group, the memberships of the user and the successor, the head and the user's
/// position, and the counter of the user's log; a send of the user's that is under way is waited for. Index: the primary keys, and
/// all memberships of the group when the owner leaves.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](LeaveRefused::NotAMember): the user is not a member of such a group.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::queries::groups::{self, NewGroup};
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id(), carol.user_id()]))?.id;
/// groups::promote(conn, alice, group, carol.user_id())?;
/// // The owner leaves, and the admin is the owner now.
/// assert_eq!(groups::leave(conn, alice, group)?.successor, Some(carol.user_id()));
/// assert_eq!(groups::leave(conn, bob, group)?.successor, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn leave(conn: &mut PgConnection, actor: Actor, chat_id: ChatId) -> Result<Left, Error<LeaveRefused>> {
    let user_id = actor.user_id();
    conn.transaction(|conn| {
        let role = lock::role_of(conn, chat_id, user_id)?.ok_or(Error::Refused(LeaveRefused::NotAMember))?;
        let left = depart(conn, chat_id, user_id, role)?;
        user_changes::record(conn, &[user_id], UserChangeKind::MembershipEnded, About::chat(chat_id))?;
        Ok(left)
    })
}

/// Leaves a group, if the user is still a member of it, and gives the version: for an account that is closed, whose log
/// nobody reads.
///
/// In a transaction, after the user's row is locked.
pub(crate) fn leave_for_good(
    conn: &mut PgConnection,
    chat_id: ChatId,
    user_id: UserId,
) -> QueryResult<Option<Version>> {
    let Some(role) = lock::role_of(conn, chat_id, user_id)? else { return Ok(None) };
    let left = depart(conn, chat_id, user_id, role)?;
    Ok(left.messages.last().map(|message| message.version))
}

fn depart(conn: &mut PgConnection, chat_id: ChatId, user_id: UserId, role: ParticipantRole) -> QueryResult<Left> {
    let successor = if role == ParticipantRole::Owner { successor(conn, chat_id, user_id)? } else { None };
    if role == ParticipantRole::Owner && successor.is_none() {
        // Nobody else is in it, so there is nobody else to log it for.
        let deleted = delete::end(conn, chat_id, user_id)?;
        return Ok(Left { successor: None, messages: vec![deleted.message] });
    }
    let mut both = vec![user_id];
    both.extend(successor);
    lock::memberships(conn, chat_id, &both)?;
    let mut messages = vec![members::end(conn, chat_id, user_id, Event::MemberLeft { actor: user_id })?];
    if let Some(successor) = successor {
        diesel::update(chat_participants::table.find((chat_id, successor)))
            .set(chat_participants::role.eq(ParticipantRole::Owner))
            .execute(conn)?;
        messages.push(system::record(conn, chat_id, Event::OwnerChanged { actor: user_id, target: successor })?);
    }
    Ok(Left { successor, messages })
}

/// Who is the owner after the owner, in a group that is locked.
fn successor(conn: &mut PgConnection, chat_id: ChatId, owner: UserId) -> QueryResult<Option<UserId>> {
    chat_participants::table
        .filter(is_member_of(chat_id))
        .filter(chat_participants::user_id.ne(owner))
        // The enum's order is owner, admin, member.
        .order((chat_participants::role, chat_participants::joined_at, chat_participants::user_id))
        .select(chat_participants::user_id)
        .first(conn)
        .optional()
}

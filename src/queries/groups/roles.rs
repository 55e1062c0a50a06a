//! Changes who is an admin and who is the owner.

use diesel::prelude::*;

use super::super::chat_versions;
use super::super::messages::system::{self, Event};
use super::lock;
use crate::actor::Actor;
use crate::enums::ChatChangeKind;
use crate::enums::ParticipantRole::{self, Admin, Member, Owner};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::models::Message;
use crate::schema::chat_participants;

/// Why a role was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoleRefused {
    /// The actor is not a member of such a group.
    #[error("the actor is not a member of the group")]
    NotAMember,
    /// The actor is not the owner.
    #[error("only the owner may change roles")]
    NotAllowed,
    /// The user is not a member.
    #[error("the user is not a member")]
    UserNotAMember,
    /// The user is the owner, whose role changes only by passing it on.
    #[error("the user is the owner")]
    IsOwner,
}

refusals! { RoleRefused {
    NotAMember: Forbidden = "not_a_member",
    NotAllowed: Forbidden = "not_allowed",
    UserNotAMember: NotFound = "user_not_a_member",
    IsOwner: Conflict = "user_is_owner",
} }

/// Makes a member an admin, and gives the system message that says so. The owner may. Of an admin it makes no change, and
/// no system message.
///
/// A transaction. It locks the group, the membership and the head. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](RoleRefused::NotAMember): the actor is not a member of such a group.
/// * [`NotAllowed`](RoleRefused::NotAllowed): the actor is not the owner.
/// * [`UserNotAMember`](RoleRefused::UserNotAMember): the user is not a member.
/// * [`IsOwner`](RoleRefused::IsOwner): the user is the owner, whose role changes only by passing it on.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::queries::groups::{self, NewGroup};
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?.id;
/// groups::promote(conn, alice, group, bob.user_id())?;
/// // An admin adds members, too.
/// groups::add(conn, bob, group, carol.user_id())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn promote(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Option<Message>, Error<RoleRefused>> {
    let actor = actor.user_id();
    change(conn, chat_id, actor, user_id, Admin, Event::MemberPromoted { actor, target: user_id })
}

/// Makes an admin a plain member, and gives the system message that says so. The owner may, and the admin. Of a plain
/// member it makes no change, and no system message.
///
/// A transaction. It locks the group, the membership and the head. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](RoleRefused::NotAMember): the actor is not a member of such a group.
/// * [`NotAllowed`](RoleRefused::NotAllowed): the actor is not the owner.
/// * [`UserNotAMember`](RoleRefused::UserNotAMember): the user is not a member.
/// * [`IsOwner`](RoleRefused::IsOwner): the user is the owner, whose role changes only by passing it on.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::error::Error;
/// use messenger_db::queries::groups::{self, AddRefused, NewGroup};
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?.id;
/// groups::promote(conn, alice, group, bob.user_id())?;
/// groups::demote(conn, alice, group, bob.user_id())?;
/// assert_eq!(groups::add(conn, bob, group, carol.user_id()), Err(Error::Refused(AddRefused::NotAllowed)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn demote(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Option<Message>, Error<RoleRefused>> {
    let actor = actor.user_id();
    change(conn, chat_id, actor, user_id, Member, Event::MemberDemoted { actor, target: user_id })
}

fn change(
    conn: &mut PgConnection,
    chat_id: ChatId,
    actor: UserId,
    user_id: UserId,
    role: ParticipantRole,
    event: Event<'_>,
) -> Result<Option<Message>, Error<RoleRefused>> {
    conn.transaction(|conn| {
        let of_actor = lock::role_of(conn, chat_id, actor)?.ok_or(Error::Refused(RoleRefused::NotAMember))?;
        let oneself_down = actor == user_id && role == Member && of_actor != Owner;
        if of_actor != Owner && !oneself_down {
            return Err(Error::Refused(RoleRefused::NotAllowed));
        }
        let Some(member) = lock::membership(conn, chat_id, user_id)? else {
            return Err(Error::Refused(RoleRefused::UserNotAMember));
        };
        if member.role == Owner {
            return Err(Error::Refused(RoleRefused::IsOwner));
        }
        if member.role == role {
            return Ok(None);
        }
        set(conn, chat_id, user_id, role)?;
        Ok(Some(system::record(conn, chat_id, event)?))
    })
}

/// Makes another member the owner, and the owner an admin, and gives the system message that says so. The owner may.
///
/// A transaction. It locks the group, both memberships and the head. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](RoleRefused::NotAMember): the actor is not a member of such a group.
/// * [`NotAllowed`](RoleRefused::NotAllowed): the actor is not the owner.
/// * [`UserNotAMember`](RoleRefused::UserNotAMember): the user is not a member.
/// * [`IsOwner`](RoleRefused::IsOwner): the user is the owner, whose role changes only by passing it on.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::error::Error;
/// use messenger_db::queries::groups::{self, DeleteRefused, NewGroup};
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?.id;
/// groups::transfer_ownership(conn, alice, group, bob.user_id())?;
/// assert_eq!(groups::delete(conn, alice, group), Err(Error::Refused(DeleteRefused::NotAllowed)));
/// groups::delete(conn, bob, group)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn transfer_ownership(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Message, Error<RoleRefused>> {
    let actor = actor.user_id();
    conn.transaction(|conn| {
        match lock::role_of(conn, chat_id, actor)? {
            None => return Err(Error::Refused(RoleRefused::NotAMember)),
            Some(Owner) => {}
            Some(Admin | Member) => return Err(Error::Refused(RoleRefused::NotAllowed)),
        }
        if actor == user_id {
            return Err(Error::Refused(RoleRefused::IsOwner));
        }
        if lock::memberships(conn, chat_id, &[actor, user_id])?.len() < 2 {
            return Err(Error::Refused(RoleRefused::UserNotAMember));
        }
        // In this order: there is never more than one owner, not even for a statement.
        set(conn, chat_id, actor, Admin)?;
        set(conn, chat_id, user_id, Owner)?;
        chat_versions::next(conn, chat_id, ChatChangeKind::RoleChanged, None, Some(actor))?;
        Ok(system::record(conn, chat_id, Event::OwnerChanged { actor, target: user_id })?)
    })
}

fn set(conn: &mut PgConnection, chat_id: ChatId, user_id: UserId, role: ParticipantRole) -> QueryResult<usize> {
    diesel::update(chat_participants::table.find((chat_id, user_id)))
        .set(chat_participants::role.eq(role))
        .execute(conn)
}

//! Adds members to a group and removes them.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::super::functions::greatest;
use super::super::messages::system::{self, Event};
use super::super::user_changes::{self, About};
use super::{lock, strangers};
use crate::actor::Actor;
use crate::enums::{ParticipantRole, UserChangeKind};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::models::{ChatParticipant, Message, NewUnreadMessages};
use crate::queries::predicates::{Silence, blocked_among, hold_open, not_addable_among};
use crate::schema::{chat_participants, chats, unread_messages};
use crate::seq::Seq;

/// A member who was added.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    /// The membership.
    pub member: ChatParticipant,
    /// The system message that says so.
    pub message: Message,
}

/// Why a user was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddRefused {
    /// The actor is not a member of such a group.
    #[error("the actor is not a member of the group")]
    NotAMember,
    /// The actor is a plain member.
    #[error("only the owner and admins may add members")]
    NotAllowed,
    /// The user does not exist, or has closed the account; or has blocked the actor, which is not told apart.
    #[error("there is no such user")]
    UserNotFound,
    /// The actor has blocked the user.
    #[error("the actor has blocked the user")]
    Blocked,
    /// The user does not let the actor add them to groups.
    #[error("the user does not let the actor add them to groups")]
    NotAddable,
    /// Others who are no contacts of the user have added them 50 times within a day, and the actor is no contact either.
    #[error("strangers have added the user 50 times within a day")]
    AddedTooOften,
    /// The user is a member.
    #[error("the user is a member already")]
    AlreadyAMember,
    /// The group has 300 members.
    #[error("a group has at most 300 members")]
    Full,
}

refusals! { AddRefused {
    NotAMember: Forbidden = "not_a_member",
    NotAllowed: Forbidden = "not_allowed",
    UserNotFound: NotFound = "user_not_found",
    Blocked: Forbidden = "blocked",
    NotAddable: Forbidden = "user_not_addable",
    AddedTooOften: Conflict = "user_added_too_often",
    AlreadyAMember: Conflict = "already_a_member",
    Full: Conflict = "group_full" if "chats_member_count_check",
} }

/// Why a member was not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveRefused {
    /// The actor is not a member of such a group.
    #[error("the actor is not a member of the group")]
    NotAMember,
    /// The actor is a plain member, or an admin who would remove the owner or another admin.
    #[error("only the owner may remove anyone, and admins may remove plain members")]
    NotAllowed,
    /// The user is not a member.
    #[error("the user is not a member")]
    UserNotAMember,
    /// To remove oneself is to leave.
    #[error("members do not remove themselves, they leave")]
    Oneself,
}

refusals! { RemoveRefused {
    NotAMember: Forbidden = "not_a_member",
    NotAllowed: Forbidden = "not_allowed",
    UserNotAMember: NotFound = "user_not_a_member",
    Oneself: Invalid = "oneself",
} }

/// Adds a user to a group as a plain member, for the first time or again, with nothing unread.
///
/// The owner and admins may. A user who has blocked the actor cannot be pulled into a group by them, nor can the actor
/// pull in whom they have blocked; that two other members have blocked each other does not matter. The new member can read all
/// that was said before, unless the group was made with [`newcomers_see_all`](super::NewGroup::newcomers_see_all) false: then what
/// is said from here on.
///
/// Those who are no contacts of a user add them [`MAX_ADDED_BY_STRANGERS`](super::MAX_ADDED_BY_STRANGERS) times within a day, all
/// together; contacts do as often as they like.
///
/// A transaction. It locks the user, so that the account is not closed meanwhile, the group, the membership, the head and
/// the counter of the user's log. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](AddRefused::NotAMember): the actor is not a member of such a group.
/// * [`NotAllowed`](AddRefused::NotAllowed): the actor is a plain member.
/// * [`UserNotFound`](AddRefused::UserNotFound): the user does not exist, or has closed the account; or has blocked
///   the actor, which is not told apart.
/// * [`Blocked`](AddRefused::Blocked): the actor has blocked the user.
/// * [`NotAddable`](AddRefused::NotAddable): the user does not let the actor add them to groups.
/// * [`AddedTooOften`](AddRefused::AddedTooOften): others who are no contacts of the user have added them 50 times within a
///   day, and the actor is no contact either.
/// * [`AlreadyAMember`](AddRefused::AlreadyAMember): the user is a member.
/// * [`Full`](AddRefused::Full): the group has 300 members.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::queries::groups::{self, NewGroup};
/// use messenger_db::queries::unread;
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?.id;
/// groups::add(conn, alice, group, carol.user_id())?;
/// // All that was said can be read, and none of it is unread.
/// assert_eq!(unread::find(conn, carol, group)?, Some(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn add(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Added, Error<AddRefused>> {
    let actor = actor.user_id();
    conn.transaction(|conn| {
        let missing = hold_open(conn, &[user_id])?;
        match lock::role_of(conn, chat_id, actor)? {
            None => return Err(Error::Refused(AddRefused::NotAMember)),
            Some(ParticipantRole::Member) => return Err(Error::Refused(AddRefused::NotAllowed)),
            Some(ParticipantRole::Owner | ParticipantRole::Admin) => {}
        }
        if missing.is_some() {
            return Err(Error::Refused(AddRefused::UserNotFound));
        }
        if lock::membership(conn, chat_id, user_id)?.is_some() {
            return Err(Error::Refused(AddRefused::AlreadyAMember));
        }
        match blocked_among(conn, actor, &[user_id])? {
            None => {}
            Some((_, Silence::Own)) => return Err(Error::Refused(AddRefused::Blocked)),
            Some((_, Silence::Others)) => return Err(Error::Refused(AddRefused::UserNotFound)),
        }
        if not_addable_among(conn, actor, &[user_id])?.is_some() {
            return Err(Error::Refused(AddRefused::NotAddable));
        }
        if strangers::added_too_often(conn, actor, &[user_id])?.is_some() {
            return Err(Error::Refused(AddRefused::AddedTooOften));
        }
        diesel::update(chats::table.find(chat_id))
            .set(chats::member_count.eq(chats::member_count + 1))
            .execute(conn)?;
        let message = system::record(conn, chat_id, Event::MemberAdded { actor, target: user_id })?;
        let seq = message.seq;
        let sees_all: bool = chats::table.find(chat_id).select(chats::newcomers_see_all).first(conn)?;
        let seen_after = if sees_all { Seq::ZERO } else { seq.previous() };
        let member = diesel::insert_into(chat_participants::table)
            .values((
                chat_participants::chat_id.eq(chat_id),
                chat_participants::user_id.eq(user_id),
                chat_participants::joined_at.eq(message.created_at),
                chat_participants::joined_seq.eq(seq),
                chat_participants::seen_after_seq.eq(seen_after),
            ))
            .on_conflict((chat_participants::chat_id, chat_participants::user_id))
            .do_update()
            // What a new row has by default, for one who was here before.
            .set((
                chat_participants::role.eq(excluded(chat_participants::role)),
                chat_participants::joined_at.eq(excluded(chat_participants::joined_at)),
                chat_participants::joined_seq.eq(excluded(chat_participants::joined_seq)),
                chat_participants::left_at.eq(excluded(chat_participants::left_at)),
                chat_participants::left_seq.eq(excluded(chat_participants::left_seq)),
                chat_participants::seen_after_seq
                    .eq(greatest(chat_participants::seen_after_seq, excluded(chat_participants::seen_after_seq))),
            ))
            .returning(ChatParticipant::as_returning())
            .get_result(conn)?;
        diesel::insert_into(unread_messages::table)
            .values(NewUnreadMessages { user_id, chat_id, last_read_seq: seq, last_delivered_seq: seq })
            .execute(conn)?;
        user_changes::record(conn, &[user_id], UserChangeKind::MembershipBegan, About::chat(chat_id))?;
        if strangers::count_added(conn, actor, &[user_id])?.is_some() {
            return Err(Error::Refused(AddRefused::AddedTooOften));
        }
        Ok(Added { member, message })
    })
}

/// Removes a member from a group, and gives the system message that says so. What they said stays; a send of theirs that
/// is under way is waited for.
///
/// The owner may remove anyone, an admin a plain member. The last word about oneself is [`leave`](super::leave).
///
/// A transaction. It locks the group, the membership, the head, the member's position and the counter of their log. Index: the
/// primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](RemoveRefused::NotAMember): the actor is not a member of such a group.
/// * [`NotAllowed`](RemoveRefused::NotAllowed): the actor is a plain member, or an admin who would remove the owner or
///   another admin.
/// * [`UserNotAMember`](RemoveRefused::UserNotAMember): the user is not a member.
/// * [`Oneself`](RemoveRefused::Oneself): members do not remove themselves, they leave.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::error::Error;
/// use messenger_db::queries::groups::{self, NewGroup, RemoveRefused};
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id(), carol.user_id()]))?.id;
/// assert_eq!(groups::remove(conn, bob, group, carol.user_id()), Err(Error::Refused(RemoveRefused::NotAllowed)));
/// groups::remove(conn, alice, group, carol.user_id())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn remove(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Message, Error<RemoveRefused>> {
    let actor = actor.user_id();
    conn.transaction(|conn| {
        let Some(role) = lock::role_of(conn, chat_id, actor)? else {
            return Err(Error::Refused(RemoveRefused::NotAMember));
        };
        if actor == user_id {
            return Err(Error::Refused(RemoveRefused::Oneself));
        }
        if role == ParticipantRole::Member {
            return Err(Error::Refused(RemoveRefused::NotAllowed));
        }
        let Some(member) = lock::membership(conn, chat_id, user_id)? else {
            return Err(Error::Refused(RemoveRefused::UserNotAMember));
        };
        if role == ParticipantRole::Admin && member.role != ParticipantRole::Member {
            return Err(Error::Refused(RemoveRefused::NotAllowed));
        }
        let message = end(conn, chat_id, user_id, Event::MemberRemoved { actor, target: user_id })?;
        user_changes::record(conn, &[user_id], UserChangeKind::MembershipEnded, About::chat(chat_id))?;
        Ok(message)
    })
}

/// Ends a membership that is locked, in a group that is locked, and records why. The caller logs it for the user.
pub(super) fn end(conn: &mut PgConnection, chat_id: ChatId, user_id: UserId, event: Event<'_>) -> QueryResult<Message> {
    diesel::update(chats::table.find(chat_id)).set(chats::member_count.eq(chats::member_count - 1)).execute(conn)?;
    let message = system::record(conn, chat_id, event)?;
    diesel::update(chat_participants::table.find((chat_id, user_id)))
        .set((
            chat_participants::left_at.eq(message.created_at),
            chat_participants::left_seq.eq(message.seq.previous()),
        ))
        .execute(conn)?;
    diesel::delete(unread_messages::table.find((user_id, chat_id))).execute(conn)?;
    Ok(message)
}

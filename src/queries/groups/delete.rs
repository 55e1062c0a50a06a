//! Deletes a group, for all its members at once.

use diesel::prelude::*;

use super::super::messages::system::{self, Event};
use super::super::user_changes::{self, About};
use super::lock;
use crate::actor::Actor;
use crate::enums::{ParticipantRole, UserChangeKind};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::models::Message;
use crate::queries::predicates::is_member_of;
use crate::schema::{chat_participants, chats, unread_messages};

/// A group that was deleted.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Deleted {
    /// The system message, the last of the group; its version is the group's last.
    pub message: Message,
    /// Who was a member until then, in the order of their ids.
    pub members: Vec<UserId>,
}

/// Why a group was not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeleteRefused {
    /// The actor is not a member of such a group.
    #[error("the actor is not a member of the group")]
    NotAMember,
    /// The actor is not the owner.
    #[error("only the owner may delete the group")]
    NotAllowed,
}

refusals! { DeleteRefused {
    NotAMember: Forbidden = "not_a_member",
    NotAllowed: Forbidden = "not_allowed",
} }

/// Deletes a group: all memberships end, its link is free again, and nobody reads or writes there any more. Gives whose
/// membership ended.
///
/// The owner may. Its rows stay until they are purged.
///
/// A transaction. It locks the group, all its memberships in the order of the users' ids, the head and the members'
/// positions, and the counters of their logs; sends that are under way are waited for, and every later one is refused.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](DeleteRefused::NotAMember): the actor is not a member of such a group.
/// * [`NotAllowed`](DeleteRefused::NotAllowed): the actor is not the owner.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::page::Limit;
/// use messenger_db::queries::groups::{self, NewGroup};
/// use messenger_db::queries::inbox;
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?.id;
/// groups::delete(conn, alice, group)?;
/// assert_eq!(inbox::list(conn, bob, None, Limit::default())?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn delete(conn: &mut PgConnection, actor: Actor, chat_id: ChatId) -> Result<Deleted, Error<DeleteRefused>> {
    let actor = actor.user_id();
    conn.transaction(|conn| match lock::role_of(conn, chat_id, actor)? {
        None => Err(Error::Refused(DeleteRefused::NotAMember)),
        Some(ParticipantRole::Owner) => {
            let deleted = end(conn, chat_id, actor)?;
            user_changes::record(conn, &deleted.members, UserChangeKind::MembershipEnded, About::chat(chat_id))?;
            Ok(deleted)
        }
        Some(_) => Err(Error::Refused(DeleteRefused::NotAllowed)),
    })
}

/// Ends a group that is locked. The caller logs it for the members.
pub(super) fn end(conn: &mut PgConnection, chat_id: ChatId, actor: UserId) -> QueryResult<Deleted> {
    let members: Vec<UserId> = chat_participants::table
        .filter(is_member_of(chat_id))
        .order(chat_participants::user_id)
        .select(chat_participants::user_id)
        .for_no_key_update()
        .load(conn)?;
    let message = system::record(conn, chat_id, Event::GroupDeleted { actor })?;
    diesel::update(chats::table.find(chat_id))
        .set((
            chats::deleted_at.eq(message.created_at),
            chats::updated_at.eq(message.created_at),
            chats::slug.eq(None::<&str>),
            chats::member_count.eq(0),
        ))
        .execute(conn)?;
    diesel::update(chat_participants::table)
        .filter(is_member_of(chat_id))
        .set((
            chat_participants::left_at.eq(message.created_at),
            chat_participants::left_seq.eq(message.seq.previous()),
        ))
        .execute(conn)?;
    // In the order of the users: a DELETE of several takes them as they lie.
    unread_messages::table
        .filter(unread_messages::chat_id.eq(chat_id))
        .order(unread_messages::user_id)
        .select(unread_messages::user_id)
        .for_update()
        .load::<UserId>(conn)?;
    diesel::delete(unread_messages::table)
        .filter(unread_messages::chat_id.eq(chat_id).and(unread_messages::user_id.eq_any(&members)))
        .execute(conn)?;
    Ok(Deleted { message, members })
}

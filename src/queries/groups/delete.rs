//! Deletes a group, for all its members at once.

use diesel::dsl::now;
use diesel::prelude::*;

use super::super::messages::system::{self, Event};
use super::lock;
use crate::actor::Actor;
use crate::enums::ParticipantRole;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::queries::predicates::is_member_of;
use crate::schema::{chat_participants, chats, unread_messages};

/// Why a group was not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeleteRefused {
    /// The actor is not a member of such a group.
    #[error("the actor is not a member of the group")]
    NotAMember,
    /// The actor is not the owner.
    #[error("only the owner deletes the group")]
    NotAllowed,
}

refusals! { DeleteRefused {
    NotAMember: Forbidden = "not_a_member",
    NotAllowed: Forbidden = "not_allowed",
} }

/// Deletes a group: all memberships end, its link is free again, and nobody reads or writes there any more.
///
/// The owner may. Its rows stay until they are purged.
///
/// A transaction. It locks the group, all its memberships in the order of the users' ids, the head and the members'
/// positions; sends that are under way are waited for, and every later one is refused.
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
pub fn delete(conn: &mut PgConnection, actor: Actor, chat_id: ChatId) -> Result<(), Error<DeleteRefused>> {
    let actor = actor.user_id();
    conn.transaction(|conn| match lock::role_of(conn, chat_id, actor)? {
        None => Err(Error::Refused(DeleteRefused::NotAMember)),
        Some(ParticipantRole::Owner) => Ok(end(conn, chat_id, actor)?),
        Some(_) => Err(Error::Refused(DeleteRefused::NotAllowed)),
    })
}

/// Ends a group that is locked.
pub(super) fn end(conn: &mut PgConnection, chat_id: ChatId, actor: UserId) -> QueryResult<()> {
    let members: Vec<UserId> = chat_participants::table
        .filter(is_member_of(chat_id))
        .order(chat_participants::user_id)
        .select(chat_participants::user_id)
        .for_no_key_update()
        .load(conn)?;
    diesel::update(chats::table.find(chat_id))
        .set((chats::deleted_at.eq(now), chats::slug.eq(None::<&str>), chats::member_count.eq(0)))
        .execute(conn)?;
    let seq = system::record(conn, chat_id, Event::GroupDeleted { actor })?;
    diesel::update(chat_participants::table)
        .filter(is_member_of(chat_id))
        .set((chat_participants::left_at.eq(now), chat_participants::left_seq.eq(seq.previous())))
        .execute(conn)?;
    diesel::delete(unread_messages::table)
        .filter(unread_messages::chat_id.eq(chat_id).and(unread_messages::user_id.eq_any(members)))
        .execute(conn)?;
    Ok(())
}

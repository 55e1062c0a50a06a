//! Locks what an operation on a group needs: the group first, then the memberships that it is about.

use diesel::prelude::*;

use crate::enums::{ChatKind, ParticipantRole};
use crate::ids::{ChatId, UserId};
use crate::models::ChatParticipant;
use crate::queries::predicates::is_member;
use crate::schema::chat_participants;
use crate::views::local_chats;

/// Locks a group against every other change of it or its members. `false`: there is no such group, or it was deleted.
pub(super) fn group(conn: &mut PgConnection, chat_id: ChatId) -> QueryResult<bool> {
    let locked = local_chats::table
        .find(chat_id)
        .filter(local_chats::deleted_at.is_null().and(local_chats::kind.eq(ChatKind::Group)))
        .select(local_chats::id)
        .for_no_key_update()
        .first::<ChatId>(conn)
        .optional()?;
    Ok(locked.is_some())
}

/// The membership of a user in a group that is locked, locked itself. A send, an edit, a deletion or a reaction of theirs
/// that is under way is waited for at the head.
pub(super) fn membership(
    conn: &mut PgConnection,
    chat_id: ChatId,
    user_id: UserId,
) -> QueryResult<Option<ChatParticipant>> {
    Ok(memberships(conn, chat_id, &[user_id])?.pop())
}

/// The memberships of some users in a group that is locked, locked themselves in the order of the users' ids.
pub(super) fn memberships(
    conn: &mut PgConnection,
    chat_id: ChatId,
    users: &[UserId],
) -> QueryResult<Vec<ChatParticipant>> {
    chat_participants::table
        .filter(chat_participants::chat_id.eq(chat_id).and(chat_participants::user_id.eq_any(users)))
        .filter(chat_participants::left_at.is_null())
        .order(chat_participants::user_id)
        .select(ChatParticipant::as_select())
        .for_no_key_update()
        .load(conn)
}

/// Locks a group and says what the actor is in it. `None`: nothing, or there is no such group.
pub(super) fn role_of(conn: &mut PgConnection, chat_id: ChatId, actor: UserId) -> QueryResult<Option<ParticipantRole>> {
    if !group(conn, chat_id)? {
        return Ok(None);
    }
    // Roles and memberships change under the group's lock only, so this needs no lock of its own.
    chat_participants::table.filter(is_member(chat_id, actor)).select(chat_participants::role).first(conn).optional()
}

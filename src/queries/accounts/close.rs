//! Closes an account: nothing that names the person stays, and what they said does.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use ipnet::IpNet;

use crate::actor::Actor;
use crate::enums::{ChatChangeKind, ChatKind, UserChangeKind};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, SessionId, UserId, sql_types as sql};
use crate::models::{ClosedUser, UserSession};
use crate::queries::accounts::reserved;
use crate::queries::functions::transaction_start;
use crate::queries::predicates::open_account_to_lock;
use crate::queries::statement::statement;
use crate::queries::user_changes::{self, About};
use crate::queries::{blocks, chat_versions, contacts, groups};
use crate::schema::{
    chat_heads, chat_participants, chats, push_tokens, unread_messages, user_presence, user_sessions, users,
};
use crate::seq::Seq;
use crate::version::Version;
use crate::views::{local_user_sessions, local_users};

/// An account that was closed: who must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The chats that it left, in the order of their ids, and the version of each then.
    pub chats: Vec<(ChatId, Version)>,
    /// Whose contact it was, or who had asked it, or been asked.
    pub contacts: Vec<UserId>,
    /// The sessions that were ended, so that the sockets they have open can be closed.
    pub sessions: Vec<UserSession>,
}

/// Why an account was not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseRefused {
    /// There is no such account, or it is closed already.
    #[error("there is no such account")]
    NoSuchAccount,
}

refusals! { CloseRefused {
    NoSuchAccount: NotFound = "account_not_found",
} }

statement! {
    /// Lists the picture of the profile as a file that nothing needs any more.
    QueueAvatar { user: UserId as sql::UserId } -> (Text,) = "avatar.sql"
}

/// Closes an account for good. Its row stays without a name, a password and a picture, so that the messages it sent
/// keep a sender, who is shown as a deleted user. Its username stays reserved until
/// [`release_usernames`](super::release_usernames) gives it free, so that nobody is taken for the person. Its picture is on
/// the list of [unused files](crate::queries::unused_files).
///
/// Its sessions end, and what is known of their devices is forgotten; its contacts and requests go, on both sides, and
/// the blocks by it and against it; it leaves its groups as [`groups::leave`](crate::queries::groups::leave) does, with
/// a successor where it was the owner; and its membership in direct chats ends, without a word, while the other keeps
/// the history.
///
/// A transaction. It locks the account's row `FOR UPDATE` first, so that whoever is tying something to the account is
/// waited for, and whoever comes later finds it closed; then sessions, contacts and blocks; then each chat and what
/// leaving it locks, in the order of their keys; last the counters of others' logs. Presence waits meanwhile. It uses
/// `users_pkey`, `user_sessions_user_idx`, `contacts_pkey`, `blocks_pkey`, `blocks_blocked_idx` and `chat_participants_active_idx`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](CloseRefused::NoSuchAccount): there is no such account, or it is closed already.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::queries::accounts;
///
/// accounts::close(conn, alice)?;
/// let closed = accounts::get(conn, alice)?;
/// assert_eq!((closed.username, closed.password_hash), (None, None));
/// assert!(closed.deleted_at.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn close(conn: &mut PgConnection, actor: Actor) -> Result<Closed, Error<CloseRefused>> {
    let user = actor.user_id();
    conn.transaction(|conn| {
        let account = open_account_to_lock(user).select(local_users::username.assume_not_null()).for_update();
        let Some(username) = account.first::<String>(conn).optional()? else {
            return Err(Error::Refused(CloseRefused::NoSuchAccount));
        };
        let sessions = end_sessions(conn, actor)?;
        let contacts = contacts::remove_all(conn, user)?;
        let blockers = blocks::remove_all(conn, user)?;
        // Last, because other people wait for it.
        let chats = leave_chats(conn, user)?;
        QueueAvatar { user }.load::<(String,)>(conn)?;
        anonymise(conn, user)?;
        reserved::reserve_of_closed(conn, user, &username)?;
        user_changes::lock(conn, contacts.iter().chain(&blockers).copied().collect())?;
        user_changes::record(conn, &contacts, UserChangeKind::ContactChanged, About::other(user))?;
        user_changes::record(conn, &blockers, UserChangeKind::BlockChanged, About::other(user))?;
        Ok(Closed { chats, contacts, sessions })
    })
}

/// Ends the memberships, in the order of the chats' keys, as everybody locks chats.
fn leave_chats(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<(ChatId, Version)>> {
    let chats: Vec<(ChatId, ChatKind)> = chat_participants::table
        .inner_join(chats::table.on(chats::id.eq(chat_participants::chat_id)))
        .filter(chat_participants::user_id.eq(user).and(chat_participants::left_at.is_null()))
        .order(chats::id)
        .select((chats::id, chats::kind))
        .load(conn)?;
    let mut left = Vec::with_capacity(chats.len());
    for (chat_id, kind) in chats {
        left.extend(leave_chat(conn, chat_id, kind, user)?.map(|version| (chat_id, version)));
    }
    Ok(left)
}

fn leave_chat(conn: &mut PgConnection, chat_id: ChatId, kind: ChatKind, user: UserId) -> QueryResult<Option<Version>> {
    match kind {
        ChatKind::Group => groups::leave_for_good(conn, chat_id, user),
        ChatKind::Direct => leave_direct_chat(conn, chat_id, user).map(Some),
    }
}

/// Leaves one of the user's chats, in a transaction of its own, as closing the account leaves them all. `None`: the user is in
/// none. The version is none when somebody else has ended the membership meanwhile.
pub(in crate::queries) fn leave_next_chat(
    conn: &mut PgConnection,
    user: UserId,
) -> QueryResult<Option<(ChatId, Option<Version>)>> {
    conn.transaction(|conn| {
        // The account first, so that nobody closes it meanwhile.
        local_users::table.find(user).select(local_users::id).for_no_key_update().first::<UserId>(conn).optional()?;
        let chat: Option<(ChatId, ChatKind)> = chat_participants::table
            .inner_join(chats::table.on(chats::id.eq(chat_participants::chat_id)))
            .filter(chat_participants::user_id.eq(user).and(chat_participants::left_at.is_null()))
            .order(chats::id)
            .select((chats::id, chats::kind))
            .first(conn)
            .optional()?;
        let Some((chat_id, kind)) = chat else { return Ok(None) };
        Ok(Some((chat_id, leave_chat(conn, chat_id, kind, user)?)))
    })
}

/// Ends the membership in a direct chat, which records no comings and goings. The head is held, so that nothing is said
/// between the last message that was still sent to the user, and the end.
fn leave_direct_chat(conn: &mut PgConnection, chat_id: ChatId, user: UserId) -> QueryResult<Version> {
    diesel::update(chats::table.find(chat_id)).set(chats::member_count.eq(chats::member_count - 1)).execute(conn)?;
    let (version, left_at) = chat_versions::next(conn, chat_id, ChatChangeKind::MemberLeft, None, Some(user))?;
    let last_seq: Seq = chat_heads::table.find(chat_id).select(chat_heads::last_seq).first(conn)?;
    diesel::update(chat_participants::table.find((chat_id, user)))
        .set((chat_participants::left_at.eq(left_at), chat_participants::left_seq.eq(last_seq)))
        .execute(conn)?;
    diesel::delete(unread_messages::table.find((user, chat_id))).execute(conn)?;
    Ok(version)
}

/// Ends the sessions, and forgets of those that had ended before, too, what tells a person by their devices.
fn end_sessions(conn: &mut PgConnection, actor: Actor) -> QueryResult<Vec<UserSession>> {
    // Rows of sessions before those of their tokens, as everywhere; tables the other way round, as Citus locks them.
    let held = local_user_sessions::table.filter(local_user_sessions::user_id.eq(actor.user_id()));
    held.order(local_user_sessions::id).select(local_user_sessions::id).for_no_key_update().load::<SessionId>(conn)?;
    diesel::delete(push_tokens::table.filter(push_tokens::user_id.eq(actor.user_id()))).execute(conn)?;
    let sessions = crate::queries::sessions::end_all(conn, actor.user_id())?;
    diesel::update(user_sessions::table.filter(user_sessions::user_id.eq(actor.user_id())))
        .set((
            user_sessions::device_id.eq(None::<&str>),
            user_sessions::device_name.eq(None::<&str>),
            user_sessions::ip_address.eq(None::<IpNet>),
            user_sessions::user_agent.eq(None::<&str>),
            user_sessions::server_id.eq(None::<&str>),
            user_sessions::connection_id.eq(None::<&str>),
            user_sessions::connected_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)?;
    Ok(sessions)
}

fn anonymise(conn: &mut PgConnection, user: UserId) -> QueryResult<()> {
    diesel::update(users::table.find(user))
        .set((
            ClosedUser::ROW,
            users::deleted_at.eq(transaction_start().nullable()),
            users::updated_at.eq(transaction_start()),
        ))
        .execute(conn)?;
    // It is made again for open accounts only, with the account held.
    diesel::delete(user_presence::table.find(user)).execute(conn)?;
    Ok(())
}

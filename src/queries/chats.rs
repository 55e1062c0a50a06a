//! Chats as their members see them, and who else is in them.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;

use crate::actor::Actor;
use crate::enums::ParticipantRole;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::models::Chat;
use crate::queries::functions::lower;
use crate::queries::nul_character;
use crate::queries::predicates::{is_member, is_member_of};
use crate::queries::profile::{self, Profile, seen_by};
use crate::schema::{chat_participants, chats, users};
use crate::views::presence_entries;

/// A member of a chat, as the others see them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Member {
    /// Who, and whether they are there.
    pub profile: Profile,
    /// What they may do.
    pub role: ParticipantRole,
    /// Since when they are a member; of one who came back, since then.
    pub joined_at: DateTime<Utc>,
}

/// Why a chat was not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChatRefused {
    /// The reader is not a member of the chat now, or there is no such chat.
    #[error("the reader is not a member of the chat")]
    NotAMember,
}

refusals! { ChatRefused {
    NotAMember: Forbidden = "not_a_member",
} }

/// A chat, for one of its members.
///
/// One statement, which locks nothing. Index: `chat_participants_pkey` and `chats_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](ChatRefused::NotAMember): the reader is not a member of the chat now, or there is no such chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// # let eve = messenger_db::doctest::user(conn, "eve");
/// use messenger_db::enums::ChatKind;
/// use messenger_db::error::Error;
/// use messenger_db::queries::chats::{self, ChatRefused};
///
/// assert_eq!(chats::get(conn, bob, chat)?.kind, ChatKind::Direct);
/// assert_eq!(chats::get(conn, eve, chat), Err(Error::Refused(ChatRefused::NotAMember)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn get(conn: &mut PgConnection, actor: Actor, chat_id: ChatId) -> Result<Chat, Error<ChatRefused>> {
    let reader = actor.user_id();
    let chat = chat_participants::table
        .inner_join(chats::table.on(chats::id.eq(chat_participants::chat_id)))
        .filter(is_member(chat_id, reader))
        .select(Chat::as_select())
        .first(conn)
        .optional()?;
    chat.ok_or(Error::Refused(ChatRefused::NotAMember))
}

/// The group of that slug, in whatever case, if the reader is one of its members.
///
/// One statement, which locks nothing. Index: `chats_slug_key` and `chat_participants_pkey`.
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, eve] = ["alice", "bob", "eve"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::queries::chats;
/// use messenger_db::queries::groups::{self, NewGroup};
///
/// let group = groups::create(conn, alice, &NewGroup { slug: Some("hikers"), ..NewGroup::new("Hikers", &[bob.user_id()]) })?;
/// assert_eq!(chats::find_by_slug(conn, bob, "hikers")?.map(|chat| chat.id), Some(group.id));
/// assert_eq!(chats::find_by_slug(conn, eve, "hikers")?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find_by_slug(conn: &mut PgConnection, actor: Actor, slug: &str) -> QueryResult<Option<Chat>> {
    let reader = actor.user_id();
    if nul_character::in_any([Some(slug)]) {
        return Ok(None);
    }
    chats::table
        .inner_join(chat_participants::table.on(chat_participants::chat_id.eq(chats::id)))
        .filter(lower(chats::slug).eq(slug.to_ascii_lowercase()).and(chat_participants::user_id.eq(reader)))
        .filter(chat_participants::left_at.is_null())
        .select(Chat::as_select())
        .first(conn)
        .optional()
}

/// Who is in a chat: the owner, then the admins, then the others; of one role, who has been there longest first. There
/// are 300 at most.
///
/// One statement, which locks nothing. Index: `chat_participants_pkey` and `users_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](ChatRefused::NotAMember): the reader is not a member of the chat now, or there is no such chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::queries::chats;
/// use messenger_db::queries::groups::{self, NewGroup};
///
/// let group = groups::create(conn, carol, &NewGroup::new("Hikers", &[alice.user_id(), bob.user_id()]))?;
/// groups::promote(conn, carol, group.id, bob.user_id())?;
/// let members = chats::all_members(conn, alice, group.id)?;
/// let ids: Vec<_> = members.iter().map(|member| member.profile.id).collect();
/// assert_eq!(ids, [carol, bob, alice].map(|actor| actor.user_id()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all_members(conn: &mut PgConnection, actor: Actor, chat_id: ChatId) -> Result<Vec<Member>, Error<ChatRefused>> {
    let reader = actor.user_id();
    let reading = diesel::alias!(chat_participants as reading);
    let membership = reading
        .filter(reading.field(chat_participants::chat_id).eq(chat_id))
        .filter(reading.field(chat_participants::user_id).eq(reader))
        .filter(reading.field(chat_participants::left_at).is_null())
        .select(reading.field(chat_participants::user_id));
    let mut members: Vec<Member> = chat_participants::table
        .inner_join(users::table.on(users::id.eq(chat_participants::user_id)))
        .left_join(presence_entries::table.on(presence_entries::user_id.eq(users::id)))
        .filter(is_member_of(chat_id))
        .filter(exists(membership))
        .order((chat_participants::role, chat_participants::joined_at, chat_participants::user_id))
        .select((seen_by(reader), chat_participants::role, chat_participants::joined_at))
        .load(conn)?;
    profile::complete(conn, members.iter_mut().map(|member| &mut member.profile))?;
    // The reader is one of them.
    if members.is_empty() { Err(Error::Refused(ChatRefused::NotAMember)) } else { Ok(members) }
}

/// Whose devices are to be told what happens in a chat: its members now, in the order of their ids.
///
/// It is the service that asks, so nobody is asked whether they may; there is nothing to show in it.
///
/// One statement, which locks nothing. Index: `chat_participants_pkey`.
///
/// # Errors
///
/// Those of the database. A chat that does not exist, or was deleted, has no members.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::chats;
///
/// assert_eq!(chats::all_member_ids(conn, chat)?, [anna.user_id(), bob.user_id()]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all_member_ids(conn: &mut PgConnection, chat_id: ChatId) -> QueryResult<Vec<UserId>> {
    chat_participants::table
        .filter(is_member_of(chat_id))
        .order(chat_participants::user_id)
        .select(chat_participants::user_id)
        .load(conn)
}

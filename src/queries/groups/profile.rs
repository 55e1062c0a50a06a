//! Changes a group's name, picture and link, and whether newcomers see its history.

use diesel::prelude::*;

use super::super::messages::system::{self, Event};
use super::super::{nul_character, text, unused_files};
use super::lock;
use crate::actor::Actor;
use crate::enums::ParticipantRole;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::models::{Chat, ChatChanges, Message};
use crate::queries::functions::clock;
use crate::schema::chats;

/// A group that was changed.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Changed {
    /// The group as it is now.
    pub chat: Chat,
    /// The system message that says so; its version is that of the change.
    pub message: Message,
}

/// Why a group was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeRefused {
    /// The actor is not a member of such a group.
    #[error("the actor is not a member of the group")]
    NotAMember,
    /// The actor is a plain member.
    #[error("only the owner and admins may change the group")]
    NotAllowed,
    /// Nothing of the name is seen; it has more than 100 characters, or 1,000 bytes; or a control character, or one that
    /// changes the direction of text.
    #[error("a group's name has 1 to 100 characters, and no control characters or changes of direction")]
    NameRefused,
    /// The slug is not one.
    #[error("a slug has 1 to 100 letters, digits, - or _")]
    SlugRefused,
    /// Another group has the slug, in whatever case.
    #[error("another group has this slug")]
    SlugTaken,
    /// The avatar's address has more than 500 characters.
    #[error("an avatar's address has at most 500 characters")]
    AvatarRefused,
    /// A text has a NUL in it, which PostgreSQL cannot store.
    #[error("a text with a NUL in it cannot be stored")]
    ContainsNul,
}

refusals! { ChangeRefused {
    NotAMember: Forbidden = "not_a_member",
    NotAllowed: Forbidden = "not_allowed",
    NameRefused: Invalid = "name_invalid" if "chats_name_check",
    SlugRefused: Invalid = "slug_invalid" if "chats_slug_check",
    SlugTaken: Conflict = "slug_taken" if "chats_slug_key",
    AvatarRefused: Invalid = "avatar_url_too_long" if "chats_avatar_url_check",
    ContainsNul: Invalid = "contains_nul",
} }

/// Gives a group another name. The owner and admins may.
///
/// A transaction. It locks the group and the head. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](ChangeRefused::NotAMember): the actor is not a member of such a group.
/// * [`NotAllowed`](ChangeRefused::NotAllowed): the actor is a plain member.
/// * [`NameRefused`](ChangeRefused::NameRefused): nothing of the name is seen; it has more than 100 characters, or 1,000 bytes;
///   or a control character, or one that changes the direction of text.
/// * [`SlugRefused`](ChangeRefused::SlugRefused): the slug is not one.
/// * [`SlugTaken`](ChangeRefused::SlugTaken): another group has the slug, in whatever case.
/// * [`AvatarRefused`](ChangeRefused::AvatarRefused): the avatar's address has more than 500 characters.
/// * [`ContainsNul`](ChangeRefused::ContainsNul): a text has a NUL in it, which PostgreSQL cannot store.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::queries::groups::{self, NewGroup};
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?.id;
/// assert_eq!(groups::rename(conn, alice, group, "Climbers")?.chat.name.as_deref(), Some("Climbers"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rename(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    name: &str,
) -> Result<Changed, Error<ChangeRefused>> {
    let actor = actor.user_id();
    let changes = ChatChanges { name: Some(name), ..ChatChanges::default() };
    change(conn, chat_id, actor, &changes, Event::GroupRenamed { actor, name })
}

/// Gives a group another picture, or none. The owner and admins may. The picture before is on the list of
/// [unused files](crate::queries::unused_files); so the service makes the address, as that of
/// [a user](crate::queries::accounts::ProfileChanges::avatar_url), and no client chooses one.
///
/// A transaction. It locks the group and the head. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](ChangeRefused::NotAMember): the actor is not a member of such a group.
/// * [`NotAllowed`](ChangeRefused::NotAllowed): the actor is a plain member.
/// * [`NameRefused`](ChangeRefused::NameRefused): nothing of the name is seen; it has more than 100 characters, or 1,000 bytes;
///   or a control character, or one that changes the direction of text.
/// * [`SlugRefused`](ChangeRefused::SlugRefused): the slug is not one.
/// * [`SlugTaken`](ChangeRefused::SlugTaken): another group has the slug, in whatever case.
/// * [`AvatarRefused`](ChangeRefused::AvatarRefused): the avatar's address has more than 500 characters.
/// * [`ContainsNul`](ChangeRefused::ContainsNul): a text has a NUL in it, which PostgreSQL cannot store.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::queries::groups::{self, NewGroup};
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?.id;
/// let shown = groups::change_avatar(conn, alice, group, Some("https://cdn.example/summit.jpg"))?;
/// assert_eq!(shown.chat.avatar_url.as_deref(), Some("https://cdn.example/summit.jpg"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn change_avatar(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    avatar_url: Option<&str>,
) -> Result<Changed, Error<ChangeRefused>> {
    let actor = actor.user_id();
    let changes = ChatChanges { avatar_url: Some(avatar_url), ..ChatChanges::default() };
    change(conn, chat_id, actor, &changes, Event::AvatarChanged { actor })
}

/// Gives a group another name in its link, or none. The owner and admins may.
///
/// A transaction. It locks the group and the head. Index: the primary keys, and `chats_slug_key`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](ChangeRefused::NotAMember): the actor is not a member of such a group.
/// * [`NotAllowed`](ChangeRefused::NotAllowed): the actor is a plain member.
/// * [`NameRefused`](ChangeRefused::NameRefused): nothing of the name is seen; it has more than 100 characters, or 1,000 bytes;
///   or a control character, or one that changes the direction of text.
/// * [`SlugRefused`](ChangeRefused::SlugRefused): the slug is not one.
/// * [`SlugTaken`](ChangeRefused::SlugTaken): another group has the slug, in whatever case.
/// * [`AvatarRefused`](ChangeRefused::AvatarRefused): the avatar's address has more than 500 characters.
/// * [`ContainsNul`](ChangeRefused::ContainsNul): a text has a NUL in it, which PostgreSQL cannot store.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::error::Error;
/// use messenger_db::queries::groups::{self, ChangeRefused, NewGroup};
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?.id;
/// assert_eq!(groups::change_slug(conn, alice, group, Some("hikers"))?.chat.slug.as_deref(), Some("hikers"));
/// assert_eq!(groups::change_slug(conn, bob, group, None), Err(Error::Refused(ChangeRefused::NotAllowed)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn change_slug(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    slug: Option<&str>,
) -> Result<Changed, Error<ChangeRefused>> {
    let actor = actor.user_id();
    let changes = ChatChanges { slug: Some(slug), ..ChatChanges::default() };
    change(conn, chat_id, actor, &changes, Event::SlugChanged { actor, slug })
}

/// Says whether who joins the group from now on sees its history from the beginning, or from then on. Who is a member sees what
/// they saw before; of who has left and joins again, what they did not see stays so.
///
/// The owner and admins may. Without it, a group shows all of its history
/// ([`NewGroup::newcomers_see_all`](super::NewGroup::newcomers_see_all)).
///
/// A transaction. It locks the group and the head. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](ChangeRefused::NotAMember): the actor is not a member of such a group.
/// * [`NotAllowed`](ChangeRefused::NotAllowed): the actor is a plain member.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob] = ["alice", "bob"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::page::Limit;
/// use messenger_db::queries::groups::{self, NewGroup};
/// use messenger_db::queries::history;
///
/// let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[]))?.id;
/// groups::change_history(conn, alice, group, false)?;
/// let added = groups::add(conn, alice, group, bob.user_id())?.message.seq;
/// assert_eq!(history::latest(conn, bob, group, Limit::default())?.first_seq, added);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn change_history(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    newcomers_see_all: bool,
) -> Result<Changed, Error<ChangeRefused>> {
    let actor = actor.user_id();
    let changes = ChatChanges { newcomers_see_all: Some(newcomers_see_all), ..ChatChanges::default() };
    change(conn, chat_id, actor, &changes, Event::HistoryChanged { actor, newcomers_see_all })
}

fn change(
    conn: &mut PgConnection,
    chat_id: ChatId,
    actor: UserId,
    changes: &ChatChanges<'_>,
    event: Event<'_>,
) -> Result<Changed, Error<ChangeRefused>> {
    if nul_character::in_any([changes.name, changes.slug.flatten(), changes.avatar_url.flatten()]) {
        return Err(Error::Refused(ChangeRefused::ContainsNul));
    }
    if changes.name.is_some_and(text::is_long_name) {
        return Err(Error::Refused(ChangeRefused::NameRefused));
    }
    conn.transaction(|conn| match lock::role_of(conn, chat_id, actor)? {
        None => Err(Error::Refused(ChangeRefused::NotAMember)),
        Some(ParticipantRole::Member) => Err(Error::Refused(ChangeRefused::NotAllowed)),
        Some(ParticipantRole::Owner | ParticipantRole::Admin) => {
            if let Some(avatar_url) = changes.avatar_url {
                let picture = chats::table.find(chat_id).select(chats::avatar_url).first(conn)?;
                unused_files::queue_replaced(conn, picture, avatar_url)?;
            }
            let chat = diesel::update(chats::table.find(chat_id))
                .set((changes, chats::updated_at.eq(clock())))
                .returning(Chat::as_returning())
                .get_result(conn)?;
            let message = system::record(conn, chat_id, event)?;
            Ok(Changed { chat, message })
        }
    })
}

//! Opens a group, with an owner, its members and one system message that nobody has to read.

use diesel::prelude::*;

use super::super::messages::system::{self, Event};
use super::super::user_changes::{self, About};
use super::super::{nul_character, text};
use super::strangers;
use crate::actor::Actor;
use crate::enums::{MessageKind, ParticipantRole, UserChangeKind};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::models::{Chat, NewChatParticipant, NewGroupChat, NewUnreadMessages};
use crate::queries::predicates::{Silence, blocked_among, hold_open, not_addable_among};
use crate::schema::{chat_heads, chat_participants, chats, unread_messages};
use crate::seq::Seq;
use crate::version::Version;

/// A group to open.
#[derive(Debug, Clone, Copy)]
pub struct NewGroup<'a> {
    /// Its name, 1 to 100 characters as people count them.
    pub name: &'a str,
    /// Its name in a link, 1 to 100 of `A-Za-z0-9_-`, that no other group has.
    pub slug: Option<&'a str>,
    /// Where its picture is, at most 500 characters: an address that the service makes, for this group alone, as that of
    /// [a user](crate::queries::accounts::ProfileChanges::avatar_url).
    pub avatar_url: Option<&'a str>,
    /// Who is in it besides the owner, in any order.
    pub members: &'a [UserId],
    /// Whether who joins later sees its history from the beginning, or from then on.
    pub newcomers_see_all: bool,
}

impl<'a> NewGroup<'a> {
    /// A group of that name and these members, without a slug or an avatar.
    #[must_use]
    pub const fn new(name: &'a str, members: &'a [UserId]) -> Self {
        Self { name, slug: None, avatar_url: None, members, newcomers_see_all: true }
    }
}

/// Why a group was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateRefused {
    /// One of the users does not exist, or has closed the account; or has blocked the owner, which is not told apart.
    #[error("there is no user {0}")]
    UserNotFound(UserId),
    /// The owner has blocked this user.
    #[error("the owner has blocked user {0}")]
    Blocked(UserId),
    /// This user does not let the owner add them to groups.
    #[error("user {0} does not let the owner add them to groups")]
    NotAddable(UserId),
    /// Others who are no contacts of this user have added them 50 times within a day, and the owner is no contact either.
    #[error("strangers have added user {0} 50 times within a day")]
    AddedTooOften(UserId),
    /// More than 300 members, the owner included.
    #[error("a group has at most 300 members")]
    Full,
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

refusals! { CreateRefused {
    UserNotFound: NotFound = "user_not_found",
    Blocked: Forbidden = "blocked",
    NotAddable: Forbidden = "user_not_addable",
    AddedTooOften: Conflict = "user_added_too_often",
    Full: Conflict = "group_full" if "chats_member_count_check",
    NameRefused: Invalid = "name_invalid" if "chats_name_check",
    SlugRefused: Invalid = "slug_invalid" if "chats_slug_check",
    SlugTaken: Conflict = "slug_taken" if "chats_slug_key",
    AvatarRefused: Invalid = "avatar_url_too_long" if "chats_avatar_url_check",
    ContainsNul: Invalid = "contains_nul",
} }

/// Opens a group, with the creator as its owner. Everybody in it starts with nothing unread.
///
/// A user named twice is in it once. The owner need not know the members, but none of them may have blocked the owner,
/// or be blocked by the owner; and strangers add a user [`MAX_ADDED_BY_STRANGERS`](super::MAX_ADDED_BY_STRANGERS) times within a
/// day, all together.
///
/// A transaction. It locks the users, so that no account in it is closed meanwhile, and the counters of their logs.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`UserNotFound`](CreateRefused::UserNotFound): one of the users does not exist, or has closed the account; or
///   has blocked the owner, which is not told apart.
/// * [`Blocked`](CreateRefused::Blocked): the owner has blocked this user.
/// * [`NotAddable`](CreateRefused::NotAddable): this user does not let the owner add them to groups.
/// * [`AddedTooOften`](CreateRefused::AddedTooOften): others who are no contacts of this user have added them 50 times within
///   a day, and the owner is no contact either.
/// * [`Full`](CreateRefused::Full): more than 300 members, the owner included.
/// * [`NameRefused`](CreateRefused::NameRefused): nothing of the name is seen; it has more than 100 characters, or 1,000 bytes;
///   or a control character, or one that changes the direction of text.
/// * [`SlugRefused`](CreateRefused::SlugRefused): the slug is not one.
/// * [`SlugTaken`](CreateRefused::SlugTaken): another group has the slug, in whatever case.
/// * [`AvatarRefused`](CreateRefused::AvatarRefused): the avatar's address has more than 500 characters.
/// * [`ContainsNul`](CreateRefused::ContainsNul): a text has a NUL in it, which PostgreSQL cannot store.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::error::Error;
/// use messenger_db::ids::UserId;
/// use messenger_db::queries::groups::{self, CreateRefused, NewGroup};
///
/// let members = [bob.user_id(), carol.user_id()];
/// let hikers = NewGroup { slug: Some("hikers"), ..NewGroup::new("Hikers", &members) };
/// assert_eq!(groups::create(conn, alice, &hikers)?.member_count, 3);
///
/// let nobody = UserId::new();
/// let refused = groups::create(conn, alice, &NewGroup::new("Ghosts", &[nobody]));
/// assert_eq!(refused, Err(Error::Refused(CreateRefused::UserNotFound(nobody))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn create(conn: &mut PgConnection, actor: Actor, group: &NewGroup<'_>) -> Result<Chat, Error<CreateRefused>> {
    let owner = actor.user_id();
    let mut users = group.members.to_vec();
    users.push(owner);
    users.sort_unstable();
    users.dedup();
    let count = i32::try_from(users.len()).unwrap_or(i32::MAX);
    if nul_character::in_any([Some(group.name), group.slug, group.avatar_url]) {
        return Err(Error::Refused(CreateRefused::ContainsNul));
    }
    if text::is_long_name(group.name) {
        return Err(Error::Refused(CreateRefused::NameRefused));
    }
    conn.transaction(|conn| {
        let mut new = NewGroupChat::new(ChatId::new(), group.name);
        (new.slug, new.avatar_url) = (group.slug, group.avatar_url);
        new.newcomers_see_all = group.newcomers_see_all;
        if let Some(missing) = hold_open(conn, &users)? {
            return Err(Error::Refused(CreateRefused::UserNotFound(missing)));
        }
        match blocked_among(conn, owner, &users)? {
            None => {}
            Some((user, Silence::Own)) => return Err(Error::Refused(CreateRefused::Blocked(user))),
            Some((user, Silence::Others)) => return Err(Error::Refused(CreateRefused::UserNotFound(user))),
        }
        if let Some(user) = not_addable_among(conn, owner, &users)? {
            return Err(Error::Refused(CreateRefused::NotAddable(user)));
        }
        if let Some(user) = strangers::added_too_often(conn, owner, &users)? {
            return Err(Error::Refused(CreateRefused::AddedTooOften(user)));
        }
        let chat: Chat = diesel::insert_into(chats::table)
            .values((new, chats::member_count.eq(count)))
            .returning(Chat::as_returning())
            .get_result(conn)?;
        // The first message is the system's; the head is born with it.
        diesel::insert_into(chat_heads::table)
            .values((
                chat_heads::chat_id.eq(chat.id),
                chat_heads::last_seq.eq(Seq::FIRST),
                chat_heads::last_uncounted_seq.eq(Seq::FIRST),
                chat_heads::last_message_at.eq(chat.created_at),
                chat_heads::last_kind.eq(MessageKind::System),
                chat_heads::version.eq(Version::new(1)),
            ))
            .execute(conn)?;
        let members: Vec<_> = users
            .iter()
            .map(|&user_id| NewChatParticipant {
                chat_id: chat.id,
                user_id,
                role: Some(if user_id == owner { ParticipantRole::Owner } else { ParticipantRole::Member }),
                joined_seq: Some(Seq::FIRST),
            })
            .collect();
        diesel::insert_into(chat_participants::table).values(&members).execute(conn)?;
        let positions: Vec<_> = users
            .iter()
            .map(|&user_id| NewUnreadMessages {
                user_id,
                chat_id: chat.id,
                last_read_seq: Seq::FIRST,
                last_delivered_seq: Seq::FIRST,
            })
            .collect();
        diesel::insert_into(unread_messages::table).values(&positions).execute(conn)?;
        let others: Vec<_> = users.iter().copied().filter(|&user| user != owner).collect();
        system::insert_first(conn, &chat, Event::GroupCreated { actor: owner, members: &others })?;
        user_changes::record(conn, &users, UserChangeKind::MembershipBegan, About::chat(chat.id))?;
        if let Some(user) = strangers::count_added(conn, owner, &users)? {
            return Err(Error::Refused(CreateRefused::AddedTooOften(user)));
        }
        Ok(chat)
    })
}

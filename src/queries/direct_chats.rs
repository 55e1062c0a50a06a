//! Direct chats: one for two users, whoever asks first and however many ask at once.

use diesel::prelude::*;

use super::user_changes::{self, About};
use crate::actor::Actor;
use crate::enums::{ContactStatus, UserChangeKind};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::models::{Chat, NewChatHead, NewChatParticipant, NewDirectChat, NewUnreadMessages};
use crate::queries::predicates::{Silence, hold_open, silence};
use crate::schema::{chat_heads, chat_participants, chats, unread_messages};
use crate::seq::Seq;
use crate::views::local_contacts;

/// Why there is no direct chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenRefused {
    /// The two are not accepted contacts, or are one and the same user; or the other has blocked the user, or has closed
    /// the account, which is not told apart.
    #[error("the two are not contacts")]
    NotContacts,
    /// The user has blocked the other.
    #[error("the user has blocked the other")]
    Blocked,
}

refusals! { OpenRefused {
    NotContacts: Forbidden = "not_contacts",
    Blocked: Forbidden = "blocked",
} }

/// The direct chat of two users, if they have one. The order of the two does not matter.
///
/// One statement, which locks nothing. Index: `chats_direct_pair_key`.
///
/// # Errors
///
/// Those of the database.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::queries::{contacts, direct_chats};
///
/// assert_eq!(direct_chats::find(conn, alice, bob.user_id())?, None);
/// contacts::request(conn, alice, bob.user_id())?;
/// contacts::accept(conn, bob, alice.user_id())?;
/// let chat = direct_chats::find_or_create(conn, alice, bob.user_id())?;
/// assert_eq!(direct_chats::find(conn, bob, alice.user_id())?, Some(chat));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find(conn: &mut PgConnection, actor: Actor, other: UserId) -> QueryResult<Option<Chat>> {
    let one = actor.user_id();
    let (low, high) = (one.min(other), one.max(other));
    chats::table
        .filter(chats::direct_low.eq(low).and(chats::direct_high.eq(high)))
        .filter(chats::deleted_at.is_null())
        .select(Chat::as_select())
        .first(conn)
        .optional()
}

/// The direct chat of two users: the one they have, or a new one, with both as members and nothing in it.
///
/// A new one is only for accepted contacts of whom neither blocks the other. One that exists is found whatever became
/// of the contact since, because its history stays theirs; whether they can still write is
/// [`messages::send`](super::messages::send)'s to say. However many ask at once, and in either order, they all get the
/// same chat.
///
/// One statement when the chat exists, else a transaction. It holds both accounts open, and locks the contact, so
/// that it cannot be removed meanwhile, and the counters of both users' logs; and a concurrent call for the same pair waits for
/// this one. Index: `chats_direct_pair_key`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotContacts`](OpenRefused::NotContacts): the two are not accepted contacts, or are one and the same user; or
///   the other has blocked the user, or has closed the account, which is not told apart.
/// * [`Blocked`](OpenRefused::Blocked): the user has blocked the other.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::error::Error;
/// use messenger_db::queries::direct_chats::{self, OpenRefused};
/// use messenger_db::queries::contacts;
///
/// assert_eq!(direct_chats::find_or_create(conn, alice, bob.user_id()), Err(Error::Refused(OpenRefused::NotContacts)));
/// contacts::request(conn, alice, bob.user_id())?;
/// contacts::accept(conn, bob, alice.user_id())?;
/// let chat = direct_chats::find_or_create(conn, alice, bob.user_id())?;
/// assert_eq!(direct_chats::find_or_create(conn, bob, alice.user_id())?.id, chat.id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find_or_create(conn: &mut PgConnection, actor: Actor, other: UserId) -> Result<Chat, Error<OpenRefused>> {
    let user = actor.user_id();
    if let Some(chat) = find(conn, actor, other)? {
        return Ok(chat);
    }
    conn.transaction(|conn| {
        // Before the contact, as closing an account does; it ends the contacts, and so they are not.
        if hold_open(conn, &[user, other])?.is_some() {
            return Err(Error::Refused(OpenRefused::NotContacts));
        }
        let contact = local_contacts::table
            .find((user.min(other), user.max(other)))
            .filter(local_contacts::status.eq(ContactStatus::Accepted))
            .select(local_contacts::status)
            .for_share()
            .first::<ContactStatus>(conn)
            .optional()?;
        if contact.is_none() {
            return Err(Error::Refused(OpenRefused::NotContacts));
        }
        match silence(conn, user, other)? {
            None => {}
            Some(Silence::Own) => return Err(Error::Refused(OpenRefused::Blocked)),
            Some(Silence::Others) => return Err(Error::Refused(OpenRefused::NotContacts)),
        }
        create(conn, user, other)?.map_or_else(|| find(conn, actor, other)?.ok_or_else(|| diesel::NotFound.into()), Ok)
    })
}

/// Opens the chat, unless another has: then waits until that is committed.
fn create(conn: &mut PgConnection, one: UserId, other: UserId) -> QueryResult<Option<Chat>> {
    let chat = diesel::insert_into(chats::table)
        .values((NewDirectChat::between(ChatId::new(), one, other), chats::member_count.eq(2)))
        .on_conflict((chats::direct_low, chats::direct_high))
        .do_nothing()
        .returning(Chat::as_returning())
        .get_result(conn)
        .optional()?;
    if let Some(Chat { id: chat_id, .. }) = chat {
        diesel::insert_into(chat_heads::table).values(NewChatHead { chat_id }).execute(conn)?;
        let members = [one, other].map(|user_id| NewChatParticipant { chat_id, user_id, role: None, joined_seq: None });
        diesel::insert_into(chat_participants::table).values(&members).execute(conn)?;
        let positions = [one, other].map(|user_id| NewUnreadMessages {
            user_id,
            chat_id,
            last_read_seq: Seq::ZERO,
            last_delivered_seq: Seq::ZERO,
        });
        diesel::insert_into(unread_messages::table).values(&positions).execute(conn)?;
        user_changes::record(conn, &[one, other], UserChangeKind::MembershipBegan, About::chat(chat_id))?;
    }
    Ok(chat)
}

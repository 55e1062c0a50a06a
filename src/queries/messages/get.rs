//! Gets one message, and what it said before its edits.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, MessageId, UserId};
use crate::models::{Message, MessageEdit};
use crate::page::Limit;
use crate::queries::predicates::membership;
use crate::queries::visibility::SeesMessage;
use crate::schema::{message_edits, messages};
use crate::seq::Seq;

/// Why a message is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GetRefused {
    /// The reader is not a member of the chat now, or there is no such chat.
    #[error("the reader is not a member of the chat")]
    NotAMember,
    /// There is no such message in the chat.
    #[error("there is no such message")]
    NotFound,
}

refusals! { GetRefused {
    NotAMember: Forbidden = "not_a_member",
    NotFound: NotFound = "message_not_found",
} }

/// A message, by its place in the chat. A deleted one is there, and empty.
///
/// One statement, which locks nothing. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](GetRefused::NotAMember): the reader is not a member of the chat now, or there is no such chat.
/// * [`NotFound`](GetRefused::NotFound): there is no such message in the chat.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob, eve] = ["alice", "bob", "eve"].map(|name| messenger_db::doctest::user(conn, name));
/// # use messenger_db::queries::groups::{self, NewGroup};
/// use messenger_db::error::Error;
/// use messenger_db::queries::messages::{self, Draft, GetRefused};
/// # let group = groups::create(conn, alice, &NewGroup::new("Hikers", &[bob.user_id()]))?;
///
/// let sent = messages::send(conn, bob, group.id, &Draft::text("At nine?"))?.message;
/// assert_eq!(messages::get(conn, alice, group.id, sent.seq)?, sent);
/// assert_eq!(messages::get(conn, eve, group.id, sent.seq), Err(Error::Refused(GetRefused::NotAMember)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn get(conn: &mut PgConnection, actor: Actor, chat_id: ChatId, seq: Seq) -> Result<Message, Error<GetRefused>> {
    let reader = actor.user_id();
    let message = messages::table
        .find((chat_id, seq))
        .filter(SeesMessage { chat_id, reader })
        .select(Message::as_select())
        .first(conn)
        .optional()?;
    message.map_or_else(|| refuse(conn, chat_id, reader), Ok)
}

/// The message that a client called by this id, if it arrived: what a device asks that does not know whether its send
/// went through.
///
/// One statement, which locks nothing. Index: `messages_id_key`.
///
/// # Errors
///
/// Those of the database. To who is no member of the chat, there is no message.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::queries::groups::{self, NewGroup};
/// use messenger_db::queries::messages::{self, Draft};
/// # let group = groups::create(conn, alice, &NewGroup::new("Notes", &[]))?;
///
/// let draft = Draft::text("Milk");
/// assert_eq!(messages::find_by_id(conn, alice, group.id, draft.id())?, None);
/// let sent = messages::send(conn, alice, group.id, &draft)?.message;
/// assert_eq!(messages::find_by_id(conn, alice, group.id, draft.id())?, Some(sent));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find_by_id(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    id: MessageId,
) -> QueryResult<Option<Message>> {
    let reader = actor.user_id();
    messages::table
        .filter(messages::chat_id.eq(chat_id).and(messages::id.eq(id)))
        .filter(SeesMessage { chat_id, reader })
        .select(Message::as_select())
        .first(conn)
        .optional()
}

/// Who may see what a message said before its edits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EditsFor {
    /// Its sender only: to everybody else, it is as if it had never said anything else.
    #[default]
    Sender,
    /// Every member of the chat: where the service wants it so.
    Members,
}

/// What a message said before each of its edits, the first wording first; a page. Of a message that was never edited, or
/// was deleted, there is nothing; nor for whoever may not see it.
///
/// Its sender may see it, and other members only if the service asks for them.
///
/// `after` is the version of the last wording that the reader has; a message has 1,000 at most.
///
/// One statement, which locks nothing, and one more when there is nothing. Index: the primary keys.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](GetRefused::NotAMember): the reader is not a member of the chat now, or there is no such chat.
/// * [`NotFound`](GetRefused::NotFound): there is no such message in the chat.
///
/// # Examples
///
/// See also [`edit`](super::edit()).
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::messages::{self, Draft, EditsFor};
///
/// let seq = messages::send(conn, anna, chat, &Draft::text("At nine"))?.message.seq;
/// messages::edit(conn, anna, chat, seq, "At ten")?;
/// let before = messages::list_edits(conn, anna, chat, seq, EditsFor::Sender, None, Limit::default())?;
/// assert_eq!(before[0].content.as_deref(), Some("At nine"));
/// assert_eq!(messages::list_edits(conn, bob, chat, seq, EditsFor::Sender, None, Limit::default())?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list_edits(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
    readers: EditsFor,
    after: Option<i32>,
    limit: Limit,
) -> Result<Vec<MessageEdit>, Error<GetRefused>> {
    let reader = actor.user_id();
    let is_for_all = (readers == EditsFor::Members).into_sql::<Bool>();
    let edits = message_edits::table
        .inner_join(messages::table.on(messages::chat_id.eq(chat_id).and(messages::seq.eq(seq))))
        .filter(message_edits::chat_id.eq(chat_id).and(message_edits::message_seq.eq(seq)))
        .filter(message_edits::version.gt(after.unwrap_or(0)))
        .filter(messages::deleted_at.is_null())
        .filter(messages::sender_id.is_not_distinct_from(reader).or(is_for_all))
        .filter(SeesMessage { chat_id, reader })
        .order(message_edits::version)
        .limit(limit.get())
        .select(MessageEdit::as_select())
        .load(conn)?;
    if edits.is_empty() {
        get(conn, actor, chat_id, seq)?;
    }
    Ok(edits)
}

fn refuse<T>(conn: &mut PgConnection, chat_id: ChatId, reader: UserId) -> Result<T, Error<GetRefused>> {
    let member = diesel::select(exists(membership(chat_id, reader))).get_result(conn)?;
    Err(Error::Refused(if member { GetRefused::NotFound } else { GetRefused::NotAMember }))
}

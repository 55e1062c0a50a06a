//! Reads a page of history: the latest, or the one before, after or around a message.

use diesel::prelude::*;

use super::super::functions::{greatest, least};
use super::{Page, PageRequest};
use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, MessageId, UserId};
use crate::models::Message;
use crate::page::Limit;
use crate::queries::predicates::is_member;
use crate::queries::visibility::MemberSees;
use crate::schema::{chat_heads, chat_participants, messages};
use crate::seq::Seq;

/// Why history was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryRefused {
    /// The reader is not a member of the chat now, or there is no such chat.
    #[error("the reader is not a member of the chat")]
    NotAMember,
    /// The chat has no such message.
    #[error("there is no such message in the chat")]
    MessageNotFound,
}

refusals! { HistoryRefused {
    NotAMember: Forbidden = "not_a_member",
    MessageNotFound: NotFound = "message_not_found",
} }

type Outcome = Result<Page, Error<HistoryRefused>>;

/// The newest messages of a chat.
///
/// In the chat's order, oldest first, like every page of history. A member reads the whole chat, from before they joined too,
/// unless the group shows newcomers no history ([`groups::change_history`](crate::queries::groups::change_history)); but not what
/// they have deleted for themselves ([`messages::hide`](crate::queries::messages::hide),
/// [`messages::clear`](crate::queries::messages::clear)): a page has fewer messages then, even none, and says where to go on.
///
/// `page` is a [`Limit`](crate::page::Limit), or a [`PageRequest`] of a device that has some of the profiles already.
///
/// Two statements, which lock nothing; the first decides whether the reader may read, and is the only one when there is
/// nothing. One more where there are more than 200 reactions to the page, and one where a device
/// [knows](PageRequest::knowing) all who wrote the page, and not all whom they answer. Each sees its own moment: whoever needs
/// one for all runs this in a transaction of `REPEATABLE READ`.
/// Index: `messages_pkey`, by a closed range.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](HistoryRefused::NotAMember): the reader is not a member of the chat now, or there is no such chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{history, messages};
///
/// for words in ["Hello!", "Are you there?", "I am."] {
///     messages::send(conn, anna, chat, &messages::Draft::text(words))?;
/// }
/// let page = history::latest(conn, bob, chat, Limit::new(2))?;
/// let said: Vec<_> = page.entries.iter().filter_map(|entry| entry.message.content.as_deref()).collect();
/// assert_eq!(said, ["Are you there?", "I am."]);
/// assert_eq!(page.profiles[&anna.user_id()].username.as_deref(), Some("anna"));
///
/// let Some(seq) = page.older_before else { panic!("there is an older one") };
/// let older = history::before(conn, bob, chat, seq, Limit::new(2))?;
/// assert_eq!(older.entries[0].message.content.as_deref(), Some("Hello!"));
/// assert_eq!(older.older_before, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn latest<'a>(conn: &mut PgConnection, actor: Actor, chat_id: ChatId, page: impl Into<PageRequest<'a>>) -> Outcome {
    before(conn, actor, chat_id, Seq::MAX, page)
}

/// The messages right before one, which need not exist.
///
/// Two statements, as [`latest`]. Index: `messages_pkey`, by a closed range.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](HistoryRefused::NotAMember): the reader is not a member of the chat now, or there is no such chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{history, messages};
/// use messenger_db::seq::Seq;
///
/// for words in ["one", "two", "three"] {
///     messages::send(conn, anna, chat, &messages::Draft::text(words))?;
/// }
/// let page = history::before(conn, bob, chat, Seq::new(3), Limit::default())?;
/// assert_eq!(page.entries.iter().map(|entry| entry.message.seq.get()).collect::<Vec<_>>(), [1, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn before<'a>(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
    page: impl Into<PageRequest<'a>>,
) -> Outcome {
    let (reader, asked) = (actor.user_id(), page.into());
    let limit = asked.limit;
    // Seqs begin at 1; the statement subtracts from the last.
    let last = least(chat_heads::last_seq, seq.max(Seq::FIRST).previous());
    let rows = chat_participants::table
        .inner_join(chat_heads::table.on(chat_heads::chat_id.eq(chat_participants::chat_id)))
        .left_join(
            messages::table.on(messages::chat_id
                .eq(chat_participants::chat_id)
                .and(messages::seq.between(last - (limit.get() - 1), last))
                .and(MemberSees)),
        )
        .filter(is_member(chat_id, reader))
        .select(((begins(), chat_heads::last_seq), Option::<Message>::as_select()))
        .load(conn)?;
    let end = seq.max(Seq::FIRST).previous();
    load(conn, reader, asked, rows, |first, last| {
        let last = last.min(end);
        (first.max(last.back(limit.get() - 1)), last)
    })
}

/// The messages right after one, which need not exist.
///
/// Two statements, as [`latest`]. Index: `messages_pkey`, by a closed range.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](HistoryRefused::NotAMember): the reader is not a member of the chat now, or there is no such chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{history, messages};
///
/// let seen = messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?.message.seq;
/// messages::send(conn, anna, chat, &messages::Draft::text("Are you there?"))?;
/// let page = history::after(conn, bob, chat, seen, Limit::default())?;
/// assert_eq!(page.entries.len(), 1);
/// assert_eq!(page.newer_after, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn after<'a>(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
    page: impl Into<PageRequest<'a>>,
) -> Outcome {
    let (reader, asked) = (actor.user_id(), page.into());
    let limit = asked.limit;
    // Seqs begin at 1; the statement adds a page to it.
    let next = seq.max(Seq::ZERO).min(Seq::MAX.back(Limit::MAX.get())).next();
    // A device that knows nothing, or only what is gone, goes on where history begins.
    let first = greatest(begins(), next);
    let rows = chat_participants::table
        .inner_join(chat_heads::table.on(chat_heads::chat_id.eq(chat_participants::chat_id)))
        .left_join(
            messages::table.on(messages::chat_id
                .eq(chat_participants::chat_id)
                .and(messages::seq.between(first, first + (limit.get() - 1)))
                .and(MemberSees)),
        )
        .filter(is_member(chat_id, reader))
        .select(((begins(), chat_heads::last_seq), Option::<Message>::as_select()))
        .load(conn)?;
    load(conn, reader, asked, rows, |first, last| {
        let first = first.max(next);
        (first, last.min(first.forward(limit.get() - 1)))
    })
}

/// A message in the middle of those around it: where a link to it leads.
///
/// Half of the page is older than the message, half newer; at an end of the chat the page is shorter, so that the
/// message stays where it is asked for.
///
/// Two statements, as [`latest`]. Index: `messages_pkey`, by a closed range.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](HistoryRefused::NotAMember): the reader is not a member of the chat now, or there is no such chat.
/// * [`MessageNotFound`](HistoryRefused::MessageNotFound): the chat has no such message.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{history, messages};
/// use messenger_db::seq::Seq;
///
/// for words in ["one", "two", "three", "four", "five"] {
///     messages::send(conn, anna, chat, &messages::Draft::text(words))?;
/// }
/// let page = history::around(conn, bob, chat, Seq::new(3), Limit::new(3))?;
/// let seqs: Vec<_> = page.entries.iter().map(|entry| entry.message.seq.get()).collect();
/// assert_eq!(seqs, [2, 3, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn around<'a>(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
    page: impl Into<PageRequest<'a>>,
) -> Outcome {
    let (reader, asked) = (actor.user_id(), page.into());
    let first = seq.back(asked.limit.get() / 2);
    let end = first.forward(asked.limit.get() - 1);
    let rows = range(conn, chat_id, reader, first, end)?;
    let page = load(conn, reader, asked, rows, |begins, last| (begins.max(first), last.min(end)))?;
    if page.entries.iter().any(|entry| entry.message.seq == seq) {
        Ok(page)
    } else {
        Err(Error::Refused(HistoryRefused::MessageNotFound))
    }
}

/// [`around`] a message that is known by the id that its client gave it.
///
/// One statement more than [`around`]. Index: `messages_id_key`, then `messages_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](HistoryRefused::NotAMember): the reader is not a member of the chat now, or there is no such chat.
/// * [`MessageNotFound`](HistoryRefused::MessageNotFound): the chat has no such message.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{history, messages};
///
/// let hello = messages::Draft::text("Hello!");
/// messages::send(conn, anna, chat, &hello)?;
/// let page = history::around_id(conn, bob, chat, hello.id(), Limit::default())?;
/// assert_eq!(page.entries[0].message.id, hello.id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn around_id<'a>(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    id: MessageId,
    page: impl Into<PageRequest<'a>>,
) -> Outcome {
    let reader = actor.user_id();
    let seq = chat_participants::table
        .left_join(
            messages::table
                .on(messages::chat_id.eq(chat_participants::chat_id).and(messages::id.eq(id)).and(MemberSees)),
        )
        .filter(is_member(chat_id, reader))
        .select(messages::seq.nullable())
        .first::<Option<Seq>>(conn)
        .optional()?
        .ok_or(Error::Refused(HistoryRefused::NotAMember))?
        .ok_or(Error::Refused(HistoryRefused::MessageNotFound))?;
    around(conn, actor, chat_id, seq, page)
}

/// The first seq that the member may see.
#[diesel::dsl::auto_type]
fn begins() -> _ {
    greatest(chat_heads::first_seq, chat_participants::seen_after_seq + 1_i64)
}

/// The chat's first and last seq beside each message. Without a message there is one row; without membership, none.
type Rows = Vec<((Seq, Seq), Option<Message>)>;

fn range(conn: &mut PgConnection, chat_id: ChatId, reader: UserId, first: Seq, last: Seq) -> QueryResult<Rows> {
    chat_participants::table
        .inner_join(chat_heads::table.on(chat_heads::chat_id.eq(chat_participants::chat_id)))
        .left_join(messages::table.on(
            messages::chat_id.eq(chat_participants::chat_id).and(messages::seq.between(first, last)).and(MemberSees),
        ))
        .filter(is_member(chat_id, reader))
        .select(((begins(), chat_heads::last_seq), Option::<Message>::as_select()))
        .load(conn)
}

/// The page of these rows. What was asked for goes from one seq to another, of a history that goes from one to another.
fn load(
    conn: &mut PgConnection,
    reader: UserId,
    page: PageRequest<'_>,
    rows: Rows,
    asked: impl Fn(Seq, Seq) -> (Seq, Seq),
) -> Outcome {
    let &(bounds, _) = rows.first().ok_or(Error::Refused(HistoryRefused::NotAMember))?;
    let mut messages: Vec<_> = rows.into_iter().filter_map(|(_, message)| message).collect();
    // The index gives them in this order. Asked for it, PostgreSQL would sort them all the same.
    messages.sort_unstable_by_key(|message| message.seq);
    Ok(Page::load(conn, reader, page.known, messages, bounds, asked(bounds.0, bounds.1))?)
}

//! Lists what none of a user's devices has received, in order, for a device that comes back.

use diesel::dsl::case_when;
use diesel::prelude::*;
use uuid::Uuid;

use super::attachments;
use super::functions::greatest;
use crate::actor::Actor;
use crate::cursor::{self, place};
use crate::ids::ChatId;
use crate::models::{Attachment, Message};
use crate::page::Limit;
use crate::schema::{messages, unread_messages};
use crate::seq::Seq;

/// A message that was not received yet, with its pictures.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pending {
    /// The message itself. A deleted one is here too, without content, so that no seq is missing.
    pub message: Message,
    /// Its pictures, in their order.
    pub attachments: Vec<Attachment>,
}

/// Where a page of pending messages ended, and the next begins.
pub type Cursor = cursor::Cursor<Place>;

place! {
    /// The last message of a page.
    #[derive(Copy)]
    Place = 2 { chat_id: ChatId, seq: Seq }
}

impl Cursor {
    /// After this message of this chat, for a device that kept these of the last message, and no cursor.
    #[must_use]
    pub const fn after(chat_id: ChatId, seq: Seq) -> Self {
        Self::new(Place { chat_id, seq })
    }
}

impl Pending {
    /// The cursor of a page that ends with this message.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor::after(self.message.chat_id, self.message.seq)
    }
}

/// What a user has not received, chat by chat, each chat by ascending seq and without a gap; the chats by their ids.
///
/// There are two ways to go on. Mark what was fetched as [delivered](super::receipts::mark_delivered) and ask again
/// without a cursor: what was marked is not pending any more, and nothing is lost when the device stops in between.
/// Or pass the [cursor](Pending::cursor) of the last message, and mark at the end. A page that is not full is the
/// last. A message that is sent meanwhile to a chat that was passed already reaches the device over its socket, or is
/// pending the next time.
///
/// Receiving is counted for each user, not for each device: a device that is to have what another one received reads
/// the [history](super::history::after) after the last message it knows.
///
/// Two statements, which lock nothing. Their cost follows the user's chats and the size of the page, not the backlog.
/// Indexes: `unread_messages_pkey`, then `messages_pkey` by closed ranges, and `attachments_pkey`.
///
/// # Errors
///
/// Those of the database. Whoever is in no chat has nothing pending.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{messages, pending, receipts};
///
/// messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?;
/// messages::send(conn, anna, chat, &messages::Draft::text("Are you there?"))?;
/// let fetched = pending::list(conn, bob, None, Limit::new(1))?;
/// assert_eq!(fetched[0].message.content.as_deref(), Some("Hello!"));
///
/// receipts::mark_delivered(conn, bob, chat, fetched[0].message.seq)?;
/// let rest = pending::list(conn, bob, None, Limit::default())?;
/// assert_eq!(rest[0].message.content.as_deref(), Some("Are you there?"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list(conn: &mut PgConnection, actor: Actor, after: Option<Cursor>, limit: Limit) -> QueryResult<Vec<Pending>> {
    let user_id = actor.user_id();
    // Without a cursor: after a message that is in no chat.
    let after = after.unwrap_or(Cursor::after(ChatId::from_uuid(Uuid::nil()), Seq::ZERO));
    let Place { chat_id, seq } = *after.place();
    // The statement adds a page to it.
    let seq = seq.min(Seq::MAX.back(Limit::MAX.get()));
    let received = case_when(unread_messages::chat_id.eq(chat_id), greatest(unread_messages::last_delivered_seq, seq))
        .otherwise(unread_messages::last_delivered_seq);
    // As many of each chat as the page holds: a closed range, so that a long backlog costs no more than a short one.
    let next =
        messages::chat_id.eq(unread_messages::chat_id).and(messages::seq.between(received + 1, received + limit.get()));
    let rows = unread_messages::table
        .inner_join(messages::table.on(next))
        .filter(unread_messages::user_id.eq(user_id).and(unread_messages::chat_id.ge(chat_id)))
        .order((unread_messages::chat_id, messages::seq))
        .limit(limit.get())
        .select(Message::as_select())
        .load(conn)?;
    let keys: Vec<_> = rows.iter().map(|message| (message.chat_id, message.seq)).collect();
    let mut attachments = attachments::of_messages(conn, &keys)?;
    Ok(rows
        .into_iter()
        .map(|message| Pending {
            attachments: attachments.remove(&(message.chat_id, message.seq)).unwrap_or_default(),
            message,
        })
        .collect())
}

//! The rows of `chat_heads`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::MessageKind;
use crate::ids::{ChatId, UserId};
use crate::schema::chat_heads;
use crate::seq::Seq;
use crate::version::Version;

/// The newest of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = chat_heads, primary_key(chat_id), check_for_backend(Pg))]
pub struct ChatHead {
    pub chat_id: ChatId,
    pub last_seq: Seq,
    pub first_seq: Seq,
    pub last_uncounted_seq: Seq,
    pub last_message_at: Option<DateTime<Utc>>,
    pub last_sender_id: Option<UserId>,
    pub last_kind: Option<MessageKind>,
    pub last_preview: Option<String>,
    pub version: Version,
    pub pruned_version: Version,
}

/// The head of a new chat, which has no message yet.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = chat_heads, check_for_backend(Pg))]
pub struct NewChatHead {
    pub chat_id: ChatId,
}

/// What a send, an edit or a deletion changes.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = chat_heads, check_for_backend(Pg))]
pub struct ChatHeadChanges<'a> {
    pub last_seq: Option<Seq>,
    pub last_uncounted_seq: Option<Seq>,
    pub last_message_at: Option<Option<DateTime<Utc>>>,
    pub last_sender_id: Option<Option<UserId>>,
    pub last_kind: Option<Option<MessageKind>>,
    pub last_preview: Option<Option<&'a str>>,
}

//! The rows of `messages`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::MessageKind;
use crate::ids::{ChatId, MessageId, UserId};
use crate::schema::messages;
use crate::seq::Seq;
use crate::version::Version;

/// A message as stored.
#[derive(Debug, Clone, PartialEq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = messages, primary_key(chat_id, seq), check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Message {
    pub chat_id: ChatId,
    pub seq: Seq,
    pub id: MessageId,
    pub sender_id: Option<UserId>,
    pub kind: MessageKind,
    pub content: Option<String>,
    pub metadata: serde_json::Value,
    pub reply_to_seq: Option<Seq>,
    pub created_at: DateTime<Utc>,
    pub edited_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub version: Version,
}

/// A message to send, under the number that the chat's head gave it.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = messages, check_for_backend(Pg))]
pub struct NewMessage<'a> {
    pub chat_id: ChatId,
    pub seq: Seq,
    pub id: MessageId,
    pub sender_id: Option<UserId>,
    pub kind: MessageKind,
    pub content: Option<&'a str>,
    pub metadata: Option<&'a serde_json::Value>,
    pub reply_to_seq: Option<Seq>,
}

/// Changes of a message: an edit, or its deletion.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = messages, check_for_backend(Pg))]
pub struct MessageChanges<'a> {
    pub content: Option<Option<&'a str>>,
    pub metadata: Option<&'a serde_json::Value>,
    pub edited_at: Option<Option<DateTime<Utc>>>,
    pub deleted_at: Option<Option<DateTime<Utc>>>,
}

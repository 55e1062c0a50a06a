//! The rows of `message_edits`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::ids::ChatId;
use crate::schema::message_edits;
use crate::seq::Seq;

/// What a message said before one of its edits; history never changes.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = message_edits, primary_key(chat_id, message_seq, version), check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MessageEdit {
    pub chat_id: ChatId,
    pub message_seq: Seq,
    pub version: i32,
    pub content: Option<String>,
    pub edited_at: DateTime<Utc>,
}

/// A wording to keep.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = message_edits, check_for_backend(Pg))]
pub struct NewMessageEdit<'a> {
    pub chat_id: ChatId,
    pub message_seq: Seq,
    pub version: i32,
    pub content: Option<&'a str>,
}

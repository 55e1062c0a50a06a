//! The rows of `message_reactions`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::ids::{ChatId, UserId};
use crate::schema::message_reactions;
use crate::seq::Seq;

/// A reaction as stored; it is given and taken back, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = message_reactions, primary_key(chat_id, message_seq, user_id, emoji), check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MessageReaction {
    pub chat_id: ChatId,
    pub message_seq: Seq,
    pub user_id: UserId,
    pub emoji: String,
    pub created_at: DateTime<Utc>,
}

/// A reaction to give.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = message_reactions, check_for_backend(Pg))]
pub struct NewMessageReaction<'a> {
    pub chat_id: ChatId,
    pub message_seq: Seq,
    pub user_id: UserId,
    pub emoji: &'a str,
}

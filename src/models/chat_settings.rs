//! The rows of `chat_settings`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::ids::{ChatId, UserId};
use crate::schema::chat_settings;
use crate::seq::Seq;

/// What a member has set for a chat, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = chat_settings, primary_key(user_id, chat_id), check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChatSettings {
    pub user_id: UserId,
    pub chat_id: ChatId,
    pub muted_until_at: Option<DateTime<Utc>>,
    pub pin_rank: Option<i16>,
    pub is_archived: bool,
    pub hidden_through_seq: Option<Seq>,
    pub unread_from_seq: Option<Seq>,
    pub draft: Option<String>,
    pub changed_at: DateTime<Utc>,
}

//! The rows of `chat_participants`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::ParticipantRole;
use crate::ids::{ChatId, UserId};
use crate::schema::chat_participants;
use crate::seq::Seq;

/// Who takes part in a chat, or did.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = chat_participants, primary_key(chat_id, user_id), check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChatParticipant {
    pub chat_id: ChatId,
    pub user_id: UserId,
    pub role: ParticipantRole,
    pub joined_at: DateTime<Utc>,
    pub joined_seq: Seq,
    pub left_at: Option<DateTime<Utc>>,
    pub left_seq: Option<Seq>,
}

/// A member to add.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = chat_participants, check_for_backend(Pg))]
pub struct NewChatParticipant {
    pub chat_id: ChatId,
    pub user_id: UserId,
    pub role: Option<ParticipantRole>,
    pub joined_seq: Option<Seq>,
}

/// Changes of a membership: its role, its end, its new beginning.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = chat_participants, check_for_backend(Pg))]
pub struct ChatParticipantChanges {
    pub role: Option<ParticipantRole>,
    pub joined_at: Option<DateTime<Utc>>,
    pub joined_seq: Option<Seq>,
    pub left_at: Option<Option<DateTime<Utc>>>,
    pub left_seq: Option<Option<Seq>>,
}

//! The rows of `chat_changes`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::ChatChangeKind;
use crate::ids::{ChatId, UserId};
use crate::schema::chat_changes;
use crate::seq::Seq;
use crate::version::Version;

/// A change of a chat that is no new message.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = chat_changes, primary_key(chat_id, version), check_for_backend(Pg))]
pub struct ChatChange {
    pub chat_id: ChatId,
    pub version: Version,
    pub kind: ChatChangeKind,
    pub message_seq: Option<Seq>,
    pub user_id: Option<UserId>,
    pub changed_at: DateTime<Utc>,
}

//! The rows of `user_changes`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::UserChangeKind;
use crate::ids::{ChatId, SessionId, UserId};
use crate::schema::user_changes;
use crate::version::Version;

/// A change of a user's own things.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = user_changes, primary_key(user_id, version), check_for_backend(Pg))]
pub struct UserChange {
    pub user_id: UserId,
    pub version: Version,
    pub kind: UserChangeKind,
    pub about_chat_id: Option<ChatId>,
    pub about_user_id: Option<UserId>,
    pub about_session_id: Option<SessionId>,
    pub changed_at: DateTime<Utc>,
}

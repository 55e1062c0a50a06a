//! The rows of `push_tokens`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::PushService;
use crate::ids::{SessionId, UserId};
use crate::schema::push_tokens;
use crate::secrets::{PushAuth, PushToken};

/// Where a device is reached, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = push_tokens, primary_key(session_id), check_for_backend(Pg))]
pub struct PushTokenRow {
    pub session_id: SessionId,
    pub user_id: UserId,
    pub service: PushService,
    pub token: PushToken,
    pub p256dh: Option<Vec<u8>>,
    pub auth: Option<PushAuth>,
    pub registered_at: DateTime<Utc>,
}

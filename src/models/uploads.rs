//! The rows of `uploads`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::ImageType;
use crate::ids::{ChatId, UserId};
use crate::schema::uploads;
use crate::seq::Seq;

/// A picture in the object store, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = uploads, primary_key(storage_key), check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Upload {
    pub storage_key: String,
    pub owner_id: UserId,
    pub mime_type: ImageType,
    pub byte_size: i32,
    pub medium_key: Option<String>,
    pub thumbnail_key: Option<String>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub created_at: DateTime<Utc>,
    pub abandoned_at: Option<DateTime<Utc>>,
    pub attached_chat: Option<ChatId>,
    pub attached_seq: Option<Seq>,
    pub attached_position: Option<i16>,
}

//! The rows of `attachments`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::ImageType;
use crate::ids::ChatId;
use crate::schema::attachments;
use crate::seq::Seq;

/// A picture of a message as stored.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = attachments, primary_key(chat_id, message_seq, position), check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Attachment {
    pub chat_id: ChatId,
    pub message_seq: Seq,
    pub position: i16,
    pub file_name: String,
    pub mime_type: ImageType,
    pub byte_size: i32,
    pub storage_key: String,
    pub medium_key: Option<String>,
    pub thumbnail_key: Option<String>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub created_at: DateTime<Utc>,
}

/// A picture to attach.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = attachments, check_for_backend(Pg))]
pub struct NewAttachment<'a> {
    pub chat_id: ChatId,
    pub message_seq: Seq,
    pub position: i16,
    pub file_name: &'a str,
    pub mime_type: ImageType,
    pub byte_size: i32,
    pub storage_key: &'a str,
    pub medium_key: Option<&'a str>,
    pub thumbnail_key: Option<&'a str>,
    pub width: Option<i32>,
    pub height: Option<i32>,
}

/// What becomes known once a picture has been processed.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = attachments, check_for_backend(Pg))]
pub struct AttachmentChanges<'a> {
    pub medium_key: Option<Option<&'a str>>,
    pub thumbnail_key: Option<Option<&'a str>>,
    pub width: Option<Option<i32>>,
    pub height: Option<Option<i32>>,
}

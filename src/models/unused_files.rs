//! The rows of `unused_files`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::schema::unused_files;

/// A file for the service to delete from the object store.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = unused_files, check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UnusedFile {
    pub id: i64,
    pub file_key: String,
    pub queued_at: DateTime<Utc>,
}

//! The rows of `blocks`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::ids::UserId;
use crate::schema::blocks;

/// A block as stored; it is made and removed, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = blocks, primary_key(blocker_id, blocked_id), check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Block {
    pub blocker_id: UserId,
    pub blocked_id: UserId,
    pub created_at: DateTime<Utc>,
}

/// A block to make.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = blocks, check_for_backend(Pg))]
pub struct NewBlock {
    pub blocker_id: UserId,
    pub blocked_id: UserId,
}

//! The rows of `user_heads`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::ids::UserId;
use crate::schema::user_heads;
use crate::version::Version;

/// The counter of a user's log.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = user_heads, primary_key(user_id), check_for_backend(Pg))]
pub struct UserHead {
    pub user_id: UserId,
    pub version: Version,
    pub pruned_version: Version,
    pub added_times: i32,
    pub added_from_at: Option<DateTime<Utc>>,
}

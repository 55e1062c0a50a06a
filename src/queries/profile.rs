//! What others may see of an account.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::UserStatus;
use crate::ids::UserId;
use crate::schema::users;

/// What others may see of an account.
///
/// A closed account has no names; show it as a deleted user.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Profile {
    /// Whose.
    pub id: UserId,
    /// What the user is found by. `None`: the account is closed.
    pub username: Option<String>,
    /// The name to show. `None`: show the username.
    pub display_name: Option<String>,
    /// Where the picture is.
    pub avatar_url: Option<String>,
    /// Whether the user is there.
    pub status: UserStatus,
    /// When a device of the user was last heard of.
    pub last_seen_at: DateTime<Utc>,
    /// When the account was closed. `None`: it is open.
    pub deleted_at: Option<DateTime<Utc>>,
}

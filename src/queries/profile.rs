//! What others may see of an account: who has blocked the reader shows neither presence nor picture.

use chrono::{DateTime, Utc};
use diesel::deserialize;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Timestamptz};

use super::visibility::Sight;
use crate::enums::UserStatus;
use crate::ids::{UserId, sql_types};
use crate::schema::sql_types::UserStatus as UserStatusSql;
use crate::schema::users;

/// What a reader may see of an account.
///
/// A closed account has no names; show it as a deleted user. Of somebody who has blocked the reader, there is neither a picture
/// nor presence; of somebody who does not show the reader their presence
/// ([`privacy`](crate::queries::privacy)), there is none either.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable)]
#[diesel(table_name = users)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Profile {
    /// The account's key.
    pub id: UserId,
    /// What the user signs in with and is found by; `None` once the account is closed.
    pub username: Option<String>,
    /// The name to show; `None`: show the username.
    pub display_name: Option<String>,
    /// Where the picture is; `None`: there is none, or it is not shown to the reader.
    pub avatar_url: Option<String>,
    /// Whether the user is there; offline when that is not shown to the reader.
    pub status: UserStatus,
    /// When a device of the user was last heard of; `None`: it is not shown to the reader.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// When the account was closed; `None`: it is open.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// The columns of a profile as a reader sees it; `users` is in the statement.
pub(super) type SeenBy = (
    users::id,
    users::username,
    users::display_name,
    users::avatar_url,
    users::status,
    users::last_seen_at,
    users::deleted_at,
    Sight,
);

/// The profile of the row of `users` as this reader sees it.
pub(super) const fn seen_by(reader: UserId) -> SeenBy {
    (
        users::id,
        users::username,
        users::display_name,
        users::avatar_url,
        users::status,
        users::last_seen_at,
        users::deleted_at,
        Sight(reader),
    )
}

/// The SQL types of [`SeenBy`].
pub(super) type ProfileSql = (
    sql_types::UserId,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    UserStatusSql,
    Timestamptz,
    Nullable<Timestamptz>,
    Integer,
);

impl Queryable<ProfileSql, Pg> for Profile {
    type Row =
        (UserId, Option<String>, Option<String>, Option<String>, UserStatus, DateTime<Utc>, Option<DateTime<Utc>>, i32);

    fn build(row: Self::Row) -> deserialize::Result<Self> {
        let (id, username, display_name, avatar_url, status, last_seen_at, deleted_at, hidden) = row;
        let shows_presence = hidden == Sight::ALL;
        Ok(Self {
            id,
            username,
            display_name,
            avatar_url: avatar_url.filter(|_| hidden != Sight::BLOCKED),
            status: if shows_presence { status } else { UserStatus::Offline },
            last_seen_at: shows_presence.then_some(last_seen_at),
            deleted_at,
        })
    }
}

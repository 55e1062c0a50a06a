//! What others may see of an account: who has blocked the reader shows neither presence nor picture.

use chrono::{DateTime, Utc};
use diesel::deserialize;
use diesel::dsl::SqlTypeOf;
use diesel::expression::ValidGrouping;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Integer, Timestamptz};

use super::visibility::Sight;
use crate::enums::UserStatus;
use crate::ids::UserId;
use crate::schema::{sql_types, users};

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

/// The SQL of [`Status`].
macro_rules! status {
    () => {
        "coalesce((SELECT presence.status FROM user_presence AS presence WHERE presence.user_id = users.id), 'offline')"
    };
}

/// The SQL of [`LastSeen`].
macro_rules! last_seen {
    () => {
        "coalesce((SELECT presence.last_seen_at FROM user_presence AS presence WHERE presence.user_id = users.id), \
         users.deleted_at, users.created_at)"
    };
}

/// Declares what a profile is made from, each with its type, its value and its SQL: for Diesel, for SQL text, and as a struct
/// that names each of them.
macro_rules! columns {
    ($($column:ident: $rust:ty as $sql:ty = $expression:ty, $value:expr, $text:expr;)+) => {
        /// The columns of a profile as a reader sees it; `users` is in the statement.
        pub(super) type SeenBy = ($($expression,)+ Sight);

        /// The profile of the row of `users` as this reader sees it.
        pub(super) const fn seen_by(reader: UserId) -> SeenBy {
            ($($value,)+ Sight(reader))
        }

        /// The same columns but the last, for the files of SQL that have `{profile}`.
        pub(crate) const COLUMNS: &str = concat!($($text, ", "),+);

        /// The SQL types of [`SeenBy`].
        pub(super) type ProfileSql = ($($sql,)+ Integer);

        /// The row, before what the reader does not see is taken from it.
        struct Stored {
            $($column: $rust,)+
            sight: i32,
        }

        impl Stored {
            fn of(($($column,)+ sight): <Profile as Queryable<ProfileSql, Pg>>::Row) -> Self {
                Self { $($column,)+ sight }
            }
        }

        impl Queryable<ProfileSql, Pg> for Profile {
            type Row = ($($rust,)+ i32);

            fn build(row: Self::Row) -> deserialize::Result<Self> {
                Ok(Self::seen(Stored::of(row)))
            }
        }
    };
}

columns! {
    id: UserId as SqlTypeOf<users::id> = users::id, users::id, "users.id";
    username: Option<String> as SqlTypeOf<users::username> = users::username, users::username, "users.username";
    display_name: Option<String> as SqlTypeOf<users::display_name> = users::display_name, users::display_name, "users.display_name";
    avatar_url: Option<String> as SqlTypeOf<users::avatar_url> = users::avatar_url, users::avatar_url, "users.avatar_url";
    status: UserStatus as sql_types::UserStatus = Status, Status, status!();
    last_seen_at: DateTime<Utc> as Timestamptz = LastSeen, LastSeen, last_seen!();
    deleted_at: Option<DateTime<Utc>> as SqlTypeOf<users::deleted_at> = users::deleted_at, users::deleted_at, "users.deleted_at";
}

/// An expression of the row of `users`, by its SQL.
macro_rules! presence {
    ($($(#[$doc:meta])+ $name:ident: $sql:ty = $text:expr;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
        pub(super) struct $name;

        impl Expression for $name {
            type SqlType = $sql;
        }

        impl<QS> AppearsOnTable<QS> for $name {}

        impl<QS> SelectableExpression<QS> for $name {}

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($text);
                Ok(())
            }
        }
    )+};
}

// Of whom no device was ever heard, there is no row; nor of whom the account is closed.
presence! {
    /// Whether the user is there.
    Status: sql_types::UserStatus = status!();
    /// When a device of the user was last heard of.
    LastSeen: Timestamptz = last_seen!();
}

impl Profile {
    fn seen(stored: Stored) -> Self {
        let shows_presence = stored.sight == Sight::ALL;
        Self {
            id: stored.id,
            username: stored.username,
            display_name: stored.display_name,
            avatar_url: stored.avatar_url.filter(|_| stored.sight != Sight::BLOCKED),
            status: if shows_presence { stored.status } else { UserStatus::Offline },
            last_seen_at: shows_presence.then_some(stored.last_seen_at),
            deleted_at: stored.deleted_at,
        }
    }
}

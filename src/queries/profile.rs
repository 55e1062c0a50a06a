//! What others may see of an account: who has blocked the reader shows neither presence nor picture.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::deserialize;
use diesel::dsl::{Nullable, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::predicates::ten_at_least;
use super::visibility::Sight;
use crate::enums::UserStatus;
use crate::ids::UserId;
use crate::schema::{user_presence, users};
use crate::views::presence_entries;

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

/// Declares the columns that a profile is made from, each with its type and as SQL text, and a struct that names each of them.
macro_rules! columns {
    ($($column:ident: $rust:ty = $expression:ty, $value:expr, $text:literal;)+) => {
        /// The columns of a profile as a reader sees it; `users` is in the statement, left joined with `presence_entries`.
        pub(super) type SeenBy = ($($expression,)+ Sight);

        /// The profile of the row of `users` as this reader sees it.
        pub(super) fn seen_by(reader: UserId) -> SeenBy {
            ($($value,)+ Sight(reader))
        }

        /// The same columns but the last, for the files of SQL that have `{profile}`.
        pub(crate) const COLUMNS: &str = concat!($($text, ", "),+);

        /// The SQL types of [`SeenBy`].
        pub(super) type ProfileSql = ($(SqlTypeOf<$expression>,)+ Integer);

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

// Of whom no device was ever heard, there is no row of `presence_entries`; nor of whom the account is closed.
columns! {
    id: UserId = users::id, users::id, "users.id";
    username: Option<String> = users::username, users::username, "users.username";
    display_name: Option<String> = users::display_name, users::display_name, "users.display_name";
    avatar_url: Option<String> = users::avatar_url, users::avatar_url, "users.avatar_url";
    status: Option<UserStatus> =
        Nullable<presence_entries::status>, presence_entries::status.nullable(), "presence_entries.status";
    last_seen_at: Option<DateTime<Utc>> =
        Nullable<presence_entries::last_seen_at>, presence_entries::last_seen_at.nullable(), "presence_entries.last_seen_at";
    created_at: DateTime<Utc> = users::created_at, users::created_at, "users.created_at";
    deleted_at: Option<DateTime<Utc>> = users::deleted_at, users::deleted_at, "users.deleted_at";
}

impl Profile {
    fn seen(stored: Stored) -> Self {
        let shows_presence = stored.sight == Sight::ALL;
        Self {
            id: stored.id,
            username: stored.username,
            display_name: stored.display_name,
            avatar_url: stored.avatar_url.filter(|_| stored.sight != Sight::BLOCKED),
            status: stored.status.filter(|_| shows_presence).unwrap_or(UserStatus::Offline),
            last_seen_at: shows_presence.then(|| match (stored.status, stored.last_seen_at) {
                (None, Some(_)) => ELSEWHERE,
                (_, heard) => heard.or(stored.deleted_at).unwrap_or(stored.created_at),
            }),
            deleted_at: stored.deleted_at,
        }
    }
}

/// The instant of whom presence was not read with the rest, because it lies on other servers; the database stores none as early.
const ELSEWHERE: DateTime<Utc> = DateTime::<Utc>::MIN_UTC;

/// The profiles of these accounts as the reader sees them, in the order of their keys; of keys that no account has, none.
pub(super) fn read(
    conn: &mut PgConnection,
    reader: UserId,
    of: impl IntoIterator<Item = UserId>,
) -> QueryResult<Vec<Profile>> {
    let mut profiles: Vec<Profile> = users::table
        .left_join(presence_entries::table)
        .filter(users::id.eq_any(ten_at_least(of)))
        .order(users::id)
        .select(seen_by(reader))
        .load(conn)?;
    complete(conn, &mut profiles)?;
    Ok(profiles)
}

/// Completes profiles that were read without presence: of a database that is distributed, with a statement for all of them, and
/// one more for those of whom no device was ever heard. Of others they are complete; nothing is asked.
pub(super) fn complete<'p>(
    conn: &mut PgConnection,
    profiles: impl IntoIterator<Item = &'p mut Profile>,
) -> QueryResult<()> {
    let mut profiles: Vec<_> = profiles.into_iter().filter(|profile| profile.last_seen_at == Some(ELSEWHERE)).collect();
    if profiles.is_empty() {
        return Ok(());
    }
    let ids: BTreeSet<_> = profiles.iter().map(|profile| profile.id).collect();
    let present: Vec<(UserId, (UserStatus, DateTime<Utc>))> = user_presence::table
        .filter(user_presence::user_id.eq_any(&ids))
        .select((user_presence::user_id, (user_presence::status, user_presence::last_seen_at)))
        .load(conn)?;
    let present: HashMap<_, _> = present.into_iter().collect();
    let absent: Vec<_> = ids.into_iter().filter(|id| !present.contains_key(id)).collect();
    let since: HashMap<UserId, DateTime<Utc>> = if absent.is_empty() {
        HashMap::new()
    } else {
        let accounts = users::table.filter(users::id.eq_any(absent)).select((users::id, users::created_at));
        accounts.load(conn)?.into_iter().collect()
    };
    for profile in &mut profiles {
        match present.get(&profile.id) {
            Some(&(status, last_seen_at)) => {
                profile.status = status;
                profile.last_seen_at = Some(last_seen_at);
            }
            None => profile.last_seen_at = profile.deleted_at.or_else(|| since.get(&profile.id).copied()),
        }
    }
    Ok(())
}

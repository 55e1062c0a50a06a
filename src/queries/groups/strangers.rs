//! Bounds how often others who are no contacts add a user to groups.

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer};

use super::super::predicates::ten_at_least;
use super::super::statement::statement;
use crate::ids::{UserId, sql_types as sql};

/// How often others who are no contacts of a user add them to groups within a day, all together: 50 times.
pub const MAX_ADDED_BY_STRANGERS: i32 = 50;

statement! {
    AddedTooOften {
        by: UserId as sql::UserId,
        users: Vec<UserId> as Array<sql::UserId>,
        most: i32 as Integer,
    } -> (sql::UserId,) = "added_too_often.sql"
}

statement! {
    CountAdded { by: UserId as sql::UserId, users: Vec<UserId> as Array<sql::UserId> } -> (sql::UserId,) = "count_added.sql"
}

/// One of these users whom strangers have added so often in a day that this one cannot, unless they are contacts.
pub(super) fn added_too_often(conn: &mut PgConnection, by: UserId, users: &[UserId]) -> QueryResult<Option<UserId>> {
    let asked = AddedTooOften { by, users: ten_at_least(users.iter().copied()), most: MAX_ADDED_BY_STRANGERS };
    Ok(asked.get_result::<(UserId,)>(conn).optional()?.map(|(user,)| user))
}

/// Counts that users were added, for those to whom it is a stranger who did it; or gives one whom others have added too often
/// meanwhile, and counts nothing. Called when the counters of the users' logs are locked, because the counts are in their rows.
pub(super) fn count_added(conn: &mut PgConnection, by: UserId, users: &[UserId]) -> QueryResult<Option<UserId>> {
    let refusing = added_too_often(conn, by, users)?;
    if refusing.is_none() {
        CountAdded { by, users: ten_at_least(users.iter().copied()) }.load::<(UserId,)>(conn)?;
    }
    Ok(refusing)
}

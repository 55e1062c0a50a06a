//! Counts what of a person is in the database, by table: the proof that nothing is.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::ids::{UserId, sql_types as sql};
use crate::queries::statement::statement;

statement! {
    CountLeft { user: UserId as sql::UserId } -> (Text, BigInt) = "left.sql"
}

/// How many rows of a table are about a person, beside what stays.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Left {
    /// The table.
    pub table: String,
    /// How many rows.
    pub rows: i64,
}

/// How many rows of each table are about a person, in the order of the tables' names: all are 0 once the person is
/// [erased](super::of_user()), and the [projector](crate::projector), where it runs, has caught up with that.
///
/// The operator asks, to prove it. An id that the database does not know has nothing.
///
/// One statement, which locks nothing, and reads the tables of messages, receipts and uploads from end to end: on a large
/// database it takes minutes.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, _, _) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::erasure;
///
/// let left = erasure::left(conn, anna.user_id())?;
/// assert!(left.iter().any(|left| left.table == "unread_messages" && left.rows == 1));
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn left(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Left>> {
    CountLeft { user }.load(conn)
}

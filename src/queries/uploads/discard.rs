//! Removes uploads that nobody attached, and puts their files on the list of those to delete.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Interval, Text};

use crate::queries::statement::statement;
use crate::queries::time;

statement! {
    Discard { unattached: TimeDelta as Interval, batch: i64 as BigInt } -> (BigInt, Array<Text>) = "discard.sql"
}

/// Removes uploads that nobody attached for so long, such as a day, the oldest first and `batch` at most, and gives how many
/// they were: those that were [given up](super::abandon()) and not removed included. Their files, copies included, are on the
/// [list of unused files](crate::queries::unused_files::list) then.
///
/// It is maintenance, on nobody's behalf: any number of processes may do it at once.
///
/// One round trip, a transaction of its own. It locks the uploads' rows, and skips those that are locked. Index:
/// `uploads_unattached_idx`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use messenger_db::queries::uploads;
///
/// while uploads::discard(conn, chrono::TimeDelta::days(1), 100)? == 100 {}
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn discard(conn: &mut PgConnection, unattached: TimeDelta, batch: u16) -> QueryResult<usize> {
    let (removed, _) = Discard { unattached: time::interval(unattached), batch: batch.into() }
        .get_result::<(i64, Vec<String>)>(conn)?;
    Ok(usize::try_from(removed).unwrap_or_default())
}

//! Gives up uploads that nobody attached, so that their bytes are deleted.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Interval};

use crate::models::Upload;
use crate::queries::nul_character;
use crate::queries::statement::{Columns, statement};
use crate::queries::time;
use crate::schema::uploads;

statement! {
    /// What was given up.
    Abandon { unattached: TimeDelta as Interval, batch: i64 as BigInt } -> (Columns<Upload>,) = "abandon.sql"
}

/// Gives up uploads that nobody attached for so long, such as a day, the oldest first and `batch` at most: nobody attaches
/// them from now on. The service deletes their bytes, copies included, and then [removes](remove) them; those that were
/// given up before and not removed come again, so that nothing is lost when the service stops in between.
///
/// One statement; locks the uploads' rows until it commits, and skips those that are locked. Index:
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
/// let abandoned = uploads::abandon(conn, chrono::TimeDelta::days(1), 100)?;
/// let keys: Vec<_> = abandoned.iter().map(|upload| upload.storage_key.as_str()).collect();
/// // Now the object store deletes them, and then:
/// uploads::remove(conn, &keys)?;
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn abandon(conn: &mut PgConnection, unattached: TimeDelta, batch: u16) -> QueryResult<Vec<Upload>> {
    let abandoned: Vec<(Upload,)> =
        Abandon { unattached: time::interval(unattached), batch: batch.into() }.load(conn)?;
    let mut abandoned: Vec<_> = abandoned.into_iter().map(|(upload,)| upload).collect();
    abandoned
        .sort_unstable_by(|one, other| (one.created_at, &one.storage_key).cmp(&(other.created_at, &other.storage_key)));
    Ok(abandoned)
}

/// Forgets uploads that were [given up](abandon) and whose bytes are deleted, and gives how many they were. Others of
/// these keys stay.
///
/// One statement; locks the uploads' rows until it commits. Index: `uploads_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use messenger_db::queries::uploads;
///
/// assert_eq!(uploads::remove(conn, &["pictures/0f8fad5b"])?, 0);
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn remove(conn: &mut PgConnection, storage_keys: &[&str]) -> QueryResult<usize> {
    let keys: Vec<_> = storage_keys.iter().copied().filter(|key| !nul_character::in_any([Some(*key)])).collect();
    diesel::delete(uploads::table.filter(uploads::storage_key.eq_any(keys)))
        .filter(uploads::abandoned_at.is_not_null())
        .execute(conn)
}

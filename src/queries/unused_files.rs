//! The files that the service is to delete from the object store: those of messages, chats, accounts and uploads that were
//! removed or deleted, and profile pictures of users and groups that were replaced or taken away.
//!
//! A file is put on the list by the transaction that removes the row which needed it, and stays there until the service says
//! that it is deleted. So each file is given at least once, whoever dies in between: deleting a file that is gone already is no
//! error of the service's. A file belongs to one message, upload, user or group; whoever stores one under a key that several
//! share, or gives somebody an earlier picture again under its old address, looks for the others first.
//!
//! Plain SQL may do the same: `SELECT id, file_key FROM unused_files ORDER BY id LIMIT 100`, and then a `DELETE` by `id`.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text};

use super::statement::statement;
use crate::models::UnusedFile;
use crate::page::Limit;
use crate::schema::unused_files;

statement! {
    QueueFiles { file_keys: Vec<String> as Array<Text> } -> (Bool,) = "unused_files.sql"
}

/// Puts files on the list, in the transaction that removes the row which needed them.
pub(super) fn queue(conn: &mut PgConnection, file_keys: Vec<String>) -> QueryResult<()> {
    if !file_keys.is_empty() {
        QueueFiles { file_keys }.execute(conn)?;
    }
    Ok(())
}

/// Puts a profile picture on the list that another replaces, or none.
pub(super) fn queue_replaced(conn: &mut PgConnection, old: Option<String>, new: Option<&str>) -> QueryResult<()> {
    match old {
        Some(old) if !old.is_empty() && new != Some(old.as_str()) => queue(conn, vec![old]),
        _ => Ok(()),
    }
}

/// The files to delete, in the order of their ids, which are random; after one of them, or from the first.
///
/// The service asks for itself: it deletes the files and then [forgets](forget) them. Of those it cannot delete now it asks
/// again later, and goes on after the last meanwhile.
///
/// One statement, which locks nothing. Index: `unused_files_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use messenger_db::page::Limit;
/// use messenger_db::queries::unused_files;
///
/// let files = unused_files::list(conn, None, Limit::default())?;
/// let ids: Vec<_> = files.iter().map(|file| file.id).collect();
/// // Now the object store deletes each `file_key`, and then:
/// unused_files::forget(conn, &ids)?;
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn list(conn: &mut PgConnection, after: Option<i64>, limit: Limit) -> QueryResult<Vec<UnusedFile>> {
    unused_files::table
        .filter(unused_files::id.gt(after.unwrap_or(-1)))
        .order(unused_files::id)
        .limit(limit.get())
        .select(UnusedFile::as_select())
        .load(conn)
}

/// Takes files off the list, because they are deleted, and gives how many of these were on it.
///
/// The service says so, on nobody's behalf.
///
/// One statement; locks the rows until it commits. Index: `unused_files_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use messenger_db::queries::unused_files;
///
/// assert_eq!(unused_files::forget(conn, &[1, 2])?, 0);
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn forget(conn: &mut PgConnection, ids: &[i64]) -> QueryResult<usize> {
    diesel::delete(unused_files::table.filter(unused_files::id.eq_any(ids))).execute(conn)
}

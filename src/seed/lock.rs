//! Takes the lock of test data: one process at a time fills a database, and one that has users only when forced.

use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::SeedError;
use crate::schema::users;

/// Begins to fill a database: no other process does so until this connection is closed.
///
/// # Errors
///
/// [`SeedError::Forbidden`] when the role may not write; [`SeedError::Locked`] when another process fills the database;
/// [`SeedError::NotEmpty`] when there are users and `force` is not set; [`SeedError::Database`] when the database fails.
pub fn begin(conn: &mut PgConnection, force: bool) -> Result<(), SeedError> {
    let (may_write, is_alone): (bool, bool) = diesel::select((
        sql::<Bool>("has_table_privilege('users', 'INSERT') AND has_table_privilege('messages', 'INSERT')"),
        sql::<Bool>("pg_try_advisory_lock(hashtextextended('messenger-db seed', 0))"),
    ))
    .get_result(conn)?;
    if !may_write {
        return Err(SeedError::Forbidden);
    }
    if !is_alone {
        return Err(SeedError::Locked);
    }
    if !force && diesel::select(exists(users::table.select(users::id))).get_result(conn)? {
        return Err(SeedError::NotEmpty);
    }
    Ok(())
}

//! The role whose objects the migrations make: the owner of the history, which the runner becomes.
//!
//! What is made later by another role is not that owner's, and his default privileges do not hold for it: the role of the
//! application would meet tables that it may not read.

use crate::migrate::error::Error;
use crate::migrate::sql::libpq::Connection;
use crate::migrate::sql::quote::{literal, quoted};

/// Becomes the owner of the history for the rest of the session. Without a history it belongs to whoever makes it.
///
/// # Errors
///
/// [`Error::NotOwner`] when the role that works is no member of the owner, or may not become it.
pub(crate) fn assume(connection: &mut Connection) -> Result<(), Error> {
    let Some(found) = find(connection)? else { return Ok(()) };
    if !found.may_become {
        return Err(Error::NotOwner { owner: found.owner, role: found.role });
    }
    become_owner(connection, &found)
}

/// Does work as the owner, as [`assume`] makes the session. What the owner may not, such as to drop an extension that a
/// superuser made, is done again by the role that the session began with, if that is a superuser.
///
/// # Errors
///
/// [`Error::NotOwner`], and those of the work.
pub(crate) fn work_as_owner<T>(
    connection: &mut Connection,
    mut work: impl FnMut(&mut Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    assume(connection)?;
    match work(connection) {
        Err(error) if error.sqlstate() == Some("42501") && connection.is_idle() => {
            let began =
                connection.execute("RESET ROLE; SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper")?;
            if began.is_empty() { Err(error) } else { work(connection) }
        }
        outcome => outcome,
    }
}

/// Becomes the owner where that is allowed, for what makes no objects.
pub(crate) fn assume_if_allowed(connection: &mut Connection) -> Result<(), Error> {
    match find(connection)? {
        Some(found) if found.may_become => become_owner(connection, &found),
        _ => Ok(()),
    }
}

fn become_owner(connection: &mut Connection, found: &Found) -> Result<(), Error> {
    // The path may name the schema of the role that works, "$user", which is another one now.
    connection.execute(&format!(
        "SET ROLE {}; SELECT set_config('search_path', concat_ws(', ', {schema}, nullif(current_setting('search_path'), '')), false)
             WHERE current_schema() IS DISTINCT FROM {schema_name}",
        quoted(&found.owner),
        schema = literal(&quoted(&found.schema)),
        schema_name = literal(&found.schema),
    ))?;
    Ok(())
}

/// Another role owns the history than the one that works.
struct Found {
    owner: String,
    role: String,
    schema: String,
    may_become: bool,
}

/// The owner of the history of the current schema, unless that is who works here.
fn find(connection: &mut Connection) -> Result<Option<Found>, Error> {
    // Whether a role may SET ROLE is a right of its own since PostgreSQL 16.
    let rows = connection.execute(
        "SELECT owner.rolname, current_user, current_schema(), CASE
             WHEN current_setting('server_version_num')::integer >= 160000
                 THEN pg_has_role(current_user, owner.oid, 'SET')
             ELSE pg_has_role(current_user, owner.oid, 'MEMBER')
         END
         FROM pg_class AS class
         INNER JOIN pg_roles AS owner ON owner.oid = class.relowner
         WHERE class.relname = '__diesel_schema_migrations'
             AND class.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
             AND owner.rolname <> current_user",
    )?;
    Ok(rows.into_iter().next().and_then(|row| {
        let mut values = row.into_iter();
        Some(Found {
            owner: values.next()??,
            role: values.next()??,
            schema: values.next()??,
            may_become: values.next()?.as_deref() == Some("t"),
        })
    }))
}

//! The role whose objects the migrations make: the owner of the history, which the runner becomes.
//!
//! What is made later by another role is not that owner's, and his default privileges do not hold for it: the role of the
//! application would meet tables that it may not read.

use std::fmt::Write as _;

use crate::migrate::error::Error;
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::sql::quote::{dollar_quoted, literal, quoted};
use crate::migrate::sql::statements;

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

/// Carries out `sql` as the owner. In a transaction, a statement about an extension that is refused to the owner, such as to
/// drop one that a superuser made, is done by the role that the session began with. It makes nothing else then: a table would
/// not be the owner's, and so the refusal stands.
///
/// # Errors
///
/// What the server said.
pub(crate) fn carry_out<T>(
    connection: &mut Connection,
    sql: &str,
    mut work: impl FnMut(&mut Connection, &str) -> Result<T, ServerError>,
) -> Result<T, ServerError> {
    if connection.is_idle() || !statements::split(sql).iter().any(|statement| is_about_an_extension(statement.text)) {
        return work(connection, sql);
    }
    connection.execute(&format!("SAVEPOINT {SAVEPOINT}"))?;
    let mut done = match work(connection, sql) {
        Err(refused) if refused.sqlstate == INSUFFICIENT_PRIVILEGE && connection.is_alive() => Err(refused),
        Ok(done) => {
            connection.execute(&format!("RELEASE {SAVEPOINT}"))?;
            return Ok(done);
        }
        Err(error) => return Err(error),
    };
    connection.execute(&format!("ROLLBACK TO {SAVEPOINT}; RELEASE {SAVEPOINT}"))?;
    for (completed, statement) in statements::split(sql).into_iter().enumerate() {
        let in_file = |error: ServerError| error.in_file(sql, statement.start, completed);
        done = if is_about_an_extension(statement.text) {
            with_the_login(connection, statement.text, &mut work)
        } else {
            work(connection, statement.text)
        }
        .map_err(in_file);
        if done.is_err() {
            break;
        }
    }
    done
}

const SAVEPOINT: &str = "messenger_db_owner";
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// Whether another role owns the history than the one that works.
pub(crate) fn is_another(connection: &mut Connection) -> Result<bool, Error> {
    Ok(find(connection)?.is_some())
}

/// For psql: finds the owner, becomes it and remembers how, for [`BECOME`]. The role that works, where there is no history.
pub(crate) const FIND_FOR_PSQL: &str = r#"SELECT
    coalesce(
        (
            SELECT owner.rolname FROM pg_class AS class
            INNER JOIN pg_roles AS owner ON owner.oid = class.relowner
            WHERE class.relname = '__diesel_schema_migrations'
                AND class.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
        ),
        current_user
    ) AS messenger_owner,
    current_schema() AS messenger_schema,
    current_setting('search_path') AS messenger_path \gset
SELECT set_config('role', :'messenger_owner', false) \gset
-- "$user" in the path is that role now.
SELECT CASE
    WHEN current_schema() IS DISTINCT FROM :'messenger_schema'
        THEN concat_ws(', ', quote_ident(:'messenger_schema'), nullif(:'messenger_path', ''))
    ELSE :'messenger_path'
END AS messenger_path \gset
SELECT set_config('search_path', :'messenger_path', false) \gset
"#;

/// For psql: becomes that owner again.
pub(crate) const BECOME: &str =
    r"SELECT set_config('role', :'messenger_owner', false), set_config('search_path', :'messenger_path', false) \gset";

/// For psql: the text of a migration, in which a statement about an extension that is refused to the owner is carried out by the
/// role that runs psql.
pub(crate) fn for_psql(sql: &str) -> String {
    let mut script = String::with_capacity(sql.len());
    let mut end = 0;
    for statement in statements::split(sql) {
        let words: Vec<_> = statements::keywords(statement.text).take(3).collect();
        let words: Vec<_> = words.iter().map(AsRef::as_ref).collect();
        if !matches!(words.as_slice(), ["CREATE" | "ALTER" | "DROP", "EXTENSION", ..] | ["COMMENT", "ON", "EXTENSION"])
        {
            continue;
        }
        script.push_str(sql.get(end..statement.start).unwrap_or_default());
        end = statement.start + statement.text.len();
        let execute = format!("EXECUTE {};", literal(statement.text).trim_start());
        let body = format!(
            "\nDECLARE\n    owner name := current_user;\nBEGIN\n    {execute}\n\
             EXCEPTION WHEN insufficient_privilege THEN\n    RESET ROLE;\n    {execute}\n    \
             PERFORM set_config('role', owner, false);\nEND\n"
        );
        let _ = write!(script, "DO {}", dollar_quoted(&body));
    }
    script.push_str(sql.get(end..).unwrap_or_default());
    script
}

/// Whether a statement may make, change, drop or describe an extension, in its body too.
fn is_about_an_extension(statement: &str) -> bool {
    statement.to_ascii_uppercase().contains("EXTENSION")
}

/// Carries out one statement as the owner, or else as the role that the session began as.
fn with_the_login<T>(
    connection: &mut Connection,
    statement: &str,
    work: &mut impl FnMut(&mut Connection, &str) -> Result<T, ServerError>,
) -> Result<T, ServerError> {
    connection.execute(&format!("SAVEPOINT {SAVEPOINT}"))?;
    let refused = match work(connection, statement) {
        Err(refused) if refused.sqlstate == INSUFFICIENT_PRIVILEGE && connection.is_alive() => refused,
        Ok(done) => {
            connection.execute(&format!("RELEASE {SAVEPOINT}"))?;
            return Ok(done);
        }
        Err(error) => return Err(error),
    };
    let owner = connection.execute(&format!("ROLLBACK TO {SAVEPOINT}; SELECT quote_ident(current_user)"))?;
    let before = connection.execute(&format!("RESET ROLE; {OBJECTS_OF_LOGIN}"))?;
    let Some(owner) = owner.into_iter().flatten().next().flatten().filter(|_| !before.is_empty()) else {
        return Err(refused);
    };
    let done = work(connection, statement)?;
    if connection.execute(&format!("RESET ROLE; {OBJECTS_OF_LOGIN}"))? != before {
        return Err(refused);
    }
    connection.execute(&format!("SET ROLE {owner}; RELEASE {SAVEPOINT}"))?;
    Ok(done)
}

/// What the role has that works, without what belongs to extensions.
const OBJECTS_OF_LOGIN: &str = "SELECT (
        SELECT array_agg((catalog, object.oid) ORDER BY catalog, object.oid)
        FROM (
            SELECT 'pg_class'::regclass AS catalog, oid FROM pg_class WHERE relowner = role.oid AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
            UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE proowner = role.oid
            UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typowner = role.oid AND typtype IN ('e', 'd', 'r')
            UNION ALL SELECT 'pg_namespace'::regclass, oid FROM pg_namespace WHERE nspowner = role.oid
        ) AS object
        WHERE object.oid >= 16384 AND NOT EXISTS (
            SELECT FROM pg_depend WHERE classid = catalog AND objid = object.oid AND deptype = 'e'
        )
    )
    FROM pg_roles AS role
    WHERE role.rolname = current_user";

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

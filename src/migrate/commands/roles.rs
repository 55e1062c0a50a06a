//! Makes the roles of a database: one that migrates, one that reads and writes rows, one that reads.
//!
//! Roles belong to the whole server, and not to a database, so no migration makes them: it would run once in each
//! database, and fail in the second. None of the three can log in; the roles that do are members of one of them.

use std::collections::BTreeSet;

use diesel::migration::CREATE_MIGRATIONS_TABLE;

use crate::migrate::Observer;
use crate::migrate::error::Error;
use crate::migrate::model::migration::Migration;
use crate::migrate::session::lock::{self, RunnerLock};
use crate::migrate::session::pool::Pool;
use crate::migrate::session::transaction::transaction;
use crate::migrate::sql::libpq::Connection;
use crate::migrate::sql::quote::{literal, quoted};
use crate::migrate::state::layout::LOCKED_THROUGH;
use crate::migrate::state::ledger;
use crate::migrate::state::objects::{self, Object};

/// The names of the three roles, and what they are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// Owns the tables, types and functions, and migrates them.
    pub owner: String,
    /// Reads and writes rows, as the queries do; changes no table, and not what is written about the migrations.
    pub app: String,
    /// Reads.
    pub readonly: String,
    /// Schemas of which everything is covered, whoever owns it, such as that of a service's own tables. Of the current
    /// schema, unless it is named here too, what the migrations made is covered, and what the owner of the history owns.
    pub schemas: Vec<String>,
}

/// Where everything is, and who it belongs to.
const PLACE: &str = "SELECT quote_ident(current_database()), current_schema(), quote_ident(current_user),
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
    (
        SELECT pg_get_userbyid(relowner) FROM pg_class
        WHERE oid = to_regclass(quote_ident(current_schema()) || '.__diesel_schema_migrations')
    )";

impl Roles {
    /// `PREFIX_owner`, `PREFIX_app` and `PREFIX_readonly`.
    ///
    /// # Errors
    ///
    /// [`Error::Role`] when the prefix is empty, is `pg` or begins with `pg_`, or is so long that PostgreSQL would cut the names
    /// (63 bytes).
    pub fn with_prefix(prefix: &str) -> Result<Self, Error> {
        let name = |what: &str| format!("{prefix}_{what}");
        if prefix.is_empty() || name("readonly").len() > 63 || prefix.contains('\0') || name("").starts_with("pg_") {
            let reason = "it must have 1 to 54 bytes, must not be pg, and must not begin with pg_".to_owned();
            return Err(Error::Role { name: prefix.to_owned(), reason });
        }
        Ok(Self { owner: name("owner"), app: name("app"), readonly: name("readonly"), schemas: Vec::new() })
    }

    /// The roles that a database has: those whose owner has its history. They keep their names where the database gets another
    /// one, or is copied. `None`: it has none.
    ///
    /// # Errors
    ///
    /// [`Error::Pool`] without a connection; [`Error::Server`] when the catalog cannot be read.
    pub fn of(pool: &Pool) -> Result<Option<Self>, Error> {
        let rows = pool.get()?.execute(
            "SELECT prefix
             FROM pg_class
             INNER JOIN pg_roles AS role ON role.oid = relowner
             CROSS JOIN LATERAL left(rolname, -length('_owner')) AS prefix
             WHERE pg_class.oid = to_regclass(quote_ident(current_schema()) || '.__diesel_schema_migrations')
                 AND rolname = prefix || '_owner' AND NOT rolcanlogin
                 AND 2 = (SELECT count(*) FROM pg_roles WHERE rolname IN (prefix || '_app', prefix || '_readonly'))",
        )?;
        rows.into_iter().flatten().flatten().next().map(|prefix| Self::with_prefix(&prefix)).transpose()
    }
}

/// Makes the three roles that are missing, and gives each what it needs in this database, in one transaction. Gives the
/// statements that it carried out.
///
/// Everything in the schema that the migrations made, whoever owns it, or that belongs to who migrated until now becomes the
/// owner's, and what the owner makes later is the other two's to use by default. `PUBLIC` loses what would let anybody
/// create things there: `CREATE` on the schema, and `TEMPORARY` on the database. Done again, it brings what has changed
/// meanwhile to the same state.
///
/// Takes the runner's lock, and, where a table gets another owner, `ACCESS EXCLUSIVE` on it for a moment.
///
/// # Errors
///
/// [`Error::Role`] when one of the roles is there and can do more than it should; [`Error::UnknownSchema`] for a schema that is
/// not there, or the server's own; [`Error::Server`] when the role that this runs as may not: it needs `CREATEROLE`, and to own
/// the database and what is in it, or to be a superuser.
pub fn create_roles(pool: &Pool, roles: &Roles, observer: &mut dyn Observer) -> Result<Vec<String>, Error> {
    let RunnerLock { connection, .. } = &mut lock::acquire(pool, pool.get()?, observer)?;
    transaction(connection, |connection| {
        let done = carry_out(connection, roles, pool.migrations())?;
        connection.execute("COMMIT")?;
        Ok(done)
    })
}

/// The statements that [`create_roles`] would carry out, for an administrator to read and to run, in one transaction and
/// whatever the `search_path` of his session. Whoever asks needs no right but to read the catalog and the history.
///
/// # Errors
///
/// [`Error::Role`] and [`Error::UnknownSchema`], as [`create_roles`]; [`Error::Server`] when the catalog cannot be read.
pub fn plan_roles(pool: &Pool, roles: &Roles, observer: &mut dyn Observer) -> Result<Vec<String>, Error> {
    let RunnerLock { connection, .. } = &mut lock::acquire(pool, pool.get()?, observer)?;
    connection.execute("BEGIN")?;
    let planned = work_out(connection, roles, pool.migrations());
    connection.execute("ROLLBACK")?;
    planned
}

fn carry_out(connection: &mut Connection, roles: &Roles, migrations: &[Migration]) -> Result<Vec<String>, Error> {
    let place = found(connection, roles)?;
    let mut done = Vec::new();
    for statements in [membership(connection, roles, &place)?, records(connection, &place)?] {
        perform(connection, &mut done, statements)?;
    }
    for schema in schemas(roles, &place) {
        perform(connection, &mut done, privileges(roles, &place, schema))?;
        let objects = covered(connection, roles, &place, schema, migrations)?;
        perform(connection, &mut done, possessions(roles, &objects, migrations))?;
    }
    // "already exists, skipping" is no news.
    connection.take_notices();
    Ok(done)
}

/// The same statements, none carried out: whoever asks for them may not be who can.
fn work_out(connection: &mut Connection, roles: &Roles, migrations: &[Migration]) -> Result<Vec<String>, Error> {
    // Whoever runs them is not known here, and has another search_path.
    let place = Place { user: "CURRENT_USER".to_owned(), ..found(connection, roles)? };
    let mut statements = vec![format!("SET LOCAL search_path = {}", quoted(&place.schema))];
    statements.extend(membership(connection, roles, &place)?);
    statements.extend(records(connection, &place)?);
    for schema in schemas(roles, &place) {
        statements.extend(privileges(roles, &place, schema));
        let mut objects = covered(connection, roles, &place, schema, migrations)?;
        if *schema == place.schema {
            // They are there by then.
            let is_there = |name: &str| objects.iter().any(|object| object.is_record() && object.name == name);
            let missing: Vec<_> = objects::RECORDS.into_iter().filter(|name| !is_there(name)).collect();
            objects.extend(missing.into_iter().map(|name| Object::record(schema, name)));
        }
        statements.extend(possessions(roles, &objects, migrations));
    }
    Ok(statements)
}

/// The schemas to cover, the current one first.
fn schemas<'a>(roles: &'a Roles, place: &'a Place) -> impl Iterator<Item = &'a String> {
    let others = roles.schemas.iter().filter(|schema| **schema != place.schema);
    [&place.schema].into_iter().chain(others)
}

/// Where this works, when every schema that is named is there.
fn found(connection: &mut Connection, roles: &Roles) -> Result<Place, Error> {
    let place = Place::of(connection)?;
    for name in &roles.schemas {
        // The server's own are nobody's to give away.
        let query = format!(
            "SELECT FROM pg_namespace
             WHERE nspname = {} AND NOT starts_with(nspname, 'pg_') AND nspname <> 'information_schema'",
            literal(name)
        );
        if connection.execute(&query)?.is_empty() {
            return Err(Error::UnknownSchema { name: name.clone() });
        }
    }
    Ok(place)
}

fn perform(connection: &mut Connection, done: &mut Vec<String>, statements: Vec<String>) -> Result<(), Error> {
    for statement in statements {
        connection.execute(&statement)?;
        done.push(statement);
    }
    Ok(())
}

/// The roles themselves.
fn membership(connection: &mut Connection, roles: &Roles, place: &Place) -> Result<Vec<String>, Error> {
    let mut statements = Vec::new();
    for name in [&roles.owner, &roles.app, &roles.readonly] {
        let found = connection.execute(&format!(
            "SELECT rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
             FROM pg_roles WHERE rolname = {}",
            literal(name)
        ))?;
        match found.into_iter().flatten().next().flatten().as_deref() {
            None => statements.push(format!("CREATE ROLE {} NOLOGIN", quoted(name))),
            Some("f") => {}
            Some(_) => {
                let reason = "it is there already, and can log in, or do more than one of the three should".to_owned();
                return Err(Error::Role { name: name.clone(), reason });
            }
        }
    }
    if !place.is_superuser {
        // Who gives something away must be able to become who gets it.
        statements.push(format!("GRANT {} TO {}", quoted(&roles.owner), place.user));
    }
    Ok(statements)
}

/// The tables of the runner. Made before they get their owner, so that what is said about later tables does not hold for
/// them.
fn records(connection: &mut Connection, place: &Place) -> Result<Vec<String>, Error> {
    let mut statements = Vec::new();
    if place.runner.is_none() {
        statements.push(CREATE_MIGRATIONS_TABLE.trim_end().trim_end_matches(';').to_owned());
    }
    let ledger = format!("{}.messenger_db_ledger", quoted(&place.schema));
    if connection.execute(&format!("SELECT WHERE to_regclass({}) IS NULL", literal(&ledger)))?.len() == 1 {
        statements.push(ledger::CREATE.trim_end().trim_end_matches(';').to_owned());
    }
    Ok(statements)
}

/// What each may do in the database and in a schema, and with what is made there later.
fn privileges(roles: &Roles, place: &Place, schema: &str) -> Vec<String> {
    let [owner, app, readonly] = [&roles.owner, &roles.app, &roles.readonly].map(|name| quoted(name));
    let (database, schema) = (&place.database, quoted(schema));
    let later = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}");
    vec![
        format!("GRANT CONNECT ON DATABASE {database} TO {owner}, {app}, {readonly}"),
        format!("GRANT CREATE, TEMPORARY ON DATABASE {database} TO {owner}"),
        format!("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC"),
        format!("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"),
        format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {owner}"),
        format!("GRANT USAGE ON SCHEMA {schema} TO {app}, {readonly}"),
        format!("{later} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}"),
        format!("{later} GRANT USAGE, SELECT ON SEQUENCES TO {app}"),
        format!("{later} GRANT SELECT ON TABLES TO {readonly}"),
    ]
}

/// What is in a schema and is to be the owner's: everything, or only what the migrations made, what who migrated until
/// now owns, and what is the owner's already.
fn covered(
    connection: &mut Connection,
    roles: &Roles,
    place: &Place,
    schema: &String,
    migrations: &[Migration],
) -> Result<Vec<Object>, Error> {
    let mut objects = objects::of_schema(connection, schema)?;
    if !roles.schemas.contains(schema) {
        let made: BTreeSet<_> = objects::subjects(migrations);
        let runner = place.runner.as_deref();
        objects.retain(|object| {
            object.is_record()
                || made.contains(object.subject.as_str())
                || object.owner == roles.owner
                || runner == Some(object.owner.as_str())
        });
    }
    Ok(objects)
}

/// Whose these become, and what the others may do with them.
fn possessions(roles: &Roles, objects: &[Object], migrations: &[Migration]) -> Vec<String> {
    let [owner, app, readonly] = [&roles.owner, &roles.app, &roles.readonly].map(|name| quoted(name));
    let made = objects::subjects(migrations);
    let mut statements = Vec::new();
    for object in objects {
        let (kind, name) = (object.kind.as_str(), &object.full_name);
        if object.owner != roles.owner && !object.goes_with_table {
            statements.push(format!("ALTER {kind} {name} OWNER TO {owner}"));
        }
        match kind {
            "TABLE" if object.is_record() => {
                statements.push(format!("REVOKE ALL ON {name} FROM PUBLIC, {app}, {readonly}"));
                statements.push(format!("GRANT SELECT ON {name} TO {app}, {readonly}"));
            }
            "TABLE" | "FOREIGN TABLE" => {
                statements.push(format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {app}"));
                statements.push(format!("GRANT SELECT ON {name} TO {readonly}"));
            }
            "VIEW" | "MATERIALIZED VIEW" => {
                statements.push(format!("GRANT SELECT ON {name} TO {app}, {readonly}"));
                if LOCKED_THROUGH.contains(&object.name.as_str()) {
                    // Rows are locked through these, which takes the right to change them.
                    statements.push(format!("GRANT UPDATE ON {name} TO {app}"));
                }
            }
            // Where ALTER DEFAULT PRIVILEGES took that from PUBLIC. Not of a service's own: it may have closed them on purpose.
            "ROUTINE" if object.is_closed && made.contains(object.subject.as_str()) => {
                statements.push(format!("GRANT EXECUTE ON ROUTINE {name} TO {app}, {readonly}"));
            }
            "SEQUENCE" => statements.push(format!("GRANT USAGE, SELECT ON SEQUENCE {name} TO {app}")),
            _ => {}
        }
    }
    statements
}

/// Where this works.
struct Place {
    /// The database, as SQL.
    database: String,
    /// The current schema.
    schema: String,
    /// The role that works, as SQL.
    user: String,
    is_superuser: bool,
    /// Who owns the history, if there is one: who migrated until now.
    runner: Option<String>,
}

impl Place {
    fn of(connection: &mut Connection) -> Result<Self, Error> {
        let row = connection.execute(PLACE)?.into_iter().next().unwrap_or_default();
        let mut values = row.into_iter();
        let mut value = || values.next().flatten();
        Ok(Self {
            database: value().unwrap_or_default(),
            // Where there is none, the server says so at the first statement.
            schema: value().unwrap_or_default(),
            user: value().unwrap_or_default(),
            is_superuser: value().as_deref() == Some("t"),
            runner: value(),
        })
    }
}

//! Decides who may do what: a role that migrates, one that reads and writes rows, one that reads.
//!
//! Roles belong to the whole server, and not to a database, so no migration makes them: it would run once in each
//! database, and fail in the second. None of the three can log in; the roles that do are members of one of them.

use diesel::migration::CREATE_MIGRATIONS_TABLE;

use super::libpq::Connection;
use super::lock::Turn;
use super::{Error, Pool, history, ledger, lock};
use crate::migrate::Observer;

/// The names of the three roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// Owns the tables, types and functions, and migrates them.
    pub owner: String,
    /// Reads and writes rows, as the acts do; changes no table, and not what is written about the migrations.
    pub app: String,
    /// Reads.
    pub readonly: String,
}

/// Where everything is, and who it belongs to.
const PLACE: &str = "SELECT quote_ident(current_database()), quote_ident(current_schema()), quote_ident(current_user),
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)";

/// What is written about the migrations, and not the application's to change.
const RECORDS: [&str; 2] = ["__diesel_schema_migrations", "messenger_db_ledger"];

impl Roles {
    /// `PREFIX_owner`, `PREFIX_app` and `PREFIX_readonly`.
    ///
    /// # Errors
    ///
    /// [`Error::Role`] when the prefix is empty, or so long that PostgreSQL would cut the names (63 bytes).
    pub fn with_prefix(prefix: &str) -> Result<Self, Error> {
        let name = |what: &str| format!("{prefix}_{what}");
        if prefix.is_empty() || name("readonly").len() > 63 || prefix.contains('\0') || prefix.starts_with("pg_") {
            let reason = "it must have 1 to 54 bytes, and not begin with pg_".to_owned();
            return Err(Error::Role { name: prefix.to_owned(), reason });
        }
        Ok(Self { owner: name("owner"), app: name("app"), readonly: name("readonly") })
    }
}

/// Makes the three roles that are missing, and gives each what it needs in this database, in one transaction. Gives the
/// statements that it carried out.
///
/// Everything in the schema that belongs to who migrated until now becomes the owner's, and what the owner makes later
/// is the other two's to use by default. `PUBLIC` loses what would let anybody create things there: `CREATE` on the
/// schema, and `TEMPORARY` on the database. Done again, it brings what has changed meanwhile to the same state.
///
/// Takes the runner's lock, and, where a table gets another owner, `ACCESS EXCLUSIVE` on it for a moment.
///
/// # Errors
///
/// [`Error::Role`] when one of the roles is there and can do more than it should; [`Error::Server`] when the role that
/// this runs as may not: it needs `CREATEROLE`, and to own the database and what is in it, or to be a superuser.
pub fn create_roles(pool: &Pool, roles: &Roles, observer: &mut dyn Observer) -> Result<Vec<String>, Error> {
    let Turn { connection, .. } = &mut lock::acquire(pool, pool.get()?, observer)?;
    super::apply::transaction(connection, Error::Server, |connection| carry_out(connection, roles))
}

/// The statements that [`create_roles`] would carry out, for an administrator to read and to run.
///
/// # Errors
///
/// As [`create_roles`].
pub fn plan_roles(pool: &Pool, roles: &Roles, observer: &mut dyn Observer) -> Result<Vec<String>, Error> {
    let Turn { connection, .. } = &mut lock::acquire(pool, pool.get()?, observer)?;
    connection.execute("BEGIN")?;
    let statements = carry_out(connection, roles);
    connection.execute("ROLLBACK")?;
    statements
}

fn carry_out(connection: &mut Connection, roles: &Roles) -> Result<Vec<String>, Error> {
    let mut done = Vec::new();
    for statements in [membership, privileges, possessions] {
        for statement in statements(connection, roles)? {
            connection.execute(&statement)?;
            done.push(statement);
        }
    }
    // "already exists, skipping" is no news.
    connection.take_notices();
    Ok(done)
}

/// The roles themselves.
fn membership(connection: &mut Connection, roles: &Roles) -> Result<Vec<String>, Error> {
    let mut statements = Vec::new();
    for name in [&roles.owner, &roles.app, &roles.readonly] {
        let found = connection.execute(&format!(
            "SELECT rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
             FROM pg_roles WHERE rolname = {}",
            literal(name)
        ))?;
        match found.into_iter().flatten().next().flatten().as_deref() {
            None => statements.push(format!("CREATE ROLE {} NOLOGIN", history::quoted(name))),
            Some("f") => {}
            Some(_) => {
                let reason = "it is there already, and can log in, or do more than one of the three should".to_owned();
                return Err(Error::Role { name: name.clone(), reason });
            }
        }
    }
    Ok(statements)
}

/// What each may do in the database, the schema, and with what is made later.
fn privileges(connection: &mut Connection, roles: &Roles) -> Result<Vec<String>, Error> {
    let [database, schema, user, is_superuser] = place(connection)?;
    let [owner, app, readonly] = [&roles.owner, &roles.app, &roles.readonly].map(|name| history::quoted(name));
    let later = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}");
    let mut statements = Vec::new();
    if is_superuser != "t" {
        // Who gives something away must be able to become who gets it.
        statements.push(format!("GRANT {owner} TO {user}"));
    }
    statements.extend([
        format!("GRANT CONNECT ON DATABASE {database} TO {owner}, {app}, {readonly}"),
        format!("GRANT CREATE, TEMPORARY ON DATABASE {database} TO {owner}"),
        format!("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC"),
        format!("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"),
        format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {owner}"),
        format!("GRANT USAGE ON SCHEMA {schema} TO {app}, {readonly}"),
        format!("{later} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}"),
        format!("{later} GRANT USAGE, SELECT ON SEQUENCES TO {app}"),
        format!("{later} GRANT SELECT ON TABLES TO {readonly}"),
    ]);
    // Made before they get their owner, so that what was said about later tables does not hold for them.
    statements.push(CREATE_MIGRATIONS_TABLE.trim_end().trim_end_matches(';').to_owned());
    if connection.execute("SELECT WHERE to_regclass('messenger_db_ledger') IS NULL")?.len() == 1 {
        statements.push(ledger::CREATE.trim_end().trim_end_matches(';').to_owned());
    }
    Ok(statements)
}

/// What is there already: whose it is, and what the others may do with it.
fn possessions(connection: &mut Connection, roles: &Roles) -> Result<Vec<String>, Error> {
    let [owner, app, readonly] = [&roles.owner, &roles.app, &roles.readonly].map(|name| history::quoted(name));
    let found = connection.execute(&include_str!("roles.sql").replace("{owner}", &literal(&roles.owner)))?;
    let mut statements = Vec::new();
    for row in found {
        let [Some(kind), Some(name), Some(is_owners)] = row.as_slice() else { continue };
        if is_owners != "t" {
            statements.push(format!("ALTER {kind} {name} OWNER TO {owner}"));
        }
        let is_record = RECORDS.iter().any(|record| name.ends_with(record));
        match kind.as_str() {
            "TABLE" if is_record => {
                statements.push(format!("REVOKE ALL ON {name} FROM PUBLIC, {app}, {readonly}"));
                statements.push(format!("GRANT SELECT ON {name} TO {app}, {readonly}"));
            }
            "TABLE" => {
                statements.push(format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {app}"));
                statements.push(format!("GRANT SELECT ON {name} TO {readonly}"));
            }
            "VIEW" | "MATERIALIZED VIEW" => statements.push(format!("GRANT SELECT ON {name} TO {app}, {readonly}")),
            "SEQUENCE" => statements.push(format!("GRANT USAGE, SELECT ON SEQUENCE {name} TO {app}")),
            _ => {}
        }
    }
    Ok(statements)
}

fn place(connection: &mut Connection) -> Result<[String; 4], Error> {
    let row = connection.execute(PLACE)?.into_iter().next().unwrap_or_default();
    let values: Vec<_> = row.into_iter().map(Option::unwrap_or_default).collect();
    values.try_into().map_err(|_| Error::Source { reason: "the server did not say where we are".to_owned() })
}

/// The text as SQL writes it, with standard-conforming strings or without.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

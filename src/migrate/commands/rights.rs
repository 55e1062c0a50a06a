//! Finds what the role that works here lacks, as the statements that an administrator runs.
//!
//! The server says that something was refused, and not which grants would do. They are found in the catalog, which
//! everybody may read: in the schema that is meant, whether or not this role may use it, and for the role that is meant,
//! which is not always the one that logs in.

use std::collections::BTreeSet;

use crate::migrate::error::Error;
use crate::migrate::model::migration::Migration;
use crate::migrate::session::pool::Pool;
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::sql::quote::{literal, quoted};
use crate::migrate::state::objects::{self, Object};
use crate::migrate::state::owner;

/// What a role wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// To look: `status`, `list`, `verify` and the like.
    Read,
    /// To migrate.
    Migrate,
}

/// Who works where, and what is missing for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// The role that works, which need not be the one that logs in.
    pub role: String,
    /// The schema in which things are made: the first of the `search_path` that exists, whether or not the role may use it.
    pub schema: Option<String>,
    /// The statements that give the role what it lacks, for an administrator, in the order to run them.
    pub missing: Vec<String>,
    /// The statements that put the schemas of the extensions on the `search_path`, where they are not.
    pub path: Vec<String>,
    /// Whether the connection string sets the `search_path`, so that what the database or the role says is not heard.
    pub path_is_from_client: bool,
    /// The event triggers of the database, which may refuse what rights allow.
    pub event_triggers: Vec<String>,
}

impl Rights {
    /// What a role lacks for what it wants to do in a database.
    ///
    /// # Errors
    ///
    /// [`Error::Pool`] without a connection; [`Error::Server`] when the catalog cannot be read.
    pub fn find(pool: &Pool, need: Need) -> Result<Self, Error> {
        let connection = &mut *pool.get()?;
        connection.close_after_use();
        if need == Need::Migrate {
            owner::assume_if_allowed(connection)?;
        }
        Ok(Self::of(connection, pool.migrations(), need)?)
    }

    fn of(connection: &mut Connection, migrations: &[Migration], need: Need) -> Result<Self, ServerError> {
        let place = Place::of(connection)?;
        let role = quoted(&place.role);
        let mut rights = Self {
            role: place.role.clone(),
            schema: place.schema.clone(),
            path_is_from_client: place.path_is_from_client,
            event_triggers: column(
                connection,
                "SELECT evtname FROM pg_event_trigger WHERE evtenabled <> 'D' ORDER BY 1",
            )?,
            ..Self::default()
        };
        let Some(schema) = &place.schema else {
            rights.missing.extend(place.without_schema(&role));
            return Ok(rights);
        };
        let privileges = if need == Need::Read { "USAGE" } else { "USAGE, CREATE" };
        let has = column(
            connection,
            &format!(
                "SELECT privilege FROM unnest(ARRAY['USAGE', 'CREATE']) AS privilege
                 WHERE has_schema_privilege({}::regrole, (SELECT oid FROM pg_namespace WHERE nspname = {}), privilege)",
                literal(&role),
                literal(schema)
            ),
        )?;
        if privileges.split(", ").any(|privilege| !has.iter().any(|has| has == privilege)) {
            rights.missing.push(format!("GRANT {privileges} ON SCHEMA {} TO {role};", quoted(schema)));
        }
        let made = objects::subjects(migrations);
        let objects: Vec<_> = objects::of_schema(connection, schema)?
            .into_iter()
            .filter(|object| object.is_record() || made.contains(object.subject.as_str()))
            .collect();
        if need == Need::Migrate {
            rights.missing.extend(extensions(connection, &place, &made, schema)?);
            rights.missing.extend(ownership(connection, &place, &objects)?);
        } else {
            for record in objects.iter().filter(|object| object.is_record()) {
                let query = format!(
                    "SELECT WHERE NOT has_table_privilege({}::regrole, {}::regclass, 'SELECT')",
                    literal(&role),
                    // By its id: who may not use the schema cannot name what is in it.
                    format_args!(
                        "(SELECT oid FROM pg_class WHERE relname = {} AND relnamespace = (
                             SELECT oid FROM pg_namespace WHERE nspname = {}))",
                        literal(&record.name),
                        literal(schema)
                    )
                );
                if connection.execute(&query)?.len() == 1 {
                    rights.missing.push(format!("GRANT SELECT ON {} TO {role};", record.full_name));
                }
            }
        }
        rights.path = path(connection, &place, &made)?;
        Ok(rights)
    }
}

/// The extensions that the migrations make and that are not there yet.
fn extensions(
    connection: &mut Connection,
    place: &Place,
    made: &BTreeSet<&str>,
    schema: &str,
) -> Result<Vec<String>, ServerError> {
    let role = quoted(&place.role);
    let rows = connection.execute(&format!(
        "SELECT available.name, version.trusted, has_database_privilege({}::regrole, current_database(), 'CREATE'),
             (SELECT rolsuper FROM pg_roles WHERE rolname = {})
         FROM pg_available_extensions AS available
         INNER JOIN pg_available_extension_versions AS version
             ON version.name = available.name AND version.version = available.default_version
         WHERE available.installed_version IS NULL AND available.name IN ({})
         ORDER BY 1",
        literal(&role),
        literal(&place.role),
        extension_names(made)
    ))?;
    let mut statements = Vec::new();
    for row in rows {
        let mut values = row.into_iter().map(Option::unwrap_or_default);
        let mut value = || values.next().unwrap_or_default();
        let (name, is_trusted, may_create, is_superuser) = (value(), value(), value(), value());
        let statement = match (is_superuser.as_str(), is_trusted.as_str(), may_create.as_str()) {
            ("t", ..) | (_, "t", "t") => continue,
            // What is trusted, whoever may create in the database may install.
            (_, "t", _) => format!("GRANT CREATE ON DATABASE {} TO {role};", quoted(&place.database)),
            _ => format!("CREATE EXTENSION IF NOT EXISTS {} WITH SCHEMA {};", quoted(&name), quoted(schema)),
        };
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    Ok(statements)
}

/// What makes the role a member of whoever owns what is there. The role cannot become a member of its own members, nor should it
/// of a superuser: what belongs to these is given to the role.
fn ownership(connection: &mut Connection, place: &Place, objects: &[Object]) -> Result<Vec<String>, ServerError> {
    let role = quoted(&place.role);
    let mut statements = Vec::new();
    for object in objects.iter().filter(|object| !object.goes_with_table) {
        let statement = if object.owner_is_member {
            format!("ALTER {} {} OWNER TO {role};", object.kind, object.full_name)
        } else {
            let how = if place.has_set_option { " WITH INHERIT TRUE, SET TRUE" } else { "" };
            format!("GRANT {} TO {role}{how};", quoted(&object.owner))
        };
        if object.owner != place.role && !statements.contains(&statement) {
            let may = format!(
                "SELECT WHERE pg_has_role({0}::regrole, {1}::regrole, 'USAGE')
                     AND pg_has_role({0}::regrole, {1}::regrole, {2})",
                literal(&role),
                literal(&quoted(&object.owner)),
                if place.has_set_option { "'SET'" } else { "'MEMBER'" }
            );
            if connection.execute(&may)?.is_empty() {
                statements.push(statement);
            }
        }
    }
    Ok(statements)
}

/// What puts the schemas on the path in which extensions of ours are.
fn path(connection: &mut Connection, place: &Place, made: &BTreeSet<&str>) -> Result<Vec<String>, ServerError> {
    let schemas = column(
        connection,
        &format!(
            "SELECT DISTINCT quote_ident(nspname)
             FROM pg_extension
             INNER JOIN pg_namespace ON pg_namespace.oid = extnamespace
             WHERE extname IN ({}) AND nspname <> ALL (current_schemas(true)::text[])
             ORDER BY 1",
            extension_names(made)
        ),
    )?;
    if schemas.is_empty() {
        return Ok(Vec::new());
    }
    let role = quoted(&place.role);
    let mut statements = Vec::new();
    for schema in &schemas {
        statements.push(format!("GRANT USAGE ON SCHEMA {schema} TO {role};"));
    }
    statements.push(format!(
        "ALTER ROLE {} IN DATABASE {} SET search_path = {};",
        quoted(&place.login),
        quoted(&place.database),
        [place.path.clone()].into_iter().filter(|path| !path.is_empty()).chain(schemas).collect::<Vec<_>>().join(", ")
    ));
    Ok(statements)
}

fn extension_names(made: &BTreeSet<&str>) -> String {
    let names = made.iter().filter_map(|subject| subject.strip_prefix("extension ")).map(literal);
    // Never an empty list.
    names.chain(["NULL".to_owned()]).collect::<Vec<_>>().join(", ")
}

fn column(connection: &mut Connection, query: &str) -> Result<Vec<String>, ServerError> {
    Ok(connection.execute(query)?.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}

/// Who works here, and where that is meant to be.
struct Place {
    login: String,
    role: String,
    database: String,
    schema: Option<String>,
    /// The first name on the path, if there is one.
    first: Option<String>,
    path: String,
    path_is_from_client: bool,
    /// Whether a membership says by itself whether it lets become the other role: since PostgreSQL 16.
    has_set_option: bool,
}

impl Place {
    fn of(connection: &mut Connection) -> Result<Self, ServerError> {
        let rows = connection.execute(
            "WITH path AS (
                 SELECT place, CASE name WHEN '$user' THEN current_user ELSE name END AS name
                 FROM regexp_matches(current_setting('search_path'), '\"((?:[^\"]|\"\")*)\"|([^,\"[:space:]]+)', 'g')
                     WITH ORDINALITY AS list (part, place)
                 CROSS JOIN LATERAL (SELECT coalesce(replace(part[1], '\"\"', '\"'), part[2])) AS one (name)
             )
             SELECT session_user, current_user, current_database(),
                 (
                     SELECT nspname FROM path INNER JOIN pg_namespace ON nspname = path.name
                     WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' ORDER BY place LIMIT 1
                 ),
                 (
                     SELECT name FROM path
                     WHERE name NOT IN ('', current_user, 'information_schema') AND name NOT LIKE 'pg\\_%'
                     ORDER BY place LIMIT 1
                 ),
                 current_setting('search_path'),
                 (SELECT source = 'client' FROM pg_settings WHERE name = 'search_path'),
                 current_setting('server_version_num')::integer >= 160000",
        )?;
        let mut values = rows.into_iter().next().unwrap_or_default().into_iter();
        let mut value = || values.next().flatten();
        let is = |value: Option<String>| value.as_deref() == Some("t");
        Ok(Self {
            login: value().unwrap_or_default(),
            role: value().unwrap_or_default(),
            database: value().unwrap_or_default(),
            schema: value(),
            first: value(),
            path: value().unwrap_or_default(),
            path_is_from_client: is(value()),
            has_set_option: is(value()),
        })
    }

    /// What makes a schema to work in, where the path names none that is there.
    fn without_schema(&self, role: &str) -> Vec<String> {
        match &self.first {
            // A whole list between one pair of quotes.
            Some(first) if first.contains(',') => vec![format!(
                "ALTER ROLE {} IN DATABASE {} SET search_path = {};  -- so far it is one name: {}",
                quoted(&self.login),
                quoted(&self.database),
                names(first).iter().map(|name| plain_or_quoted(name)).collect::<Vec<_>>().join(", "),
                quoted(first)
            )],
            Some(first) => vec![format!("CREATE SCHEMA {} AUTHORIZATION {role};", quoted(first))],
            None => vec![format!(
                "ALTER ROLE {} IN DATABASE {} SET search_path = public;",
                quoted(&self.login),
                quoted(&self.database)
            )],
        }
    }
}

/// The names that a list has, such as `"$user", public`.
fn names(list: &str) -> Vec<String> {
    let (mut names, mut name, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut rest = list.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            // Two of them are one, within.
            '"' if is_quoted && rest.next_if_eq(&'"').is_some() => name.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => names.push(std::mem::take(&mut name).trim().to_owned()),
            c => name.push(c),
        }
    }
    names.push(name.trim().to_owned());
    names.retain(|name| !name.is_empty());
    names
}

fn plain_or_quoted(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if is_plain { name.to_owned() } else { quoted(name) }
}

//! Where each table is in a database that Citus distributes, and where it belongs.

use crate::migrate::model::migration::Migration;
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::sql::quote::literal;
use crate::migrate::state::objects;

/// The table by whose shards those of chats are placed.
pub(crate) const OF_CHATS: &str = "chat_heads";

/// The table by whose shards those of users are placed.
pub(crate) const OF_USERS: &str = "user_heads";

/// What a place is called that is whole on each server.
pub(crate) const REFERENCE: &str = "reference";

/// What a place is called that is on the coordinator alone.
pub(crate) const LOCAL: &str = "local";

/// The views through which rows of tables are locked that are whole on each server.
pub(crate) const LOCKED_THROUGH: [&str; 4] = ["local_chats", "local_contacts", "local_user_sessions", "local_users"];

/// A table of the messenger.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    /// Its name with its schema, as SQL.
    pub full_name: String,
    /// Its name alone.
    pub name: String,
    /// Where it belongs: [`REFERENCE`], or the column that it is distributed by.
    pub place: String,
    /// Where it is: the same, or [`LOCAL`].
    pub found: String,
    /// Whether its shards lie with those of its kind.
    pub is_in_group: bool,
}

impl Placed {
    /// Whether it is where it belongs.
    pub(crate) fn is_right(&self) -> bool {
        self.found == self.place && self.is_in_group
    }

    /// The table by whose shards it is placed.
    pub(crate) fn group(&self) -> &'static str {
        if self.place == "user_id" { OF_USERS } else { OF_CHATS }
    }

    /// What is wrong with it, such as `table messages: local, and belongs by chat_id`.
    pub(crate) fn wrong(&self) -> Option<String> {
        let Self { name, place, found, .. } = self;
        if self.is_right() {
            None
        } else if found == place {
            Some(format!("table {name}: its shards are not with those of {}", self.group()))
        } else {
            let told = |place: &str| match place {
                REFERENCE | LOCAL => place.to_owned(),
                column => format!("distributed by {column}"),
            };
            Some(format!("table {name}: {}, and is to be {}", told(found), told(place)))
        }
    }
}

/// The tables of the messenger that are in a schema, in the order in which they are placed. Without the extension, all are
/// [`LOCAL`].
pub(crate) fn read(
    connection: &mut Connection,
    schema: &str,
    migrations: &[Migration],
    has_citus: bool,
) -> Result<Vec<Placed>, ServerError> {
    let placed = if has_citus {
        // A table that is whole on each server has t; one of the coordinator that Citus knows of, neither this nor a column.
        "SELECT logicalrelid::oid, CASE WHEN partmethod = 'h' THEN column_to_column_name(logicalrelid, partkey) END, colocationid::bigint
         FROM pg_dist_partition WHERE partmethod = 'h' OR repmodel = 't'"
    } else {
        "SELECT NULL::oid, NULL::text, NULL::bigint WHERE false"
    };
    let query = include_str!("layout.sql").replace("{placed}", placed).replace("{schema}", &literal(schema));
    let made = objects::subjects(migrations);
    let placed = |row: Vec<Option<String>>| {
        let mut values = row.into_iter();
        let mut value = || values.next().flatten();
        let (full_name, name, place, found) = (value()?, value()?, value()?, value()?);
        let is_in_group = value().as_deref() == Some("t");
        made.contains(format!("table {name}").as_str()).then_some(Placed { full_name, name, place, found, is_in_group })
    };
    Ok(connection.execute(&query)?.into_iter().filter_map(placed).collect())
}

/// A statement about a view through which Citus would lock a whole table for the lock of one row.
pub(crate) struct OfView {
    /// The view.
    pub name: String,
    /// What is done to have it read the coordinator's copy.
    pub statement: String,
    /// Whether it drops the view, on each server.
    pub drops: bool,
}

/// What makes the views of a schema anew that read a table which is whole on each server, instead of the coordinator's copy.
pub(crate) fn views(connection: &mut Connection, schema: &str) -> Result<Vec<OfView>, ServerError> {
    let names = LOCKED_THROUGH.map(literal).join(", ");
    let query = include_str!("layout_views.sql").replace("{schema}", &literal(schema)).replace("{names}", &names);
    let of_view = |row: Vec<Option<String>>| {
        let mut values = row.into_iter().flatten();
        let drops = values.next()? == "1";
        Some(OfView { drops, name: values.next()?, statement: values.next()? })
    };
    Ok(connection.execute(&query)?.into_iter().filter_map(of_view).collect())
}

/// What is wrong with the layout of the current schema in a database with Citus, a line for each table; nothing where nothing is
/// distributed.
pub(crate) fn differences(connection: &mut Connection, migrations: &[Migration]) -> Result<Vec<String>, ServerError> {
    let rows = connection.execute("SELECT current_schema()")?;
    let Some(schema) = rows.into_iter().flatten().next().flatten() else { return Ok(Vec::new()) };
    let tables = read(connection, &schema, migrations, true)?;
    if tables.iter().all(|table| table.found == LOCAL) {
        return Ok(Vec::new());
    }
    let mut wrong: Vec<_> = tables.iter().filter_map(Placed::wrong).collect();
    for OfView { name, .. } in views(connection, &schema)?.into_iter().filter(|view| view.drops) {
        wrong.push(format!("view {name}: reads the table, and is to read the coordinator's copy"));
    }
    if connection.execute("SELECT WHERE NOT keeps_inbox()")?.len() == 1 {
        wrong.push(
            "table inbox_by_user: not kept, so that each inbox asks every server: SELECT keep_inbox(true)".to_owned(),
        );
    }
    wrong.extend(on_workers(connection, &schema, migrations)?);
    Ok(wrong)
}

/// What the other servers lack or have another body of, or that one does not answer.
fn on_workers(connection: &mut Connection, schema: &str, migrations: &[Migration]) -> Result<Vec<String>, ServerError> {
    let wrong = wrong_on_workers(connection, schema, migrations)?;
    Ok(wrong.into_iter().map(|(server, what)| format!("server {server}: {what}")).collect())
}

/// The functions that another server has lost or has another body of, each as it is here: replaced by itself, it is taken to each
/// server again.
pub(crate) fn lost(
    connection: &mut Connection,
    schema: &str,
    migrations: &[Migration],
) -> Result<Vec<String>, ServerError> {
    let wrong = wrong_on_workers(connection, schema, migrations)?;
    let placed = objects::of_schema(connection, schema)?;
    let is_lost = |object: &objects::Object| {
        object.kind == "ROUTINE" && wrong.iter().any(|(_, what)| what.contains(object.full_name.as_str()))
    };
    let mut statements = Vec::new();
    for object in placed.iter().filter(|object| is_lost(object)) {
        let query = format!("SELECT pg_get_functiondef({}::regprocedure)", literal(&object.full_name));
        statements.extend(connection.execute(&query)?.into_iter().flatten().flatten());
    }
    Ok(statements)
}

/// The servers that lack functions or types, have a function of another body, or do not answer, each with what it is.
fn wrong_on_workers(
    connection: &mut Connection,
    schema: &str,
    migrations: &[Migration],
) -> Result<Vec<(String, String)>, ServerError> {
    // Where nothing is distributed yet, nothing is to be there.
    let is_distributed = "SELECT FROM pg_dist_partition WHERE partmethod = 'h' LIMIT 1";
    if connection.execute(is_distributed)?.is_empty() {
        return Ok(Vec::new());
    }
    let made = objects::subjects(migrations);
    let mut placed = objects::of_schema(connection, schema)?;
    // Diesel's are for triggers, of which there are none.
    placed.retain(|object| made.contains(object.subject.as_str()) && !object.name.starts_with("diesel_"));
    let names = |kind: &str| {
        let of_kind = placed.iter().filter(|object| object.kind == kind);
        of_kind.map(|object| literal(&object.full_name)).collect::<Vec<_>>().join(", ")
    };
    let query =
        include_str!("layout_workers.sql").replace("{functions}", &names("ROUTINE")).replace("{types}", &names("TYPE"));
    let of_server = |row: Vec<Option<String>>| {
        let mut values = row.into_iter().flatten();
        Some((values.next()?, values.next()?))
    };
    Ok(connection.execute(&query)?.into_iter().filter_map(of_server).collect())
}

//! Distributes a migrated database over several servers, by chat and by user, with the extension Citus.
//!
//! What belongs to a chat is distributed by `chat_id`, so that an operation on one chat is carried out by one server. What
//! belongs to a user alone and is written often (presence, the log of a user) is distributed by `user_id`. The rest is a
//! reference table: whole on each server, and written on all of them.

use crate::migrate::error::Error;
use crate::migrate::model::migration::Migration;
use crate::migrate::observer::Observer;
use crate::migrate::session::lock::{self, RunnerLock};
use crate::migrate::session::pool::Pool;
use crate::migrate::session::transaction::transaction;
use crate::migrate::sql::libpq::Connection;
use crate::migrate::sql::quote::{literal, quoted};
use crate::migrate::state::layout::{self, LOCAL, OF_CHATS, Placed, REFERENCE};
use crate::migrate::state::{objects, status};

/// The functions that the server of a chat carries out whole, because they read and write that chat alone and are called by
/// themselves. Their first argument is the chat.
const DELEGATED: [&str; 3] = ["mark_delivered", "mark_read", "send_message"];

/// The functions that statements call on whatever server they are at, and that read tables themselves. Citus wants to be told that
/// they may.
const NESTED: [&str; 2] = ["badges", "receipts_at"];

/// Lets the sessions of the service, too, work on one shard after the other: an operation that asks each shard, and then changes a
/// table that is whole on each server, is refused otherwise.
const SETTING: &str = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET citus.multi_shard_modify_mode TO ''sequential''', \
    current_database()); END $$";

/// The servers that take shards, without this one.
const WORKERS: &str = "SELECT FROM pg_dist_node WHERE groupid <> 0 AND noderole = 'primary' AND shouldhaveshards";

/// What [`plan_distribution`] worked out, or [`distribute`] carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// The statements, for one transaction. None: everything is where it belongs.
    pub statements: Vec<String>,
    /// Whether the database has the extension, without which they cannot be carried out.
    pub has_citus: bool,
    /// How many other servers take shards; with 0, all of it stays on this one.
    pub workers: usize,
}

/// Distributes the tables that are on the coordinator alone, in one transaction, and gives what it carried out. Done again, it
/// does what is new since, such as the tables of a later migration; else nothing.
///
/// Foreign keys that touch a table which is moved are dropped and made again, with their comments; Citus takes none from a table
/// of the coordinator to one that is distributed.
///
/// Takes the runner's lock, and `ACCESS EXCLUSIVE` on each table that it moves, until all rows are copied and the foreign keys
/// checked: nobody reads or writes meanwhile. Whoever carries it out owns the tables.
///
/// # Errors
///
/// [`Error::NoCitus`] without the extension; [`Error::Undistributable`] when migrations are pending, or a table is distributed in
/// another way; [`Error::Locked`] when another runner is not done in time; [`Error::Server`] for what the server refuses.
pub fn distribute(pool: &Pool, observer: &mut dyn Observer) -> Result<Distribution, Error> {
    let RunnerLock { connection, .. } = &mut lock::acquire(pool, pool.get()?, observer)?;
    transaction(connection, |connection| {
        let planned = work_out(connection, pool)?;
        if !planned.has_citus {
            return Err(Error::NoCitus);
        }
        for statement in &planned.statements {
            connection.execute(statement)?;
        }
        // What Citus tells of its progress is no news.
        connection.take_notices();
        connection.execute("COMMIT")?;
        Ok(planned)
    })
}

/// The statements that [`distribute`] would carry out, to be read, or to be run in one transaction. It needs no extension.
///
/// # Errors
///
/// [`Error::Undistributable`] and [`Error::Locked`], as [`distribute`]; [`Error::Server`] when the catalog cannot be read.
pub fn plan_distribution(pool: &Pool, observer: &mut dyn Observer) -> Result<Distribution, Error> {
    let RunnerLock { connection, .. } = &mut lock::acquire(pool, pool.get()?, observer)?;
    let mut planned = work_out(connection, pool)?;
    if !planned.statements.is_empty() {
        // Whoever runs them has another search_path.
        let schema = quoted(&current_schema(connection)?);
        planned.statements.insert(0, format!("SET LOCAL search_path = {schema}"));
    }
    Ok(planned)
}

fn current_schema(connection: &mut Connection) -> Result<String, Error> {
    let rows = connection.execute("SELECT current_schema()")?;
    Ok(rows.into_iter().flatten().next().flatten().unwrap_or_default())
}

fn work_out(connection: &mut Connection, pool: &Pool) -> Result<Distribution, Error> {
    let migrations = pool.migrations();
    let status = status::read(connection, migrations, &[])?;
    let (pending, has_citus) = (status.pending.len(), status.has_citus);
    if pending > 0 {
        let are = if pending == 1 { "migration is" } else { "migrations are" };
        return Err(Error::Undistributable { reason: format!("{pending} {are} pending") });
    }
    let schema = current_schema(connection)?;
    let tables = layout::read(connection, &schema, migrations, has_citus)?;
    if let Some(reason) = tables.iter().filter(|table| table.found != LOCAL).find_map(Placed::wrong) {
        return Err(Error::Undistributable { reason });
    }
    let moved: Vec<_> = tables.iter().filter(|table| table.found == LOCAL).collect();
    let mut statements = moves(connection, &tables, &moved)?;
    statements.extend(types(connection, &schema, migrations, has_citus)?);
    statements.extend(functions(connection, &schema, migrations, has_citus)?);
    let settings = connection.execute(include_str!("../state/layout_setting.sql"))?;
    if settings.is_empty() {
        statements.push(SETTING.to_owned());
    }
    let views = layout::views(connection, &schema)?;
    if !views.is_empty() {
        let (dropped, made): (Vec<_>, Vec<_>) = views.into_iter().partition(|view| view.drops);
        statements.extend(dropped.into_iter().map(|view| view.statement));
        // On the coordinator alone, where all is locked.
        statements.push("SET LOCAL citus.enable_ddl_propagation TO off".to_owned());
        statements.extend(made.into_iter().map(|view| view.statement));
    }
    if !statements.is_empty() {
        // Several shards on one connection each, so that each sees what was done to reference tables before.
        statements.insert(0, "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'".to_owned());
    }
    let workers = if has_citus { connection.execute(WORKERS)?.len() } else { 0 };
    Ok(Distribution { statements, has_citus, workers })
}

/// Drops the foreign keys of the tables, moves each, and makes again what is lost then: foreign keys and comments.
fn moves(connection: &mut Connection, tables: &[Placed], moved: &[&Placed]) -> Result<Vec<String>, Error> {
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<_> = moved.iter().map(|table| literal(&table.full_name)).collect();
    let query = include_str!("../state/layout_parts.sql").replace("{tables}", &names.join(", "));
    let parts = connection.execute(&query)?;
    let column = |column: usize| parts.iter().filter_map(move |row| row.get(column).cloned().flatten());
    let mut statements: Vec<String> = column(1).collect();
    // Filled while all is on one server, and after the first statements have locked what it is made from.
    if moved.iter().any(|table| table.name == "inbox_by_user") {
        statements.push("SELECT keep_inbox(true)".to_owned());
    }
    for table in moved {
        let name = literal(&table.full_name);
        if table.place == REFERENCE {
            statements.push(format!("SELECT create_reference_table({name})"));
            continue;
        }
        let (key, group) = (literal(&table.place), table.group());
        let with = match tables.iter().find(|other| other.name == group) {
            Some(first) if table.name != group => literal(&first.full_name),
            _ => literal("none"),
        };
        statements.push(format!("SELECT create_distributed_table({name}, {key}, colocate_with => {with})"));
    }
    statements.extend(column(2));
    Ok(statements)
}

/// Makes the composite types anew, which only statements name: Citus takes a type to each server when it is made, and no table
/// or function takes these there.
fn types(
    connection: &mut Connection,
    schema: &str,
    migrations: &[Migration],
    has_citus: bool,
) -> Result<Vec<String>, Error> {
    let made = objects::subjects(migrations);
    let there = if has_citus {
        "SELECT objid FROM pg_dist_object WHERE classid = 'pg_type'::regclass"
    } else {
        "VALUES (0::oid)"
    };
    let query =
        include_str!("../state/layout_types.sql").replace("{schema}", &literal(schema)).replace("{there}", there);
    let mut statements = Vec::new();
    for row in connection.execute(&query)? {
        let mut values = row.into_iter().flatten();
        if values.next().is_some_and(|subject| made.contains(subject.as_str())) {
            statements.extend(values);
        }
    }
    Ok(statements)
}

/// Takes the functions to each server: those that tables and other functions call, and those that are delegated.
fn functions(
    connection: &mut Connection,
    schema: &str,
    migrations: &[Migration],
    has_citus: bool,
) -> Result<Vec<String>, Error> {
    let made = objects::subjects(migrations);
    let mut functions = objects::of_schema(connection, schema)?;
    // Diesel's are for triggers, of which there are none.
    functions.retain(|object| {
        object.kind == "ROUTINE" && made.contains(object.subject.as_str()) && !object.name.starts_with("diesel_")
    });
    let there = if has_citus {
        connection.execute(
            "SELECT objid::oid, distribution_argument_index IS NOT NULL FROM pg_dist_object WHERE classid = 'pg_proc'::regclass",
        )?
    } else {
        Vec::new()
    };
    let (mut statements, mut nested) = (Vec::new(), Vec::new());
    for function in functions {
        let name = literal(&function.full_name);
        let is_delegated = DELEGATED.contains(&function.name.as_str());
        let (oid, settings) = pg_proc(connection, &name)?;
        if NESTED.contains(&function.name.as_str()) && !settings.contains("citus.allow_nested_distributed_execution=on")
        {
            let named = &function.full_name;
            nested.push(format!("ALTER FUNCTION {named} SET citus.allow_nested_distributed_execution TO on"));
        }
        let is_there = there.iter().any(|row| {
            let [Some(found), is_delegated_there] = row.as_slice() else { return false };
            *found == oid && (!is_delegated || is_delegated_there.as_deref() == Some("t"))
        });
        if is_there {
            continue;
        }
        statements.push(if is_delegated {
            let group = literal(&format!("{}.{}", quoted(schema), quoted(OF_CHATS)));
            format!("SELECT create_distributed_function({name}, '$1', colocate_with => {group})")
        } else {
            format!("SELECT create_distributed_function({name})")
        });
    }
    statements.extend(nested);
    if has_citus {
        statements.extend(layout::lost(connection, schema, migrations)?);
    }
    Ok(statements)
}

/// The number of a function, and its settings.
fn pg_proc(connection: &mut Connection, name: &str) -> Result<(String, String), Error> {
    let query = format!("SELECT oid, coalesce(proconfig::text, '') FROM pg_proc WHERE oid = {name}::regprocedure");
    let mut values = connection.execute(&query)?.into_iter().flatten().flatten();
    Ok((values.next().unwrap_or_default(), values.next().unwrap_or_default()))
}

//! Reads and writes what is applied: the rows of `__diesel_schema_migrations`, Diesel's own table.

use diesel::migration::CREATE_MIGRATIONS_TABLE;

use crate::migrate::error::Error;
use crate::migrate::model::migration::{Migration, Version};
use crate::migrate::model::step::Direction;
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::sql::quote::{literal, quoted};
use crate::migrate::state::record::{self, Applied, Ledger, Record};

/// What the two tables say, Diesel's and the runner's.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct History {
    /// Everything applied, oldest first.
    pub applied: Vec<Applied>,
    /// Whether there is a ledger beside it.
    pub ledger: Ledger,
    /// Whether the ledger has records of what is not applied any more, or was applied anew by another tool.
    pub has_stale_records: bool,
    /// Whether the ledger was made by a release that did not write down whose a migration is.
    pub is_ledger_outdated: bool,
    /// Whether this session may write to the ledger, or make it.
    pub may_record: bool,
    /// Whether the database has Citus, which may have distributed it.
    pub has_citus: bool,
}

/// Both, in two round trips. A database without Diesel's table has nothing applied, and is left without it.
///
/// The table is that of the schema in which things are created now: one further down the `search_path` is another's,
/// and going on from there would split a messenger over two schemas. Nor is a messenger taken for missing that lives in a
/// schema that is not on the path: a second one would be made beside it. Who wants a second one makes its history first.
pub(crate) fn read(connection: &mut Connection) -> Result<History, Error> {
    let rows = connection.execute(
        "SELECT
             current_schema(),
             (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = to_regclass('__diesel_schema_migrations')),
             ledger.oid IS NOT NULL,
             current_setting('transaction_read_only') = 'off'
                 AND coalesce(
                     has_table_privilege(ledger.oid, 'INSERT')
                         AND has_table_privilege(ledger.oid, 'UPDATE')
                         AND has_table_privilege(ledger.oid, 'DELETE'),
                     has_schema_privilege(current_schema(), 'CREATE')
                 ),
             EXISTS (SELECT FROM pg_attribute WHERE attrelid = ledger.oid AND attname = 'owner' AND NOT attisdropped),
             current_setting('search_path'),
             (
                 SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname)
                 FROM pg_namespace AS schema
                 WHERE
                     NOT has_schema_privilege(schema.oid, 'USAGE')
                     AND nspname = ANY (ARRAY(
                         SELECT replace(btrim(name, ' \"'), '$user', current_user)
                         FROM unnest(string_to_array(current_setting('search_path'), ',')) AS name
                     ))
                     AND (
                         current_schema() IS NULL
                         OR EXISTS (
                             SELECT FROM pg_class
                             WHERE relnamespace = schema.oid AND relname = '__diesel_schema_migrations'
                         )
                     )
             ),
             CASE
                 WHEN row_security_active(to_regclass('__diesel_schema_migrations')) THEN '__diesel_schema_migrations'
                 WHEN row_security_active(ledger.oid) THEN 'messenger_db_ledger'
             END,
             (
                 SELECT min(relnamespace::regnamespace::text) FROM pg_class
                 WHERE
                     relname = 'messenger_db_ledger' AND relkind = 'r'
                     AND relnamespace::regnamespace::text <> quote_ident(current_schema())
             ),
             to_regclass('pg_dist_partition') IS NOT NULL
         FROM (SELECT to_regclass(quote_ident(current_schema()) || '.messenger_db_ledger')) AS ledger (oid)",
    )?;
    let mut values = rows.into_iter().next().unwrap_or_default().into_iter();
    let mut value = || values.next().flatten();
    let (current, found, has_ledger, may_record, has_owner) = (value(), value(), value(), value(), value());
    let (search_path, unusable, filtered, elsewhere) = (value().unwrap_or_default(), value(), value(), value());
    let has_citus = value().as_deref() == Some("t");
    // What is not seen is not taken for what is not there.
    let is_the_servers =
        current.as_deref().is_some_and(|schema| schema.starts_with("pg_") || schema == "information_schema");
    if current.is_none() || is_the_servers || unusable.is_some() {
        return Err(Error::NoSchema { search_path, unusable });
    }
    if let Some(table) = filtered {
        return Err(Error::RowsHidden { table });
    }
    match (&current, found.or(elsewhere)) {
        (Some(current), Some(found)) if quoted(current) == found || *current == found => {}
        (_, Some(found)) => return Err(Error::OtherSchema { found, current: current.unwrap_or_default() }),
        _ => return Ok(History::default()),
    }
    // A ledger that this role may not read is an error below, as a history is: it would tell what was edited.
    let ledger = if has_ledger.as_deref() == Some("t") { Ledger::Read } else { Ledger::Missing };
    let has_owner = has_owner.as_deref() == Some("t");
    let mut history = History {
        ledger,
        is_ledger_outdated: ledger != Ledger::Missing && !has_owner,
        may_record: may_record.as_deref() == Some("t"),
        has_citus,
        ..History::default()
    };
    for row in connection.execute(&query(ledger, has_owner))? {
        let mut values = row.into_iter();
        let (version, run_on) = (values.next().flatten(), values.next().flatten());
        match (version, run_on) {
            (Some(version), Some(run_on)) => {
                let record = Record::from_values(&mut values);
                history.applied.push(Applied { version, run_on, record });
            }
            _ => history.has_stale_records = true,
        }
    }
    Ok(history)
}

fn query(ledger: Ledger, has_owner: bool) -> String {
    let run_on = r#"to_char(history.run_on, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"#;
    if ledger != Ledger::Read {
        return format!("SELECT version, {run_on} FROM __diesel_schema_migrations AS history ORDER BY version");
    }
    format!(
        "SELECT history.version, {run_on}, {}
         FROM __diesel_schema_migrations AS history
         FULL JOIN messenger_db_ledger AS ledger
             ON ledger.version = history.version AND ledger.applied_at = history.run_on AT TIME ZONE 'UTC'
         ORDER BY history.version",
        record::columns(has_owner)
    )
}

/// Makes the table when it is missing, with Diesel's own statement.
pub(crate) fn create(connection: &mut Connection) -> Result<(), ServerError> {
    // IF NOT EXISTS does not save who makes it at the same moment as another: then it is there the next time.
    if let Err(error) = connection.execute(CREATE_MIGRATIONS_TABLE) {
        if !connection.is_idle() || !["23505", "42P07", "42710"].contains(&error.sqlstate.as_str()) {
            return Err(error);
        }
        connection.execute(CREATE_MIGRATIONS_TABLE)?;
    }
    // "already exists, skipping" is no news.
    connection.take_notices();
    Ok(())
}

/// The error of a row that was not written, or not deleted, although nothing failed: a trigger or a rule does that.
pub(crate) fn diverted(
    connection: &mut Connection,
    migration: &Migration,
    direction: Direction,
) -> Result<Error, Error> {
    let rows = connection.execute(
        "SELECT format('trigger %I on %s', tgname, tgrelid::regclass) FROM pg_trigger
         WHERE NOT tgisinternal AND tgenabled <> 'D'
             AND tgrelid IN (to_regclass('__diesel_schema_migrations'), to_regclass('messenger_db_ledger'))
         UNION ALL
         SELECT format('rule %I on %s', rulename, ev_class::regclass) FROM pg_rewrite
         WHERE ev_class IN (to_regclass('__diesel_schema_migrations'), to_regclass('messenger_db_ledger'))",
    )?;
    let objects = rows.into_iter().flatten().flatten().collect();
    Ok(Error::Diverted { migration: *migration, direction, objects })
}

/// The statement that records a version as applied.
pub(crate) fn record(version: Version<'_>) -> String {
    format!("INSERT INTO __diesel_schema_migrations (version) VALUES ({})", literal(version.as_str()))
}

/// The statement that takes that back.
pub(crate) fn forget(version: Version<'_>) -> String {
    format!("DELETE FROM __diesel_schema_migrations WHERE version = {}", literal(version.as_str()))
}

//! Resumes a non-transactional migration that was interrupted: what is done is not done again, and an invalid index is
//! built anew.
//!
//! An index is dropped only if it is invalid and is what the migration would build. Everything else is for a person to
//! judge: the statement is carried out, and fails with what the server says of it.

use crate::migrate::model::interrupted::Interrupted;
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::sql::quote::literal;
use crate::migrate::sql::statements::{self, Resumable, resumable};

/// Looks what is there of the one statement in `sql`. Changes nothing.
pub(crate) fn find(connection: &mut Connection, sql: &str) -> Result<Interrupted, ServerError> {
    let [statement] = *statements::split(sql) else { return Ok(Interrupted::Nothing) };
    let Some(resumable) = resumable(statement.text) else { return Ok(Interrupted::Nothing) };
    let done = |is_done: bool| if is_done { Interrupted::Done } else { Interrupted::Nothing };
    match resumable {
        Resumable::CreateIndex { unique, name, table, table_name, definition } => {
            let Some(index) = index(connection, name, table)? else { return Ok(Interrupted::Nothing) };
            let expected = definition_of_another(connection, unique, table, table_name, definition)?;
            Ok(match (expected == Some(index.definition), index.is_valid) {
                (true, true) => Interrupted::Done,
                (true, false) => Interrupted::Invalid(index.name),
                (false, _) => Interrupted::Nothing,
            })
        }
        Resumable::DropIndex { name } => {
            let found = connection.execute(&format!("SELECT to_regclass({})", literal(name)))?;
            Ok(done(value(&found, 0).is_none()))
        }
        Resumable::AddValue { name, label } => {
            let found = connection.execute(&format!(
                "SELECT FROM pg_enum WHERE enumtypid = to_regtype({})::oid AND enumlabel = {label}",
                literal(name)
            ))?;
            Ok(done(!found.is_empty()))
        }
    }
}

/// An index that is there.
struct Index {
    name: String,
    is_valid: bool,
    definition: String,
}

fn index(connection: &mut Connection, name: &str, table: &str) -> Result<Option<Index>, ServerError> {
    let rows = connection.execute(&format!(
        "SELECT index.indexrelid::regclass, index.indisvalid, index.indisunique, pg_get_indexdef(index.indexrelid)
         FROM pg_index AS index
         INNER JOIN pg_class AS class ON class.oid = index.indexrelid
         WHERE index.indrelid = to_regclass({})::oid AND class.relname = (parse_ident({}))[1]",
        literal(table),
        literal(name)
    ))?;
    let found = (value(&rows, 0), value(&rows, 1), value(&rows, 2), value(&rows, 3));
    let (Some(name), Some(is_valid), Some(is_unique), Some(definition)) = found else { return Ok(None) };
    Ok(Some(Index { name: name.to_owned(), is_valid: is_valid == "t", definition: comparable(is_unique, definition) }))
}

/// How the server writes down the index that the statement would build: it builds one on an empty table of the same
/// columns, and takes both back. `None` where that does not work.
fn definition_of_another(
    connection: &mut Connection,
    unique: bool,
    table: &str,
    table_name: &str,
    definition: &str,
) -> Result<Option<String>, ServerError> {
    let unique = if unique { "UNIQUE" } else { "" };
    // A rehearsal has a transaction open.
    let (begin, undo) = if connection.is_idle() {
        ("BEGIN", "ROLLBACK")
    } else {
        ("SAVEPOINT messenger_db_expected", "ROLLBACK TO messenger_db_expected; RELEASE messenger_db_expected")
    };
    let built = connection.execute(&format!(
        "{begin};
         CREATE TEMPORARY TABLE {table_name} (LIKE {table});
         CREATE {unique} INDEX messenger_db_expected_idx ON pg_temp.{table_name} {definition};
         SELECT indisunique, pg_get_indexdef(indexrelid) FROM pg_index
         WHERE indexrelid = 'pg_temp.messenger_db_expected_idx'::regclass;
         {undo}"
    ));
    let Ok(rows) = built else {
        connection.execute(undo)?;
        return Ok(None);
    };
    let (Some(is_unique), Some(definition)) = (value(&rows, 0), value(&rows, 1)) else { return Ok(None) };
    Ok(Some(comparable(is_unique, definition)))
}

/// A definition without the names of the index and its table.
fn comparable(is_unique: &str, definition: &str) -> String {
    let (_, rest) = definition.split_once(" USING ").unwrap_or_default();
    format!("{is_unique} {rest}")
}

fn value(rows: &[Vec<Option<String>>], column: usize) -> Option<&str> {
    rows.first()?.get(column)?.as_deref()
}

//! Finds what others have built on this crate's objects, before something is undone that it stands on.

use std::collections::BTreeSet;

use crate::migrate::error::Error;
use crate::migrate::model::migration::{Migration, Owner};
use crate::migrate::session::pool::Pool;
use crate::migrate::sql::libpq::Connection;
use crate::migrate::sql::quote::literal;
use crate::migrate::state::record::Applied;
use crate::migrate::state::status::Status;

/// Refuses to undo migrations of this crate while foreign keys, views, columns, functions or indexes of others depend on
/// what would be dropped.
///
/// What would be dropped is read from the catalogs of the two versions. Where one of them is not known, as of a version that
/// is not embedded here, nothing is looked for, and the server refuses the statement that drops something.
pub(crate) fn refuse(
    connection: &mut Connection,
    pool: &Pool,
    status: &Status,
    down: &[Migration],
) -> Result<(), Error> {
    let is_embedded = |migration: &Migration| pool.migrations().iter().any(|known| known.version == migration.version);
    if down.iter().any(|migration| migration.owner == Owner::Messenger && !is_embedded(migration)) {
        return Ok(());
    }
    let is_applied = |migration: &&Migration| status.row(migration).is_some();
    let is_left = |row: &&Applied| !down.iter().any(|migration| migration.version.as_str() == row.version);
    let (before, after) = (pool.migrations().iter().rfind(is_applied), status.applied.iter().rfind(is_left));
    let of = |version: &str| pool.migrations().iter().find(|migration| migration.version.as_str() == version);
    let Some(before) = before.filter(|before| down.contains(before)).and_then(|before| before.catalog) else {
        return Ok(());
    };
    let after = match after {
        None => "",
        Some(row) => match of(&row.version).and_then(|migration| migration.catalog) {
            Some(catalog) => catalog,
            None => return Ok(()),
        },
    };
    if !down.iter().any(|migration| migration.owner == Owner::Messenger) {
        return Ok(());
    }
    let (ours, left) = (subjects(before), subjects(after));
    // A migration drops an extension only if this crate has made it; that others may need it is the server's to say.
    let dropped = ours.difference(&left).filter(|subject| !subject.starts_with("extension "));
    let query = include_str!("dependents.sql").replace(":dropped", &array(dropped)).replace(":ours", &array(&ours));
    let rows = connection.execute(&query)?;
    let objects: Vec<_> = rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    if objects.is_empty() { Ok(()) } else { Err(Error::Referenced { objects }) }
}

/// The objects that a catalog names, such as `table users`, and their columns, such as `table users: column id`.
fn subjects(catalog: &str) -> BTreeSet<String> {
    let of_line = |line: &str| {
        let (object, fact) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
        let column = fact.strip_prefix("column ").and_then(|rest| rest.split(' ').next());
        let column = column.map(|column| format!("{object}: column {column}"));
        [Some(object.to_owned()), column].into_iter().flatten()
    };
    catalog.lines().flat_map(of_line).collect()
}

/// An array of texts in SQL.
fn array<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    format!("ARRAY[{}]::text[]", texts.into_iter().map(|text| literal(text)).collect::<Vec<_>>().join(", "))
}

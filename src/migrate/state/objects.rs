//! The objects of a schema, with their owners: whose they are, and which of them the migrations made.

use std::collections::BTreeSet;

use crate::migrate::model::migration::Migration;
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::sql::quote::{literal, quoted};

/// What is written about the migrations, and not the application's to change.
pub(crate) const RECORDS: [&str; 2] = ["__diesel_schema_migrations", "messenger_db_ledger"];

/// An object that has an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// What `ALTER … OWNER TO` calls it, such as `TABLE`.
    pub kind: String,
    /// Its name with its schema, and the types of a function's arguments, as SQL.
    pub full_name: String,
    /// Its name alone.
    pub name: String,
    /// What a catalog calls it, such as `table users`.
    pub subject: String,
    /// The name of its owner.
    pub owner: String,
    /// Whether that is a member of the role that works, as a superuser is.
    pub owner_is_member: bool,
    /// Whether it is the sequence of a serial column, whose owner is always that of the table.
    pub goes_with_table: bool,
    /// Whether it is a function that not everybody may call.
    pub is_closed: bool,
}

impl Object {
    /// A table of the runner that is still to be made, whoever makes it.
    pub(crate) fn record(schema: &str, name: &str) -> Self {
        Self {
            kind: "TABLE".to_owned(),
            full_name: format!("{}.{}", quoted(schema), quoted(name)),
            name: name.to_owned(),
            subject: format!("table {name}"),
            owner: String::new(),
            owner_is_member: false,
            goes_with_table: false,
            is_closed: false,
        }
    }

    /// Whether it is one of the tables of the runner.
    pub(crate) fn is_record(&self) -> bool {
        self.kind == "TABLE" && RECORDS.contains(&self.name.as_str())
    }
}

/// Every object of a schema, but those of extensions.
pub(crate) fn of_schema(connection: &mut Connection, schema: &str) -> Result<Vec<Object>, ServerError> {
    let rows = connection.execute(&include_str!("objects.sql").replace("{schema}", &literal(schema)))?;
    let object = |row: Vec<Option<String>>| {
        let mut values = row.into_iter();
        let mut value = || values.next().flatten();
        Some(Object {
            kind: value()?,
            full_name: value()?,
            name: value()?,
            subject: value()?,
            owner: value()?,
            owner_is_member: value()? == "t",
            goes_with_table: value()? == "t",
            is_closed: value()? == "t",
        })
    };
    Ok(rows.into_iter().filter_map(object).collect())
}

/// What the catalogs of the migrations name, such as `table users`.
pub(crate) fn subjects(migrations: &[Migration]) -> BTreeSet<&str> {
    let lines = migrations.iter().filter_map(|migration| migration.catalog).flat_map(str::lines);
    lines.map(|line| line.split_once(": ").map_or(line.trim_end_matches([':', '\r']), |(subject, _)| subject)).collect()
}

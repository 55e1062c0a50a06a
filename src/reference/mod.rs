//! The reference of a database: every table, column, type, constraint, index, view and function with its comment, and
//! diagrams of the tables, as Markdown or as one page of HTML; or the diagram of all tables alone, as a picture.
//!
//! [`read`] asks the server; [`markdown`], [`html`] and [`svg`] write what it said, and [`diagram`] draws it. The same schema gives
//! the same text, byte by byte, on every supported version of PostgreSQL, so that it can be committed and compared.

use serde::{Deserialize, Serialize};

use crate::migrate::{self, Pool, described, described_to_anybody};

mod constraints;
pub mod diagram;
mod html;
mod markdown;
mod mermaid;
mod picture;
mod prose;
mod subjects;

pub(crate) use constraints::in_words;
pub(crate) use prose::Piece;

pub use html::html;
pub use markdown::markdown;
pub use mermaid::overview;
pub use picture::svg;
pub(crate) use subjects::OTHERS;
pub use subjects::{Subject, subjects};

/// The style of the page and of the picture.
const STYLE: &str = concat!(include_str!("../colours.css"), include_str!("page.css"));

/// What a schema is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Tables and views, by name.
    #[serde(deserialize_with = "nothing_as_empty")]
    pub tables: Vec<Table>,
    /// Enums and domains, by name.
    #[serde(deserialize_with = "nothing_as_empty")]
    pub types: Vec<Type>,
    /// Functions and procedures, by name.
    #[serde(deserialize_with = "nothing_as_empty")]
    pub functions: Vec<Function>,
}

/// A table or a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// `table`, `view` or `materialized view`.
    pub kind: String,
    /// What it is for. `None`: nobody wrote it down.
    pub comment: Option<String>,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
    /// Its keys, foreign keys and checks.
    pub constraints: Vec<Constraint>,
    /// Its indexes, without those of its constraints.
    pub indexes: Vec<Index>,
    /// Its triggers, without those of its constraints.
    pub triggers: Vec<Trigger>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as SQL has it.
    pub r#type: String,
    /// Whether it can be empty.
    pub is_nullable: bool,
    /// What it is when nothing is given, as SQL has it.
    pub default: Option<String>,
    /// What it is for.
    pub comment: Option<String>,
}

/// A constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Its name, which the server gives with the error.
    pub name: String,
    /// What it is.
    pub kind: ConstraintKind,
    /// As SQL has it, in one line.
    pub definition: String,
    /// The columns of a key or a foreign key, in its order; those that a check reads.
    pub columns: Vec<String>,
    /// The table that a foreign key points at.
    pub target: Option<String>,
    /// The columns there, in the order of `columns`.
    pub target_columns: Vec<String>,
    /// What happens to a row when the one it points at is deleted: `delete`, `null` or `default`. `None`: that one cannot
    /// be deleted.
    pub on_delete: Option<String>,
    /// Whether it is checked at the end of the transaction.
    pub is_deferred: bool,
    /// Why it is there.
    pub comment: Option<String>,
}

/// What a constraint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConstraintKind {
    /// The primary key.
    #[serde(rename = "p")]
    Primary,
    /// A unique key.
    #[serde(rename = "u")]
    Unique,
    /// A foreign key.
    #[serde(rename = "f")]
    Foreign,
    /// A check of each row.
    #[serde(rename = "c")]
    Check,
    /// No two rows may overlap.
    #[serde(rename = "x")]
    Exclusion,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Whether no two rows may have the same in it.
    pub is_unique: bool,
    /// Its method, columns, parameters and condition, as SQL has them.
    pub definition: String,
    /// What uses it.
    pub comment: Option<String>,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// When it fires and what it calls, as SQL has it.
    pub definition: String,
    /// What it is for.
    pub comment: Option<String>,
}

/// An enum or a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Type {
    /// Its name.
    pub name: String,
    /// The values of an enum, in their order.
    pub labels: Vec<String>,
    /// The type under a domain.
    pub base: Option<String>,
    /// The checks of a domain, as SQL has them.
    pub checks: Vec<String>,
    /// What it is for.
    pub comment: Option<String>,
}

/// A function or a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its arguments, as SQL has them.
    pub arguments: String,
    /// What it gives, as SQL has it. `None`: it is a procedure.
    pub result: Option<String>,
    /// What it does.
    pub comment: Option<String>,
}

impl Table {
    /// The columns of its primary key.
    pub(crate) fn key(&self) -> &[String] {
        let primary = self.constraints.iter().find(|constraint| constraint.kind == ConstraintKind::Primary);
        primary.map_or(&[], |primary| &primary.columns)
    }

    /// Its foreign keys.
    pub(crate) fn foreign_keys(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints.iter().filter(|constraint| constraint.kind == ConstraintKind::Foreign)
    }

    /// What a column is a part of: `PK`, `FK`, both or neither.
    pub(crate) fn marks(&self, column: &str) -> Vec<&'static str> {
        let is_key = self.key().iter().any(|name| name == column);
        let points = self.foreign_keys().any(|key| key.columns.iter().any(|name| name == column));
        [is_key.then_some("PK"), points.then_some("FK")].into_iter().flatten().collect()
    }

    /// Whether at most one row has the same in all of these columns.
    fn is_unique(&self, columns: &[String]) -> bool {
        self.constraints.iter().any(|constraint| {
            matches!(constraint.kind, ConstraintKind::Primary | ConstraintKind::Unique)
                && constraint.columns.iter().all(|column| columns.contains(column))
        })
    }

    /// Whether one of these columns can be empty.
    fn may_be_empty(&self, columns: &[String]) -> bool {
        self.columns.iter().any(|column| column.is_nullable && columns.contains(&column.name))
    }
}

/// `json_agg` of nothing is null.
fn nothing_as_empty<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(given: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(given)?.unwrap_or_default())
}

/// Why there is no reference.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database could not be asked.
    #[error(transparent)]
    Database(Box<migrate::Error>),
    /// The server's answer is not what this version understands.
    #[error("the server's description of the schema cannot be read: {0}")]
    Unexpected(#[from] serde_json::Error),
}

impl From<migrate::Error> for ReadError {
    fn from(error: migrate::Error) -> Self {
        Self::Database(Box::new(error))
    }
}

/// Reads what the current schema is made of: the first of the `search_path` that exists. Tables of the service that are in
/// it are read too; what belongs to an extension, and partitions, are not. One round trip, with the locks of a SELECT.
///
/// # Errors
///
/// [`ReadError::Database`] without a connection, without a schema to read, or when it cannot be read;
/// [`ReadError::Unexpected`] when a future version of PostgreSQL describes it in another way.
pub fn read(pool: &Pool) -> Result<Reference, ReadError> {
    parsed(&described(pool, include_str!("read.sql"))?)
}

/// As [`read`], for a role that may not read the history of the migrations; and what another session holds ACCESS EXCLUSIVE is not
/// waited for: its defaults, constraints, indexes and triggers are there by name only.
///
/// # Errors
///
/// As [`read`].
pub(crate) fn read_as_anybody(pool: &Pool) -> Result<Reference, ReadError> {
    parsed(&described_to_anybody(pool, &include_str!("read.sql").replace("        AND false\n", ""))?)
}

/// What the server said. Diesel's own table has no comments, and is told about here.
fn parsed(said: &str) -> Result<Reference, ReadError> {
    let mut reference: Reference = serde_json::from_str(said)?;
    let history = reference.tables.iter_mut().filter(|table| table.name == "__diesel_schema_migrations");
    for table in history {
        let told = "Diesel's own table: which migrations are applied. Who migrates by messenger-db or Diesel reads it.";
        table.comment.get_or_insert_with(|| told.to_owned());
        for column in &mut table.columns {
            let told = match column.name.as_str() {
                "version" => "The version of a migration, its time and its mark.",
                "run_on" => "When it was applied, as the server's time zone was then.",
                _ => continue,
            };
            column.comment.get_or_insert_with(|| told.to_owned());
        }
    }
    Ok(reference)
}

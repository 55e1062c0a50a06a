//! The objects of `erase` and `export`.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// `erase`.
#[derive(Debug, Serialize)]
pub struct Erased<'a> {
    /// The database's name.
    pub database: &'a str,
    /// Who was erased.
    pub user_id: String,
    /// Whether nothing was erased, but only counted.
    pub dry_run: bool,
    /// In how many chats.
    pub chats: i64,
    /// How many messages were emptied.
    pub messages: i64,
    /// How many other rows were removed.
    pub others: i64,
    /// How many rows each table still has of the person.
    pub left: Vec<Rows>,
    /// How long it took.
    pub seconds: f64,
}

/// Rows of a table.
#[derive(Debug, Serialize)]
pub struct Rows {
    /// The table.
    pub table: String,
    /// How many.
    pub rows: i64,
}

/// `export`.
#[derive(Debug, Serialize)]
pub struct Exported<'a> {
    /// The database's name.
    pub database: &'a str,
    /// Who was exported.
    pub user_id: String,
    /// The file. `None`: standard output.
    pub file: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// The version of its format.
    pub format: u32,
    /// Of which moment it is.
    #[serde(rename = "exported_at")]
    pub at: DateTime<Utc>,
    /// What is in it.
    pub kinds: Vec<Lines>,
    /// How long it took.
    pub seconds: f64,
}

/// Lines of a kind.
#[derive(Debug, Serialize)]
pub struct Lines {
    /// The kind.
    pub kind: String,
    /// How many.
    pub lines: u64,
}

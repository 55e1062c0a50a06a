//! The objects of the commands that record, print or make something beside migrations: `baseline`, `catalog`, `roles`,
//! `seed` and `backup`.

use std::borrow::Cow;

use serde::Serialize;

use crate::migrate;

/// `baseline`.
#[derive(Debug, Serialize)]
pub struct Baseline<'a> {
    /// The database's name.
    pub database: &'a str,
    /// The version that the database is at. `None`: it has nothing of any.
    pub version: Option<&'a str>,
    /// Names of the migrations that were recorded, oldest first.
    pub recorded: Vec<&'a str>,
}

/// `catalog`.
#[derive(Debug, Serialize)]
pub struct Catalog<'a> {
    /// The database's name.
    pub database: &'a str,
    /// One fact a line.
    pub catalog: Vec<&'a str>,
}

/// `docs`.
#[derive(Debug, Serialize)]
pub struct Docs<'a> {
    /// The database's name.
    pub database: &'a str,
    /// `markdown` or `html`.
    pub format: &'a str,
    /// The file that was written or checked. `None`: neither.
    pub file: Option<Cow<'a, str>>,
    /// Whether the file that was checked is what would be written. `None`: none was checked.
    pub is_current: Option<bool>,
    /// The reference. `None`: it is in the file.
    pub text: Option<&'a str>,
}

/// `roles`.
#[derive(Debug, Serialize)]
pub struct Roles<'a> {
    /// The database's name.
    pub database: &'a str,
    /// The role that migrates.
    pub owner: &'a str,
    /// The role that reads and writes rows.
    pub app: &'a str,
    /// The role that reads.
    pub readonly: &'a str,
    /// The SQL.
    pub statements: &'a [String],
    /// Whether the SQL was carried out.
    pub done: bool,
}

/// `seed`.
#[derive(Debug, Serialize)]
pub struct Seeded<'a> {
    /// The database's name.
    pub database: &'a str,
    /// How many users were added.
    pub users: usize,
    /// How many chats were added.
    pub chats: usize,
    /// How many messages were added.
    pub messages: usize,
    /// How long it took.
    pub seconds: f64,
}

/// `backup`.
#[derive(Debug, Serialize)]
pub struct Backup<'a> {
    /// The database's name.
    pub database: &'a str,
    /// The file.
    #[serde(flatten)]
    pub backup: TakenBackup,
}

/// A backup, also of `run --backup`.
#[derive(Debug, Serialize)]
pub struct TakenBackup {
    file: String,
    bytes: u64,
    seconds: f64,
}

impl From<&migrate::Backup> for TakenBackup {
    fn from(backup: &migrate::Backup) -> Self {
        Self { file: super::path(&backup.file), bytes: backup.bytes, seconds: backup.duration.as_secs_f64() }
    }
}

/// The web page that listens: `studio`.
#[derive(Debug, Serialize)]
pub struct Studio<'a> {
    pub database: &'a str,
    /// The address, with the token.
    pub url: String,
    pub port: u16,
}

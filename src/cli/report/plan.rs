//! The objects of `plan` and `plan --rehearse`.

use serde::Serialize;

use crate::migrate::{self, Comparison, Rehearsed};

/// `plan`.
#[derive(Debug, Serialize)]
pub struct Plan<'a> {
    /// The database's name.
    pub database: &'a str,
    /// The version that the database is at now.
    pub version: Option<&'a str>,
    /// Names of the migrations that would be applied, oldest first.
    pub migrations: Vec<&'a str>,
    /// The script for psql.
    pub sql: &'a str,
}

/// `plan --rehearse`.
#[derive(Debug, Serialize)]
pub struct Rehearsal<'a> {
    database: &'a str,
    statements: Vec<RehearsedStatement<'a>>,
    waits: Vec<Wait<'a>>,
    left_out: Vec<&'a str>,
    catalog: Option<&'static str>,
    moved_sequences: &'a [String],
    failed: bool,
}

/// A statement that was carried out and rolled back.
#[derive(Debug, Serialize)]
pub struct RehearsedStatement<'a> {
    migration: &'a str,
    line: usize,
    sql: &'a str,
    seconds: f64,
    locks: Vec<Lock<'a>>,
    rewritten: &'a [String],
    rows: Vec<Rows<'a>>,
}

/// A lock that it took.
#[derive(Debug, Serialize)]
pub struct Lock<'a> {
    relation: &'a str,
    mode: &'a str,
}

/// How long others wait who use a table.
#[derive(Debug, Serialize)]
pub struct Wait<'a> {
    migration: &'a str,
    table: &'a str,
    writers_seconds: f64,
    readers_seconds: f64,
}

/// Rows that it changed.
#[derive(Debug, Serialize)]
pub struct Rows<'a> {
    table: &'a str,
    done: &'a str,
    count: u64,
}

impl<'a> Rehearsal<'a> {
    /// What a rehearsal on a database has shown.
    pub fn of(database: &'a str, shown: &'a migrate::Rehearsal) -> Self {
        Self {
            database,
            statements: shown.statements.iter().map(RehearsedStatement::from).collect(),
            waits: shown.waits.iter().map(Wait::from).collect(),
            left_out: shown.left_out.iter().map(|migration| migration.name).collect(),
            catalog: match &shown.catalog {
                Comparison::Equal | Comparison::Tolerated(_) => Some("equal"),
                Comparison::Drift(_) => Some("drift"),
                Comparison::None | Comparison::Unknown(_) => None,
            },
            moved_sequences: &shown.moved_sequences,
            failed: shown.failure.is_some(),
        }
    }
}

impl<'a> From<&'a migrate::Wait> for Wait<'a> {
    fn from(wait: &'a migrate::Wait) -> Self {
        Self {
            migration: wait.migration.name,
            table: &wait.table,
            writers_seconds: wait.writers.as_secs_f64(),
            readers_seconds: wait.readers.as_secs_f64(),
        }
    }
}

impl<'a> From<&'a Rehearsed> for RehearsedStatement<'a> {
    fn from(statement: &'a Rehearsed) -> Self {
        Self {
            migration: statement.migration.name,
            line: statement.line,
            sql: statement.sql,
            seconds: statement.duration.as_secs_f64(),
            locks: statement.locks.iter().map(|(mode, relation)| Lock { relation, mode }).collect(),
            rewritten: &statement.rewritten,
            rows: statement.rows.iter().map(|(count, done, table)| Rows { table, done, count: *count }).collect(),
        }
    }
}

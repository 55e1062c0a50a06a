//! Compares a database with what it should be: its catalog with that of its version, and what was applied with what is
//! embedded.

use similar::TextDiff;

use crate::migrate::error::Error;
use crate::migrate::model::migration::Migration;
use crate::migrate::session::pool::Pool;
use crate::migrate::sql::libpq::Connection;
use crate::migrate::state::catalog::Scope;
use crate::migrate::state::compare::{self, Comparison};
use crate::migrate::state::layout;
use crate::migrate::state::status::{self, Status};

/// A migration that was applied with another text than the embedded one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The embedded one.
    pub migration: Migration,
    /// The `up.sql` that was applied.
    pub up: String,
    /// The `down.sql` that came with it.
    pub down: String,
}

impl Edited {
    /// What changed in it, as `diff -u` shows it: `-` is what was applied, `+` what is embedded.
    #[must_use]
    pub fn diff(&self) -> String {
        let of = |file: &str, was: &str, is: &str| {
            TextDiff::from_lines(was, is)
                .unified_diff()
                .context_radius(1)
                .header(&format!("{}/{file} as applied", self.migration.name), "as embedded")
                .to_string()
        };
        of("up.sql", &self.up, self.migration.up) + &of("down.sql", &self.down, self.migration.down)
    }
}

/// What `verify` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Where the database stands.
    pub status: Status,
    /// What its catalog is.
    pub catalog: Comparison,
    /// What was edited after it had been applied.
    pub edited: Vec<Edited>,
    /// What is not where it belongs in a database that Citus distributes, a line for each table.
    pub layout: Vec<String>,
    /// The encoding of the database, where it is not the one that a messenger needs.
    pub other_encoding: Option<String>,
}

impl Verification {
    /// Whether everything is as it should be, and known to be so.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.catalog.is_clean() && !self.differs()
    }

    /// Whether something is known not to be as it should be.
    #[must_use]
    pub fn differs(&self) -> bool {
        matches!(self.catalog, Comparison::Drift(_))
            || !self.edited.is_empty()
            || !self.layout.is_empty()
            || self.other_encoding.is_some()
    }
}

/// Compares the catalog of a database with the one of its version, and the text of what was applied with what is
/// embedded. Changes nothing, and needs no more than to read; four round trips, and two more where Citus is. It takes the lock
/// that a SELECT takes. Where another session migrates meanwhile, it looks again.
///
/// # Errors
///
/// [`Error::Server`] when the history or the catalog cannot be read. That they differ is no error.
pub fn verify(pool: &Pool, scope: Scope) -> Result<Verification, Error> {
    let connection = &mut *pool.get()?;
    let mut status = status::read(connection, pool.migrations(), pool.own())?;
    let catalog = compare::unless_locked(compare::settled(connection, &mut status, pool, scope))?;
    let edited = edited(connection, &status)?;
    let layout = if status.has_citus { layout::differences(connection, pool.migrations())? } else { Vec::new() };
    let other_encoding = connection.server_parameter(c"server_encoding").filter(|encoding| encoding != "UTF8");
    Ok(Verification { status, catalog, edited, layout, other_encoding })
}

/// What was edited, with the text it was applied with.
fn edited(connection: &mut Connection, status: &Status) -> Result<Vec<Edited>, Error> {
    if status.edited.is_empty() {
        return Ok(Vec::new());
    }
    let rows = connection.execute("SELECT version, up_sql, down_sql FROM messenger_db_ledger")?;
    let texts = rows.into_iter().filter_map(|row| {
        let mut values = row.into_iter();
        Some((values.next()??, values.next()??, values.next()??))
    });
    let edited = |(version, up, down)| {
        let migration = status.edited.iter().copied().find(|migration| migration.version.as_str() == version);
        migration.map(|migration| Edited { migration, up, down })
    };
    Ok(texts.filter_map(edited).collect())
}

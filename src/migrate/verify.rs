//! Compares a database with what it should be: its catalog with that of its version, and what was applied with what is
//! embedded.

use similar::TextDiff;

use super::catalog::{self, Fact, Scope};
use super::error::listed;
use super::libpq::Connection;
use super::lock_monitor::LOCK_NOT_AVAILABLE;
use super::stated::Stated;
use super::{Drift, Error, Migration, Pool, Status, status};

/// What a catalog was found to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Comparison {
    /// It was not looked at.
    #[default]
    None,
    /// What it should be.
    Equal,
    /// Everything that counts is what it should be; something else was tuned, is foreign, or is allowed to differ.
    Tolerated(Box<Drift>),
    /// Something else.
    Drift(Box<Drift>),
    /// Nobody knows what it should be.
    Unknown(Unknown),
}

/// Why it is not known what the catalog should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The database has versions that are not embedded here.
    #[error("versions are applied that this binary does not know: {}", listed(.0))]
    Ahead(Vec<String>),
    /// A version is not applied, and a later one is.
    #[error("the database is at no version: {} is not applied, and a later one is", listed(.0))]
    Gap(Vec<String>),
    /// Somebody holds a table for himself, as a migration does that changes it: its constraints cannot be read meanwhile.
    #[error("somebody holds a table for himself just now, perhaps a migration")]
    Locked,
    /// The version has no `catalog.diff`.
    #[error("no catalog is stored for {0}: `make catalogs` writes it")]
    NotStored(String),
}

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
}

impl Comparison {
    /// Whether it is what it should be, and known to be so.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        matches!(self, Self::Equal | Self::Tolerated(_))
    }

    /// What differs, whether or not it counts.
    #[must_use]
    pub const fn drift(&self) -> Option<&Drift> {
        match self {
            Self::Tolerated(drift) | Self::Drift(drift) => Some(drift),
            Self::None | Self::Equal | Self::Unknown(_) => None,
        }
    }
}

impl Verification {
    /// Whether everything is as it should be, and known to be so.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.catalog.is_clean() && self.edited.is_empty()
    }
}

/// Compares the catalog of a database with the one of its version, and the text of what was applied with what is
/// embedded. Changes nothing, and needs no more than to read; three round trips. It takes the lock that a SELECT takes.
///
/// # Errors
///
/// [`Error::Server`] when the history or the catalog cannot be read. That they differ is no error.
pub fn verify(pool: &Pool, scope: Scope) -> Result<Verification, Error> {
    let connection = &mut *pool.get()?;
    let status = status::read(connection, pool.migrations(), pool.own())?;
    let catalog = unless_locked(compare(connection, &status, pool, scope))?;
    let edited = edited(connection, &status)?;
    Ok(Verification { status, catalog, edited })
}

/// Compares the catalog as it is now with the one of the version that the database is at now.
///
/// A program that takes no turns, such as the Diesel CLI, may migrate between the two looks: then both are taken again.
pub(super) fn now(connection: &mut Connection, pool: &Pool) -> Result<Comparison, Error> {
    let migrations = pool.migrations();
    let versions = |status: &Status| status.applied.iter().map(|row| row.version.clone()).collect::<Vec<_>>();
    let mut before = status::read(connection, migrations, &[])?;
    loop {
        let compared = compare(connection, &before, pool, Scope::CurrentSchema)?;
        if !matches!(compared, Comparison::Drift(_)) {
            return Ok(compared);
        }
        let after = status::read(connection, migrations, &[])?;
        if versions(&before) == versions(&after) {
            return Ok(compared);
        }
        before = after;
    }
}

/// Whether there is nothing at all in the current schema.
fn is_empty(connection: &mut Connection) -> Result<bool, Error> {
    let of = [
        ("pg_class", "relnamespace"),
        ("pg_proc", "pronamespace"),
        ("pg_type", "typnamespace"),
        ("pg_ts_config", "cfgnamespace"),
        ("pg_ts_dict", "dictnamespace"),
    ];
    let empty = of.map(|(catalog, namespace)| {
        format!("NOT EXISTS (SELECT FROM {catalog} WHERE {namespace} = to_regnamespace(quote_ident(current_schema())))")
    });
    Ok(connection.execute(&format!("SELECT WHERE {}", empty.join(" AND ")))?.len() == 1)
}

/// A catalog that cannot be read for somebody's lock is not known.
pub(super) fn unless_locked(compared: Result<Comparison, Error>) -> Result<Comparison, Error> {
    match compared {
        Err(error) if error.sqlstate() == Some(LOCK_NOT_AVAILABLE) => Ok(Comparison::Unknown(Unknown::Locked)),
        other => other,
    }
}

/// Compares the catalog as it is now with the one of the version that a status tells.
pub(super) fn compare(
    connection: &mut Connection,
    status: &Status,
    pool: &Pool,
    scope: Scope,
) -> Result<Comparison, Error> {
    let migrations = pool.migrations();
    let applied = |migration: &Migration| status.applied.iter().any(|row| row.version == migration.version.as_str());
    let at = migrations.iter().rfind(|migration| applied(migration));
    if !status.ahead.is_empty() {
        let versions = status.ahead.iter().map(|row| row.version.clone()).collect();
        return Ok(Comparison::Unknown(Unknown::Ahead(versions)));
    }
    let passed_over =
        |migration: &&Migration| at.is_some_and(|at| migration.version < at.version) && !applied(migration);
    let gap: Vec<_> = migrations.iter().filter(passed_over).map(|migration| migration.version.to_string()).collect();
    if !gap.is_empty() {
        return Ok(Comparison::Unknown(Unknown::Gap(gap)));
    }
    // Where not even the first migration has a catalog, nothing is known of an empty database either.
    if let Some(unknown) = at.or(migrations.first()).filter(|migration| migration.catalog.is_none()) {
        return Ok(Comparison::Unknown(Unknown::NotStored(unknown.version.to_string())));
    }
    // The usual beginning, and told without reading a catalog.
    if at.is_none() && scope == Scope::CurrentSchema && is_empty(connection)? {
        return Ok(Comparison::Equal);
    }
    let stated = Stated::by(migrations, pool.allowed_drift());
    Ok(of_facts(&catalog::facts(connection, scope, Some(&stated.objects))?, at, scope, &stated))
}

/// Compares a catalog that was read with that of a migration, which has one.
pub(super) fn of_facts(facts: &[Fact], migration: Option<&Migration>, scope: Scope, stated: &Stated<'_>) -> Comparison {
    let expected = migration.and_then(|migration| migration.catalog).unwrap_or_default();
    // A checkout may have ended the lines in another way.
    let expected = expected.replace("\r\n", "\n");
    let version = migration.map(|migration| migration.version.as_str());
    of_drift(Drift::of(version, &expected, facts, scope, stated))
}

/// What a drift makes of a catalog.
pub(super) fn of_drift(drift: Option<Drift>) -> Comparison {
    match drift {
        None => Comparison::Equal,
        Some(drift) if drift.counting().next().is_none() => Comparison::Tolerated(Box::new(drift)),
        Some(drift) => Comparison::Drift(Box::new(drift)),
    }
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

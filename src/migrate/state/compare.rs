//! Compares the catalog of a database with that of its version.

use std::borrow::Cow;
use std::cell::LazyCell;

use crate::migrate::error::{Error, listed};
use crate::migrate::model::blocker::Blocker;
use crate::migrate::model::drift::Drift;
use crate::migrate::model::migration::Migration;
use crate::migrate::session::lock_monitor::{self, LOCK_NOT_AVAILABLE};
use crate::migrate::session::pool::Pool;
use crate::migrate::sql::libpq::Connection;
use crate::migrate::state::catalog::{self, Fact, Scope};
use crate::migrate::state::record::Applied;
use crate::migrate::state::stated::Stated;
use crate::migrate::state::status::{self, Status};

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
    #[error("another session has an exclusive lock on a table, perhaps a migration")]
    Locked(Option<Box<Blocker>>),
    /// The version has no `catalog.diff`.
    #[error("no catalog is stored for {0}: `make catalogs` writes it")]
    NotStored(String),
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

/// Compares the catalog as it is now with the one of the version that the database is at now.
pub(crate) fn now(connection: &mut Connection, pool: &Pool) -> Result<Comparison, Error> {
    let mut status = status::read(connection, pool.migrations(), pool.own())?;
    settled(connection, &mut status, pool, Scope::CurrentSchema)
}

/// Compares the catalog as it is now with the one of the version that a status tells, and with the next status when that has
/// changed meanwhile.
///
/// Whoever takes no turn, or is no runner, such as the Diesel CLI, sees another one migrate between the two looks: then both are
/// taken again.
pub(crate) fn settled(
    connection: &mut Connection,
    status: &mut Status,
    pool: &Pool,
    scope: Scope,
) -> Result<Comparison, Error> {
    let rows = |status: &Status| {
        let row = |row: &Applied| (row.version.clone(), row.run_on.clone());
        status.applied.iter().map(row).collect::<Vec<_>>()
    };
    loop {
        let compared = compare(connection, status, pool, scope)?;
        if !matches!(compared, Comparison::Drift(_)) {
            return Ok(compared);
        }
        let before = std::mem::replace(status, status::read(connection, pool.migrations(), pool.own())?);
        if rows(&before) == rows(status) {
            return Ok(compared);
        }
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
pub(crate) fn unless_locked(compared: Result<Comparison, Error>) -> Result<Comparison, Error> {
    match compared {
        Err(Error::Blocked { blocker, .. }) => Ok(Comparison::Unknown(Unknown::Locked(blocker.map(Box::new)))),
        Err(error) if error.sqlstate() == Some(LOCK_NOT_AVAILABLE) => Ok(Comparison::Unknown(Unknown::Locked(None))),
        other => other,
    }
}

/// Compares the catalog as it is now with the one of the version that a status tells.
fn compare(connection: &mut Connection, status: &Status, pool: &Pool, scope: Scope) -> Result<Comparison, Error> {
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
    let stated = LazyCell::new(|| Stated::by(migrations, pool.allowed_drift()));
    match catalog::facts(connection, scope, || Some(&stated.objects)) {
        Ok(facts) => Ok(of_facts(&facts, at, scope, &stated)),
        Err(error) if error.sqlstate == LOCK_NOT_AVAILABLE && connection.is_idle() => {
            Err(lock_monitor::blocked(connection, None, error.into()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Compares a catalog that was read with that of a migration, which has one.
pub(crate) fn of_facts(facts: &[Fact], migration: Option<&Migration>, scope: Scope, stated: &Stated<'_>) -> Comparison {
    let expected = migration.and_then(|migration| migration.catalog).unwrap_or_default();
    // A checkout may have ended the lines in another way.
    let expected =
        if expected.contains('\r') { Cow::Owned(expected.replace("\r\n", "\n")) } else { Cow::Borrowed(expected) };
    let version = migration.map(|migration| migration.version.as_str());
    of_drift(Drift::of(version, &expected, facts, scope, stated))
}

/// What a drift makes of a catalog.
pub(crate) fn of_drift(drift: Option<Drift>) -> Comparison {
    match drift {
        None => Comparison::Equal,
        Some(drift) if drift.counting().next().is_none() => Comparison::Tolerated(Box::new(drift)),
        Some(drift) => Comparison::Drift(Box::new(drift)),
    }
}

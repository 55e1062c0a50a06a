//! Finds the version whose catalog a database has, and records that it is applied.

use crate::migrate::error::Error;
use crate::migrate::model::drift::{Drift, Kind};
use crate::migrate::model::migration::Migration;
use crate::migrate::observer::Observer;
use crate::migrate::session::lock::{self, RunnerLock};
use crate::migrate::session::pool::Pool;
use crate::migrate::session::transaction::transaction;
use crate::migrate::state::catalog::{self, Scope};
use crate::migrate::state::compare::{self, Comparison};
use crate::migrate::state::record::{Ledger, Origin};
use crate::migrate::state::stated::Stated;
use crate::migrate::state::{history, ledger, owner, status};

/// What `baseline` found and recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The version whose catalog the database has. `None`: it has nothing of any.
    pub version: Option<String>,
    /// What was recorded, oldest first: what was missing in the history or the ledger, or was applied with another text.
    pub recorded: Vec<Migration>,
}

/// Finds the newest version all of whose catalog the database has, tuned or beside foreign objects as it may be, and
/// records it and all before it as applied, in the history and in the ledger, in one transaction. Nothing else is
/// changed. What is recorded with the embedded text already stays as it is; an edited migration gets the embedded text.
///
/// Holds the lock, as every command does that changes something.
///
/// # Errors
///
/// [`Error::Ahead`] when a newer release has migrated the database; [`Error::NothingEqual`] when no catalog is equal, with the
/// difference to the nearest; [`Error::Contradiction`] when the history has versions beyond the one found; [`Error::Locked`] when
/// another runner is not done in time.
pub fn baseline(pool: &Pool, observer: &mut dyn Observer) -> Result<Baseline, Error> {
    let RunnerLock { connection, .. } = &mut lock::acquire(pool, pool.get()?, observer)?;
    owner::assume_if_allowed(connection)?;
    let migrations = pool.migrations();
    let status = status::read(connection, migrations, &[])?;
    status.refuse_ahead()?;
    let stated = Stated::by(migrations, pool.allowed_drift());
    let facts = catalog::facts(connection, Scope::CurrentSchema, || Some(&stated.objects))?;

    let mut nearest = None;
    // The one of which least is tuned, and of those the newest: what a migration drops that is still there was not dropped.
    let mut found: Option<(usize, Option<&Migration>)> = None;
    for migration in migrations.iter().filter(|migration| migration.catalog.is_some()).map(Some).rev().chain([None]) {
        match compare::of_facts(&facts, migration, Scope::CurrentSchema, &stated) {
            Comparison::Drift(drift) => {
                let distance = |drift: &Drift| drift.counting().count();
                if nearest.as_deref().is_none_or(|nearest| distance(&drift) < distance(nearest)) {
                    nearest = Some(drift);
                }
            }
            compared => {
                let tuned = compared.drift().map_or(0, |drift| drift.of_kind(Kind::Tuned).count());
                if found.is_none_or(|(least, _)| tuned < least) {
                    found = Some((tuned, migration));
                }
            }
        }
    }
    let Some((_, found)) = found else {
        return Err(nearest.map_or_else(no_catalog, |drift| Error::NothingEqual { drift }));
    };
    let upto = |version: &str| found.is_some_and(|found| version <= found.version.as_str());
    let beyond: Vec<_> =
        status.applied.iter().map(|row| row.version.clone()).filter(|version| !upto(version)).collect();
    let version = found.map(|found| found.version.to_string());
    if !beyond.is_empty() {
        return Err(Error::Contradiction { version: version.unwrap_or_else(|| "none".to_owned()), applied: beyond });
    }

    let row = |migration: &Migration| status.applied.iter().find(|row| row.version == migration.version.as_str());
    let is_recorded = |migration: &Migration| {
        let record = row(migration).and_then(|row| row.record.as_ref());
        record.is_some_and(|record| record.checksum == migration.checksum())
    };
    let covered = migrations.iter().filter(|migration| upto(migration.version.as_str()));
    let recorded: Vec<_> = covered.copied().filter(|migration| !is_recorded(migration)).collect();
    if !recorded.is_empty() {
        transaction(connection, |connection| {
            history::create(connection)?;
            if status.ledger == Ledger::Missing {
                connection.execute(ledger::CREATE)?;
            }
            for migration in &recorded {
                if row(migration).is_none() {
                    connection.execute(&history::record(migration.version))?;
                }
                connection.execute(&ledger::record(migration, Origin::Baseline, "NULL"))?;
            }
            connection.execute("COMMIT")?;
            Ok(())
        })?;
    }
    Ok(Baseline { version, recorded })
}

/// Not even that of no migration was compared, which cannot be.
fn no_catalog() -> Error {
    Error::Source { reason: "it has no catalogs".to_owned() }
}

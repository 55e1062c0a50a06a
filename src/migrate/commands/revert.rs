//! Undoes what is applied, newest first.

use crate::migrate::commands::apply::{self, Report};
use crate::migrate::commands::run;
use crate::migrate::error::Error;
use crate::migrate::model::migration::{Migration, Owner};
use crate::migrate::model::step::Direction;
use crate::migrate::observer::Observer;
use crate::migrate::session::lock::{self, RunnerLock};
use crate::migrate::session::pool::Pool;
use crate::migrate::session::retry_policy::RetryPolicy;
use crate::migrate::source::embedded;
use crate::migrate::sql::libpq::Connection;
use crate::migrate::state::record::Applied;
use crate::migrate::state::status::{self, Status};
use crate::migrate::state::{compare, dependents, ledger, owner};

/// How much to undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revert {
    /// The newest so many; more than there are means all. Where the pool has the service's own migrations, so many of those,
    /// and never this crate's.
    Newest(usize),
    /// Everything newer than this version, which itself stays.
    DownTo(String),
    /// Everything.
    All,
}

/// Undoes migrations, newest first, each in a transaction of its own unless it opts out. One that is not embedded here is
/// undone by the `down.sql` that the ledger has kept. Where the pool [has some](Pool::also), the service's own come first,
/// as they came last; others' are never undone.
///
/// # Errors
///
/// [`Error::UnknownVersion`] for a version that is not embedded here; [`Error::NotEmbedded`] when the `down.sql` of one
/// to undo is neither embedded nor in the ledger, and [`Error::NoDown`] when there is none, in which cases nothing is
/// undone; [`Error::Referenced`] when foreign keys, views or the like of others depend on what would be dropped, before
/// anything of this crate's is undone; [`Error::BeyondOwn`] for a number of migrations when fewer of the service's own are
/// applied; [`Error::Statement`] when one fails;
/// [`Error::Blocked`] when one did not get a lock, as often as it tried; [`Error::Interrupted`] when the observer stops
/// it between two; [`Error::Drift`] when all of it was undone, and the catalog is not that of the version before.
pub fn revert(pool: &Pool, extent: &Revert, observer: &mut dyn Observer) -> Result<Report, Error> {
    let RunnerLock { connection, monitor_session } = &mut lock::acquire(pool, pool.get()?, observer)?;
    let before = status::read(connection, pool.migrations(), pool.own())?;
    let migrations = chosen(connection, &before, extent, pool)?;
    let is_undone = |row: &&Applied| migrations.iter().any(|migration| migration.version.as_str() == row.version);
    let version = before.applied.iter().rfind(|row| !is_undone(row)).map(|row| row.version.clone());
    if migrations.is_empty() {
        return Ok(Report { version, ..Report::default() });
    }
    owner::assume(connection)?;
    ledger::complete(connection, &before, pool.all())?;
    let retries = &mut RetryPolicy::new(pool, monitor_session);
    // What the service has built on this crate's goes with its own migrations.
    let (own, ours): (Vec<_>, Vec<_>) =
        migrations.iter().copied().partition(|migration| migration.owner == Owner::Service);
    let mut steps = Vec::new();
    if !own.is_empty() {
        steps = apply::each(connection, retries, &own, Direction::Down, observer)?;
        dependents::refuse(connection, pool, &before, &ours)?;
    }
    if !ours.is_empty() {
        steps.extend(apply::each(connection, retries, &ours, Direction::Down, observer)?);
    }
    let catalog = run::refuse_drift(compare::unless_locked(compare::now(connection, pool))?, steps.len())?;
    Ok(Report { steps, version, catalog, ..Report::default() })
}

/// The migrations to undo, newest first, or an error that names those whose SQL is not known here.
pub(crate) fn chosen(
    connection: &mut Connection,
    status: &Status,
    extent: &Revert,
    pool: &Pool,
) -> Result<Vec<Migration>, Error> {
    let all: Vec<_> = pool.all().copied().collect();
    // The place in the order: the service's own come after everything of this crate's, whatever their versions are.
    let place = |version: &str| {
        let index = pool.own().iter().position(|own| own.version.as_str() == version);
        index.map_or_else(|| (0, version.to_owned()), |index| (index + 1, String::new()))
    };
    let (keep, count) = match extent {
        Revert::DownTo(version) => (Some(place(embedded::find(&all, version)?.version.as_str())), usize::MAX),
        Revert::Newest(count) => (None, *count),
        Revert::All => (None, usize::MAX),
    };
    let mut applied: Vec<_> = status.applied.iter().chain(&status.own).collect();
    applied.sort_by_cached_key(|row| place(&row.version));
    let kept = ledger::kept(connection, status)?;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for row in applied.into_iter().rev().take(count) {
        if keep.as_ref().is_some_and(|keep| place(&row.version) <= *keep) {
            break;
        }
        match all.iter().chain(&kept).find(|migration| migration.version.as_str() == row.version) {
            Some(migration) => known.push(*migration),
            None => unknown.push(row.version.clone()),
        }
    }
    if !unknown.is_empty() {
        return Err(Error::NotEmbedded { versions: unknown });
    }
    let without: Vec<_> = known.iter().filter(|migration| migration.down.is_empty()).collect();
    if !without.is_empty() {
        let names = without.iter().map(|migration| format!("{}/{}", migration.folder, migration.name)).collect();
        return Err(Error::NoDown { names });
    }
    // Who names own migrations and a number means those; what they stand on is reverted only by name, or with all of it.
    if let (Revert::Newest(count), [_, ..]) = (extent, pool.own())
        && let Some(ours) = known.iter().find(|migration| migration.owner == Owner::Messenger)
    {
        let own = known.iter().filter(|migration| migration.owner == Owner::Service).count();
        return Err(Error::BeyondOwn { wanted: *count, own, next: ours.name });
    }
    if known.iter().all(|migration| migration.owner == Owner::Messenger) {
        dependents::refuse(connection, pool, status, &known)?;
    }
    Ok(known)
}

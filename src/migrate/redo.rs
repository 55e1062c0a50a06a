//! Reverts the newest migrations and applies them again.

use super::apply::{self, Direction, Report, Step};
use super::catalog::{self, Scope};
use super::libpq::Connection;
use super::lock::Turn;
use super::lock_monitor::LockMonitor;
use super::retry_policy::RetryPolicy;
use super::session::Session;
use super::stated::Stated;
use super::verify::{self, Comparison};
use super::{Drift, Error, Event, Migration, Observer, Pool, Revert, Status, ledger, lock, owner, revert, run, status};

/// Undoes the newest migrations and applies them again.
///
/// When each of them may run in a transaction, all of it is one: it succeeds and ends at the catalog where it began, or
/// changes nothing. An index of a migration that opts out is built and dropped without CONCURRENTLY for that, so that writers
/// wait. Only where one of them was edited since it was applied, it ends at another: that is how an edit is
/// tried. With one that cannot be in a transaction it is carried out step by step, and an error leaves what was done before it.
///
/// # Errors
///
/// Those of [`revert`](revert::revert); [`Error::Interrupted`] changes nothing either where it is one transaction;
/// [`Error::RedoneOtherwise`] when it would end at another catalog, in which case nothing was changed.
pub fn redo(pool: &Pool, extent: &Revert, observer: &mut dyn Observer) -> Result<Report, Error> {
    let Turn { connection, watcher } = &mut lock::acquire(pool, pool.get()?, observer)?;
    let before = status::read(connection, pool.migrations(), pool.own())?;
    let version = before.applied.last().map(|applied| applied.version.clone());
    let down = revert::chosen(connection, &before, extent, pool)?;
    if down.is_empty() {
        return Ok(Report { version, ..Report::default() });
    }
    owner::assume(connection)?;
    ledger::complete(connection, &before, pool.all())?;
    let retry_policy = &mut RetryPolicy::new(pool, watcher);
    let (steps, catalog) = if down.iter().all(apply::fits_a_transaction) {
        let last = down.first().copied();
        let (steps, catalog) = retry_policy.attempt(observer, |monitor, observer| {
            let uncommitted = |source| match last {
                Some(migration) => Error::Bookkeeping { migration, direction: Direction::Up, what: "COMMIT", source },
                None => Error::Server(source),
            };
            owner::work_as_owner(connection, |connection| {
                apply::transaction(connection, |connection| {
                    let done = at_once(connection, monitor, pool, &before, &down, observer)?;
                    monitor.execute(connection, "COMMIT", observer).map_err(uncommitted)?;
                    Ok(done)
                })
            })
        })?;
        // Not before the commit, which is one for all.
        for step in &steps {
            observer.on(&Event::Finished { step });
        }
        (steps, catalog)
    } else {
        let up: Vec<_> = down.iter().rev().copied().collect();
        let mut steps = apply::each(connection, retry_policy, &down, Direction::Down, observer)?;
        steps.extend(apply::each(connection, retry_policy, &up, Direction::Up, observer)?);
        let catalog = verify::now(connection, pool)?;
        let catalog = run::refuse_drift(catalog, steps.len())?;
        (steps, catalog)
    };
    Ok(Report { steps, version, catalog })
}

/// All of it in the transaction that is open.
fn at_once(
    connection: &mut Connection,
    monitor: &mut LockMonitor<'_>,
    pool: &Pool,
    before: &Status,
    down: &[Migration],
    observer: &mut dyn Observer,
) -> Result<(Vec<Step>, Comparison), Error> {
    let catalog = catalog::read(connection)?;
    let session = Session::of(connection)?;
    let up: Vec<_> = down.iter().rev().copied().collect();
    let mut steps = Vec::with_capacity(2 * down.len());
    for (migrations, direction) in [(down, Direction::Down), (&up, Direction::Up)] {
        observer.on(&Event::Planned { migrations, direction });
        for migration in migrations {
            apply::stop_if_wanted(observer, 0, 2 * down.len())?;
            steps.push(apply::one(connection, &session, monitor, migration, direction, observer)?);
            session.put_back_as_if_committed(connection).map_err(|source| Error::Bookkeeping {
                migration: *migration,
                direction,
                what: "COMMIT",
                source,
            })?;
        }
    }
    if down.iter().any(|migration| before.edited.contains(migration)) {
        return Ok((steps, verify::now(connection, pool)?));
    }
    let facts = catalog::facts(connection, Scope::CurrentSchema, None)?;
    let stated = Stated::by(pool.migrations(), pool.allowed_drift());
    match verify::of_drift(Drift::of(before.version(), &catalog, &facts, Scope::CurrentSchema, &stated)) {
        Comparison::Drift(drift) => Err(Error::RedoneOtherwise { drift }),
        catalog => Ok((steps, catalog)),
    }
}

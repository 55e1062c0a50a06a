//! Reverts the newest migrations and applies them again.

use crate::migrate::commands::apply::{self, Report};
use crate::migrate::commands::revert::{self, Revert};
use crate::migrate::commands::run;
use crate::migrate::error::Error;
use crate::migrate::model::drift::Drift;
use crate::migrate::model::migration::Migration;
use crate::migrate::model::step::{Direction, Step};
use crate::migrate::observer::{Event, Observer};
use crate::migrate::session::lock::{self, RunnerLock};
use crate::migrate::session::lock_monitor::LockMonitor;
use crate::migrate::session::pool::Pool;
use crate::migrate::session::restore::Session;
use crate::migrate::session::retry_policy::RetryPolicy;
use crate::migrate::session::transaction::transaction;
use crate::migrate::sql::libpq::Connection;
use crate::migrate::state::catalog::{self, Scope};
use crate::migrate::state::compare::{self, Comparison};
use crate::migrate::state::extras::Extras;
use crate::migrate::state::stated::Stated;
use crate::migrate::state::status::{self, Status};
use crate::migrate::state::{ledger, owner};

/// Undoes the newest migrations and applies them again.
///
/// When each of them may run in a transaction, all of it is one: it succeeds and ends at the catalog where it began, or
/// changes nothing. An index of a migration that opts out is built and dropped without CONCURRENTLY for that, so that writers
/// wait. Only where one of them was edited since it was applied, it ends at another: that is how an edit is
/// tried. With one that cannot be in a transaction it is carried out step by step, and an error leaves what was done before it.
///
/// Privileges, places in publications and subscriptions and what was tuned go with the tables that are made anew, and extensions
/// that migrations made come into the current schema; [`Report::lost`] lists what gives that back.
///
/// # Errors
///
/// Those of [`revert`](revert::revert); [`Error::Interrupted`] changes nothing either where it is one transaction;
/// [`Error::RedoneOtherwise`] when it would end at another catalog, in which case nothing was changed.
pub fn redo(pool: &Pool, extent: &Revert, observer: &mut dyn Observer) -> Result<Report, Error> {
    let RunnerLock { connection, monitor_session } = &mut lock::acquire(pool, pool.get()?, observer)?;
    run::refuse_encoding(connection)?;
    let before = status::read(connection, pool.migrations(), pool.own())?;
    let version = before.applied.last().map(|applied| applied.version.clone());
    let down = revert::chosen(connection, &before, extent, pool)?;
    if down.is_empty() {
        return Ok(Report { version, ..Report::default() });
    }
    owner::assume(connection)?;
    ledger::complete(connection, &before, pool.all())?;
    let retry_policy = &mut RetryPolicy::new(pool, monitor_session);
    let planned = (0, 2 * down.len());
    let (steps, catalog, extras) = if down.iter().all(apply::fits_a_transaction) {
        let last = down.first().copied();
        let (steps, catalog, extras) = retry_policy.attempt(observer, planned, |monitor, observer| {
            let uncommitted = |source| match last {
                Some(migration) => Error::Bookkeeping { migration, direction: Direction::Up, what: "COMMIT", source },
                None => Error::Server(source),
            };
            owner::assume(connection)?;
            transaction(connection, |connection| {
                let done = at_once(connection, monitor, pool, &before, &down, observer)?;
                monitor.execute(connection, "COMMIT", observer).map_err(uncommitted)?;
                Ok(done)
            })
        })?;
        // Not before the commit, which is one for all.
        for step in &steps {
            observer.on(&Event::Finished { step });
        }
        (steps, catalog, extras)
    } else {
        let up: Vec<_> = down.iter().rev().copied().collect();
        let extras = retry_policy.attempt(observer, planned, |_, _| Ok(Extras::of(connection)?))?;
        let mut steps = apply::each(connection, retry_policy, &down, Direction::Down, observer)?;
        steps.extend(apply::each(connection, retry_policy, &up, Direction::Up, observer)?);
        let catalog = compare::now(connection, pool)?;
        let catalog = run::refuse_drift(catalog, steps.len())?;
        (steps, catalog, extras)
    };
    let is_edited = down.iter().any(|migration| before.edited.contains(migration));
    let lost = extras.lost(connection, &Stated::by(pool.migrations(), pool.allowed_drift()), is_edited);
    Ok(Report { steps, version, catalog, lost })
}

/// All of it in the transaction that is open.
fn at_once(
    connection: &mut Connection,
    monitor: &mut LockMonitor<'_>,
    pool: &Pool,
    before: &Status,
    down: &[Migration],
    observer: &mut dyn Observer,
) -> Result<(Vec<Step>, Comparison, Extras), Error> {
    let extras = Extras::of(connection)?;
    let session = Session::of(connection)?;
    let up: Vec<_> = down.iter().rev().copied().collect();
    let mut steps = Vec::with_capacity(2 * down.len());
    for (migrations, direction) in [(down, Direction::Down), (&up, Direction::Up)] {
        observer.on(&Event::Planned { migrations, direction });
        for migration in migrations {
            observer.stop_if_wanted(0, 2 * down.len())?;
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
        return Ok((steps, compare::now(connection, pool)?, extras));
    }
    let facts = catalog::facts(connection, Scope::CurrentSchema, || None)?;
    let stated = Stated::by(pool.migrations(), pool.allowed_drift());
    match compare::of_drift(Drift::of(before.version(), &extras.catalog, &facts, Scope::CurrentSchema, &stated)) {
        Comparison::Drift(drift) => Err(Error::RedoneOtherwise { drift }),
        catalog => Ok((steps, catalog, extras)),
    }
}

//! Decides what `redo` does: undo the newest and apply them again, to end where it began.

use super::apply::{self, Direction, Report};
use super::patience::Patience;
use super::{Error, Event, Observer, Pool, Revert, lock, revert, status};

/// Undoes the newest migrations and applies them again.
///
/// When each of them may run in a transaction, all of it is one: it succeeds, or changes nothing. One that opts out
/// is carried out step by step, and an error leaves what was done before it.
///
/// # Errors
///
/// Those of [`revert`](revert::revert); [`Error::Interrupted`] changes nothing either where it is one transaction.
pub fn redo(pool: &Pool, extent: &Revert, observer: &mut dyn Observer) -> Result<Report, Error> {
    let connection = &mut *pool.get()?;
    let mut lock = lock::acquire(pool, observer)?;
    let before = status::read(connection, pool.migrations())?;
    let version = before.applied.last().map(|applied| applied.version.clone());
    let down = revert::chosen(&before, extent, pool.migrations())?;
    let up: Vec<_> = down.iter().rev().copied().collect();
    if down.is_empty() {
        return Ok(Report { steps: Vec::new(), version });
    }
    let patience = &mut Patience::new(pool, &mut lock);
    if !down.iter().all(|migration| migration.run_in_transaction) {
        let mut steps = apply::each(connection, patience, &down, Direction::Down, observer)?;
        steps.extend(apply::each(connection, patience, &up, Direction::Up, observer)?);
        return Ok(Report { steps, version });
    }
    let steps = patience.attempt(observer, |watch, observer| {
        let last = up.last().copied();
        let uncommitted = |source| match last {
            Some(migration) => Error::Unrecorded { migration, direction: Direction::Up, what: "COMMIT", source },
            None => Error::Server(source),
        };
        apply::transaction(connection, uncommitted, |connection| {
            let mut steps = Vec::with_capacity(2 * down.len());
            for (migrations, direction) in [(&down, Direction::Down), (&up, Direction::Up)] {
                observer.on(&Event::Planned { migrations, direction });
                for migration in migrations {
                    apply::stop_if_wanted(observer, 0, 2 * down.len())?;
                    steps.push(apply::one(connection, watch, migration, direction, observer)?);
                }
            }
            Ok(steps)
        })
    })?;
    // Not before the commit, which is one for all.
    for step in &steps {
        observer.on(&Event::Finished { step });
    }
    Ok(Report { steps, version })
}

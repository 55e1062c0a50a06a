//! Decides what `redo` does: undo the newest and apply them again, to end where it began.

use super::apply::{self, Direction, Report};
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
    let _lock = lock::acquire(pool, observer)?;
    let before = status::read(connection, pool.migrations())?;
    let version = before.applied.last().map(|applied| applied.version.clone());
    let down = revert::chosen(&before, extent, pool.migrations())?;
    let up: Vec<_> = down.iter().rev().copied().collect();
    if down.is_empty() {
        return Ok(Report { steps: Vec::new(), version });
    }
    if !down.iter().all(|migration| migration.run_in_transaction) {
        let mut steps = apply::each(connection, &down, Direction::Down, observer)?;
        steps.extend(apply::each(connection, &up, Direction::Up, observer)?);
        return Ok(Report { steps, version });
    }
    let steps = apply::transaction(connection, |connection| {
        let mut steps = Vec::with_capacity(2 * down.len());
        for (migrations, direction) in [(&down, Direction::Down), (&up, Direction::Up)] {
            observer.on(&Event::Planned { migrations, direction });
            for migration in migrations {
                apply::stop_if_wanted(observer, 0, 2 * down.len())?;
                let step = apply::one(connection, migration, direction, observer)?;
                observer.on(&Event::Finished { step: &step });
                steps.push(step);
            }
        }
        Ok(steps)
    })?;
    Ok(Report { steps, version })
}

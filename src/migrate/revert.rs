//! Decides what `revert` does: undo what is applied, newest first.

use super::apply::{self, Direction, Report};
use super::libpq::Connection;
use super::lock::Turn;
use super::patience::Patience;
use super::{Error, Migration, Observer, Pool, Status, ledger, lock, run, source, status, verify};

/// How much to undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revert {
    /// The newest so many; more than there are means all.
    Newest(usize),
    /// Everything newer than this version, which itself stays.
    DownTo(String),
    /// Everything.
    All,
}

/// Undoes migrations, newest first, each in a transaction of its own unless it opts out. One that is not embedded here is
/// undone by the `down.sql` that the ledger has kept.
///
/// # Errors
///
/// [`Error::UnknownVersion`] for a version that is not embedded here; [`Error::NotEmbedded`] when the `down.sql` of one
/// to undo is neither embedded nor in the ledger, in which case nothing is undone; [`Error::Statement`] when one fails;
/// [`Error::Blocked`] when one did not get a lock, as often as it tried; [`Error::Interrupted`] when the observer stops
/// it between two; [`Error::Drift`] when all of it was undone, and the catalog is not that of the version before.
pub fn revert(pool: &Pool, extent: &Revert, observer: &mut dyn Observer) -> Result<Report, Error> {
    let Turn { connection, watcher } = &mut lock::acquire(pool, pool.get()?, observer)?;
    let before = status::read(connection, pool.migrations())?;
    let migrations = chosen(connection, &before, extent, pool.migrations())?;
    let left = before.applied.len() - migrations.len();
    let version = before.applied.iter().take(left).next_back().map(|applied| applied.version.clone());
    if migrations.is_empty() {
        return Ok(Report { version, ..Report::default() });
    }
    ledger::complete(connection, &before, pool.migrations())?;
    let steps = apply::each(connection, &mut Patience::new(pool, watcher), &migrations, Direction::Down, observer)?;
    let catalog = run::refuse_drift(verify::unless_locked(verify::now(connection, pool.migrations()))?, steps.len())?;
    Ok(Report { steps, version, catalog })
}

/// The migrations to undo, newest first, or an error that names those whose SQL is not known here.
pub(super) fn chosen(
    connection: &mut Connection,
    status: &Status,
    extent: &Revert,
    all: &[Migration],
) -> Result<Vec<Migration>, Error> {
    let keep = match extent {
        Revert::DownTo(version) => Some(source::find(all, version)?),
        Revert::Newest(_) | Revert::All => None,
    };
    let count = if let Revert::Newest(count) = extent { *count } else { usize::MAX };
    let kept = ledger::kept(connection, status)?;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for applied in status.applied.iter().rev().take(count) {
        if keep.is_some_and(|keep| applied.version.as_str() <= keep.version.as_str()) {
            break;
        }
        match all.iter().chain(&kept).find(|migration| migration.version.as_str() == applied.version) {
            Some(migration) => known.push(*migration),
            None => unknown.push(applied.version.clone()),
        }
    }
    if unknown.is_empty() { Ok(known) } else { Err(Error::NotEmbedded { versions: unknown }) }
}

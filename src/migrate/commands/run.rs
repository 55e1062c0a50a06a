//! Applies what is pending, in order, to a database that is what it should be.

use crate::migrate::commands::apply::{self, Report};
use crate::migrate::commands::backup::{self, BackupOptions};
use crate::migrate::error::Error;
use crate::migrate::model::interrupted::Interrupted;
use crate::migrate::model::migration::{Migration, Owner};
use crate::migrate::model::step::Direction;
use crate::migrate::observer::Observer;
use crate::migrate::session::lock::{self, RunnerLock};
use crate::migrate::session::lock_monitor::LockMonitor;
use crate::migrate::session::pool::Pool;
use crate::migrate::session::retry_policy::RetryPolicy;
use crate::migrate::source::embedded;
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::state::compare::{self, Comparison};
use crate::migrate::state::status::{self, Status};
use crate::migrate::state::{history, ledger, owner, replicated, resume};

/// What to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// The last version to apply, with or without dashes, or the whole name of a migration. `None`: the newest. With one
    /// of this crate's, nothing of the service's own is applied; with one of the service's, everything of this crate's is.
    pub to: Option<String>,
    /// Go on although the database has versions that are not embedded here.
    pub allow_ahead: bool,
    /// Go on although the catalog is not what it should be, or an applied migration was edited.
    pub allow_drift: bool,
    /// A backup to take first, when there is something to apply.
    pub backup: Option<BackupOptions>,
}

/// Applies what is pending, in order, each migration in a transaction of its own unless it opts out: this crate's, and
/// then the service's own, where the pool [has some](Pool::also).
///
/// The catalog is compared before and after with the one of the version that the database is at, where it is at one.
/// What another tool applied is added to the ledger.
///
/// With nothing to do it takes one connection of the pool and three round trips, and compares no catalog, unless its history is
/// replicated from another server. Otherwise it
/// holds the lock on another, so that runners take turns, and none applies what another just did.
///
/// # Errors
///
/// [`Error::Ahead`] when the database has versions of this crate's that are not embedded here; [`Error::VersionTaken`] when
/// the version of one of the service's is in the history as another's; [`Error::UnknownVersion`] for a `to`
/// that is not; [`Error::Edited`] when an applied migration has another text now; [`Error::Drift`] when the catalog
/// is not what it should be, either before anything was done, or afterwards; [`Error::ReplicatedHistory`] when it is not,
/// and the history is replicated from another server; [`Error::NotOwner`] when what it makes would not belong to the owner
/// of the history; [`Error::Backup`] when there is no backup,
/// before anything is changed; [`Error::Statement`] when a migration fails, in which case those before it stay applied
/// and its own transaction is rolled back; [`Error::Blocked`] when it did not get a lock, as often as it tried;
/// [`Error::Interrupted`] when the observer stops it between two migrations; [`Error::Locked`] when another runner is
/// not done in time.
pub fn run(pool: &Pool, options: &RunOptions, observer: &mut dyn Observer) -> Result<Report, Error> {
    let migrations = pool.migrations();
    let mut connection = pool.get()?;
    refuse_encoding(&connection)?;
    let found = status::read(&mut connection, migrations, pool.own())?;
    // Only who has something to do takes its turn; and once it has it, another runner may have done it.
    if wanted(pool, &found, options)?.is_empty() && !found.can_be_completed(pool.all()) {
        refuse(&found, options)?;
        return nothing_to_do(&mut connection, &found, pool, options);
    }
    let RunnerLock { connection, monitor_session } = &mut lock::acquire(pool, connection, observer)?;
    let before = status::read(connection, migrations, pool.own())?;
    refuse(&before, options)?;
    let pending = wanted(pool, &before, options)?;
    if pending.is_empty() {
        if before.can_be_completed(pool.all()) {
            owner::assume_if_allowed(connection)?;
            ledger::complete(connection, &before, pool.all())?;
        }
        return nothing_to_do(connection, &before, pool, options);
    }
    let ours = pending.iter().filter(|migration| migration.owner == Owner::Messenger);
    let newest = ours.map(|migration| migration.version.to_string()).max();
    let version = before.version().map(ToOwned::to_owned).max(newest);
    owner::assume(connection)?;
    let mut retry_policy = RetryPolicy::new(pool, monitor_session);
    if !options.allow_drift && !is_begun(connection, &pending)? {
        let compare = |_: &mut LockMonitor<'_>, _: &mut dyn Observer| compare::now(connection, pool);
        refuse_drift(retry_policy.attempt(observer, (0, pending.len()), compare)?, 0)?;
    }
    if let Some(options) = &options.backup {
        // Under the lock: nobody migrates between the two.
        refuse_read_only(connection)?;
        backup::take(pool, &before.target, options, observer)?;
    }
    history::create(connection)?;
    ledger::complete(connection, &before, pool.all())?;
    let tables = replicated::tables(connection, migrations)?;
    let steps = apply::each(connection, &mut retry_policy, &pending, Direction::Up, observer)?;
    // What was done is done, whether or not it can be looked at now.
    let _ = replicated::warn_of_left_out(connection, &tables, migrations, observer);
    let mut catalog = compare::unless_locked(compare::now(connection, pool))?;
    if !options.allow_drift {
        catalog = refuse_drift(catalog, steps.len())?;
    }
    Ok(Report { steps, version, catalog, ..Report::default() })
}

/// What is to be applied, in order.
pub(crate) fn wanted(pool: &Pool, status: &Status, options: &RunOptions) -> Result<Vec<Migration>, Error> {
    let all: Vec<_> = pool.all().copied().collect();
    let last = options.to.as_deref().map(|to| embedded::find(&all, to)).transpose()?;
    let place = |wanted: &Migration| all.iter().position(|migration| migration == wanted);
    let is_wanted = |migration: &Migration| last.is_none_or(|last| place(migration) <= place(&last));
    Ok(status.pending.iter().copied().filter(is_wanted).collect())
}

/// Why not to begin, where there is a reason.
pub(crate) fn refuse(status: &Status, options: &RunOptions) -> Result<(), Error> {
    // Whatever is allowed: it would never be applied, and nobody would hear of it.
    refuse_taken(status)?;
    if !options.allow_ahead {
        status.refuse_ahead()?;
    }
    if !options.allow_drift && !status.edited.is_empty() {
        return Err(Error::Edited { migrations: status.edited.clone() });
    }
    Ok(())
}

/// The report when everything is applied. To look at the catalog would take longer than everything else together, so that
/// is left out, unless the history is another's.
fn nothing_to_do(
    connection: &mut Connection,
    status: &Status,
    pool: &Pool,
    options: &RunOptions,
) -> Result<Report, Error> {
    let mut report = Report { version: status.version().map(ToOwned::to_owned), ..Report::default() };
    if let Some(subscription) = replicated::find(connection)? {
        report.catalog = compare::unless_locked(compare::now(connection, pool))?;
        if !options.allow_drift
            && let Comparison::Drift(drift) = report.catalog
        {
            return Err(Error::ReplicatedHistory { subscription, drift });
        }
    }
    Ok(report)
}

/// Whether the first of these was begun before, outside a transaction, and cut short: what it left is no drift. Whatever
/// else differs is found when all are applied.
pub(crate) fn is_begun(connection: &mut Connection, pending: &[Migration]) -> Result<bool, Error> {
    let Some(first) = pending.first().filter(|first| !first.run_in_transaction) else { return Ok(false) };
    Ok(resume::find(connection, first.up)? != Interrupted::Nothing)
}

/// The lengths that the constraints check are characters, which only UTF-8 has for every script.
pub(crate) fn refuse_encoding(connection: &Connection) -> Result<(), Error> {
    match connection.server_parameter(c"server_encoding") {
        Some(encoding) if encoding != "UTF8" => Err(Error::Encoding { encoding }),
        _ => Ok(()),
    }
}

/// A version of the service's that the ledger has as another's, with another text.
fn refuse_taken(status: &Status) -> Result<(), Error> {
    for migration in status.edited.iter().filter(|migration| migration.owner == Owner::Service) {
        let record = status.row(migration).and_then(|row| row.record.as_ref());
        if let Some(record) = record.filter(|record| record.name != migration.name) {
            return Err(Error::VersionTaken { migration: *migration, applied: record.name.clone() });
        }
    }
    Ok(())
}

/// A backup takes long, and would be for nothing where nothing can be changed afterwards.
fn refuse_read_only(connection: &mut Connection) -> Result<(), Error> {
    let rows = connection.execute("SELECT current_setting('transaction_read_only'), pg_is_in_recovery()")?;
    let mut values = rows.into_iter().flatten().map(Option::unwrap_or_default);
    if values.next().as_deref() != Some("on") {
        return Ok(());
    }
    let is_standby = values.next().as_deref() == Some("t");
    let what = if is_standby { "the server is a standby" } else { "default_transaction_read_only is on" };
    Err(ServerError::read_only(&format!("nothing can be changed in a read-only transaction: {what}")).into())
}

/// The comparison, unless it is that of a catalog that is not what it should be.
pub(crate) fn refuse_drift(catalog: Comparison, done: usize) -> Result<Comparison, Error> {
    match catalog {
        Comparison::Drift(drift) => Err(Error::Drift { drift, done }),
        other => Ok(other),
    }
}

//! Carries out one migration, up or down, together with its row in the history.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use crate::migrate::error::Error;
use crate::migrate::model::interrupted::Interrupted;
use crate::migrate::model::migration::Migration;
use crate::migrate::model::place::Place;
use crate::migrate::model::step::{Direction, Step};
use crate::migrate::observer::{Event, Observer};
use crate::migrate::session::lock_monitor::LockMonitor;
use crate::migrate::session::restore::Session;
use crate::migrate::session::retry_policy::RetryPolicy;
use crate::migrate::session::transaction::transaction;
use crate::migrate::sql::libpq::Connection;
use crate::migrate::sql::quote::literal;
use crate::migrate::sql::statements;
use crate::migrate::state::compare::Comparison;
use crate::migrate::state::record::{Applied, Origin};
use crate::migrate::state::{history, ledger, owner, resume};

/// What a command did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Each migration that was carried out, in order.
    pub steps: Vec<Step>,
    /// The newest version that is applied now, if any is.
    pub version: Option<String>,
    /// What the catalog was found to be afterwards.
    pub catalog: Comparison,
    /// What [`redo`](crate::migrate::redo) took from the objects that it made anew, and that no migration states: statements
    /// that give privileges, places in publications and subscriptions and the like back, and what was tuned, as in a catalog.
    pub lost: Vec<String>,
}

/// The SQL for a transaction, or `None` where it cannot be in one.
fn in_a_transaction(direction: Direction, migration: &Migration) -> Option<Cow<'static, str>> {
    let sql = direction.sql(migration);
    if migration.run_in_transaction {
        return Some(Cow::Borrowed(sql));
    }
    statements::without_concurrently(sql).map(Cow::Owned)
}

/// The statements that keep the history and the ledger, for one round trip.
fn bookkeeping(direction: Direction, migration: &Migration, duration: Duration) -> String {
    let (history, ledger) = match direction {
        Direction::Up => {
            let duration = format!("'{} microseconds'", duration.as_micros());
            (history::record(migration.version), ledger::record(migration, Origin::Run, &duration))
        }
        Direction::Down => (history::forget(migration.version), ledger::forget(migration.version)),
    };
    // What a trigger or a rule keeps from being written would be done again by the next run.
    let written = if direction == Direction::Up { "(1, 1)" } else { "(0, 0)" };
    let count =
        |table: &str| format!("(SELECT count(*) FROM {table} WHERE version = {})", literal(migration.version.as_str()));
    let (of_history, of_ledger) = (count("__diesel_schema_migrations"), count("messenger_db_ledger"));
    format!("{history};\n{ledger};\nSELECT WHERE ({of_history}, {of_ledger}) = {written}")
}

/// Carries out migrations in the order given, each in a transaction of its own unless it opts out. One that does not get
/// a lock in time is tried again.
///
/// What was done before an error, or before the observer stopped it, stays done.
pub(crate) fn each(
    connection: &mut Connection,
    retry_policy: &mut RetryPolicy<'_>,
    migrations: &[Migration],
    direction: Direction,
    observer: &mut dyn Observer,
) -> Result<Vec<Step>, Error> {
    observer.on(&Event::Planned { migrations, direction });
    let session = Session::of(connection)?;
    let mut is_changed = false;
    let mut steps = Vec::with_capacity(migrations.len());
    for migration in migrations {
        let attempted = retry_policy.attempt(observer, (steps.len(), migrations.len()), |monitor, observer| {
            if std::mem::replace(&mut is_changed, true) {
                session.put_back(connection)?;
            }
            owner::assume(connection)?;
            if !migration.run_in_transaction {
                return one(connection, &session, monitor, migration, direction, observer);
            }
            let failed = |source| Error::Bookkeeping { migration: *migration, direction, what: "COMMIT", source };
            transaction(connection, |connection| {
                let step = one(connection, &session, monitor, migration, direction, observer)?;
                // Watched: what was deferred may wait for locks, and the commit itself for a standby.
                monitor.execute(connection, "COMMIT", observer).map_err(failed)?;
                Ok(step)
            })
        });
        let step = match attempted {
            Err(error) if is_overtaken(connection, migration, direction, &error) => {
                observer.on(&Event::Overtaken { migration, direction });
                continue;
            }
            attempted => attempted?,
        };
        // Not before the commit, which may fail.
        observer.on(&Event::Finished { step: &step });
        steps.push(step);
    }
    if is_changed {
        session.put_back(connection)?;
    }
    Ok(steps)
}

/// Whether a migration failed because another program, one that takes no turns, was faster: the Diesel CLI, for one.
fn is_overtaken(connection: &mut Connection, migration: &Migration, direction: Direction, error: &Error) -> bool {
    let failed = matches!(error, Error::Statement { .. } | Error::Bookkeeping { .. } | Error::Blocked { .. });
    failed && connection.is_alive() && connection.is_idle() && {
        let is_it = |applied: &Applied| applied.version == migration.version.as_str();
        // Where the history cannot be read, the failure stands.
        history::read(connection).is_ok_and(|history| history.applied.iter().any(is_it) == (direction == Direction::Up))
    }
}

/// Whether one transaction can hold this migration beside others, up and down: it runs in one and says nothing about it, or
/// builds and drops indexes, which can be done without CONCURRENTLY too.
pub(crate) fn fits_a_transaction(migration: &Migration) -> bool {
    let is_about_its_own = |sql: &str| {
        statements::split(sql)
            .iter()
            .any(|statement| statements::keywords(statement.text).take(2).eq(["SET", "TRANSACTION"]))
    };
    [Direction::Up, Direction::Down]
        .iter()
        .all(|direction| in_a_transaction(*direction, migration).is_some_and(|sql| !is_about_its_own(&sql)))
}

/// Carries out one migration and keeps its rows in the history and the ledger, in whatever transaction is open.
///
/// The session is the runner's again before the rows are written; what else the migration left in it is not looked for.
pub(crate) fn one(
    connection: &mut Connection,
    session: &Session,
    monitor: &mut LockMonitor<'_>,
    migration: &Migration,
    direction: Direction,
    observer: &mut dyn Observer,
) -> Result<Step, Error> {
    observer.on(&Event::Started { migration, direction });
    let start = Instant::now();
    let sql = direction.sql(migration);
    let failed = |what| move |source| Error::Bookkeeping { migration: *migration, direction, what, source };
    let interrupted = if connection.is_idle() {
        resume::find(connection, sql).map_err(failed("looking for what an earlier attempt left"))?
    } else {
        Interrupted::Nothing
    };
    if interrupted != Interrupted::Nothing {
        observer.on(&Event::Resumed { migration, interrupted: &interrupted });
    }
    if let Interrupted::Invalid(index) = &interrupted {
        let drop = format!("DROP INDEX CONCURRENTLY {index}");
        monitor.execute(connection, &drop, observer).map_err(failed("dropping the invalid index"))?;
    }
    if interrupted != Interrupted::Done {
        let in_a_transaction = in_a_transaction(direction, migration).filter(|_| !connection.is_idle());
        let form = in_a_transaction.as_deref().unwrap_or(sql);
        let outcome = owner::carry_out(connection, form, |connection, sql| {
            session.send(connection, sql, |connection, sql| monitor.execute(connection, sql, observer))
        });
        for notice in connection.take_notices() {
            observer.on(&Event::Noticed { migration, notice: &notice });
        }
        outcome.map_err(|source| Error::Statement {
            place: Place::of(migration, direction.file(), sql, &source),
            in_transaction: !connection.is_idle(),
            source,
        })?;
        session.put_back_settings(connection).map_err(failed("putting back the session"))?;
    }
    let bookkeeping = bookkeeping(direction, migration, start.elapsed());
    let written = monitor.execute(connection, &bookkeeping, observer).map_err(failed("writing the history"))?;
    if written.is_empty() {
        return Err(history::diverted(connection, migration, direction)?);
    }
    Ok(Step { migration: *migration, direction, duration: start.elapsed() })
}

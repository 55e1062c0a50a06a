//! Decides that two runners never work on one database at once: they take turns, by an advisory lock.
//!
//! The locks are polled, never waited for: a session that blocks in `pg_advisory_lock` holds a snapshot, which an index
//! built concurrently by the holder would wait for in turn.
//!
//! There are two. One belongs to a session that does nothing else, so that the others can tell who is working whatever
//! the work is. The other belongs to the session that works: when a runner is killed, the server goes on with its last
//! statement until it notices, up to a second later, and may even commit; nobody begins before that is over. Both sessions
//! end with the guard, so that a runner that dies or fails leaves no lock behind, in the pool neither.

use std::thread;
use std::time::{Duration, Instant};

use super::libpq::{Connection, ServerError};
use super::pool::Pooled;
use super::{Error, Event, Observer, Pool};

/// The turn of this runner, until it is dropped.
pub(super) struct Turn {
    /// The session to work in.
    pub(super) connection: Pooled,
    /// The session that does nothing, to look around from: for queries that end at once and leave nothing behind.
    pub(super) watcher: Pooled,
}

impl Drop for Turn {
    /// Gives the locks back before the sessions are closed, which the server notices a moment later. A broken session
    /// has lost its lock anyway.
    fn drop(&mut self) {
        for (session, key) in [(&mut self.connection, WORK), (&mut self.watcher, TURN)] {
            let _ = session.execute(&format!("SELECT pg_advisory_unlock({key})"));
        }
    }
}

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The server process of the session that holds it.
    pub pid: String,
    /// What that session calls itself.
    pub application: String,
    /// Since when it is connected, in the server's time zone.
    pub since: String,
}

// Advisory locks are of one database already; the names make them ours.
pub(super) const TURN: &str = "hashtextextended('messenger-db migrations', 0)";
pub(super) const WORK: &str = "hashtextextended('messenger-db migrations, the session that works', 0)";

/// Takes the locks, or waits for them as long as the pool's options say. The connection is the one to work in.
///
/// # Errors
///
/// [`Error::Locked`] names who has one of them when the wait is over; [`Error::Interrupted`] when the observer ends it.
pub(super) fn acquire(pool: &Pool, connection: Pooled, observer: &mut dyn Observer) -> Result<Turn, Error> {
    // In this order: what is dropped gives back both, and giving back what it does not have is only a warning.
    let mut turn = Turn { watcher: pool.get()?, connection };
    turn.watcher.close_after_use();
    turn.connection.close_after_use();
    let deadline = Instant::now() + pool.lock_wait();
    wait_for(&mut turn.watcher, TURN, deadline, pool, observer)?;
    wait_for(&mut turn.connection, WORK, deadline, pool, observer)?;
    Ok(turn)
}

fn wait_for(
    session: &mut Connection,
    key: &str,
    deadline: Instant,
    pool: &Pool,
    observer: &mut dyn Observer,
) -> Result<(), Error> {
    let mut told = None;
    while !try_lock(session, key)? {
        let holder = holder(session, key)?;
        let remaining = deadline.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            return Err(Error::Locked { holder, waited: pool.lock_wait() });
        }
        if observer.wants_to_stop() {
            return Err(Error::Interrupted { done: 0, left: 0 });
        }
        if let Some(holder) = holder.filter(|holder| told.as_ref() != Some(holder)) {
            observer.on(&Event::Queued { holder: &holder, remaining });
            told = Some(holder);
        }
        thread::sleep(remaining.min(Duration::from_millis(100)));
    }
    Ok(())
}

fn try_lock(session: &mut Connection, key: &str) -> Result<bool, ServerError> {
    let rows = session.execute(&format!("SELECT pg_try_advisory_lock({key})"))?;
    Ok(rows.first().and_then(|row| row.first()).and_then(Option::as_deref) == Some("t"))
}

fn holder(session: &mut Connection, key: &str) -> Result<Option<Holder>, ServerError> {
    let rows = session.execute(&format!(
        "SELECT activity.pid, activity.application_name, activity.backend_start::timestamptz(0)
         FROM pg_locks AS held
         INNER JOIN pg_stat_activity AS activity ON activity.pid = held.pid
         WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
             AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND (held.classid::bigint << 32) | held.objid::bigint = {key}"
    ))?;
    Ok(rows.into_iter().next().and_then(|row| {
        let mut values = row.into_iter();
        Some(Holder { pid: values.next()??, application: values.next()??, since: values.next()?? })
    }))
}

//! Decides that two runners never work on one database at once: they take turns, by an advisory lock.
//!
//! The lock is polled, never waited for: a session that blocks in `pg_advisory_lock` holds a snapshot, which an index
//! built concurrently by the holder would wait for in turn. It belongs to a session of its own that is closed with
//! the guard, so that a runner that dies or fails leaves no lock behind, in the pool neither.

use std::thread;
use std::time::{Duration, Instant};

use super::libpq::{Connection, ServerError};
use super::pool::Pooled;
use super::{Error, Event, Observer, Pool};

/// The lock, until it is dropped.
pub(super) struct Lock {
    session: Pooled,
}

impl Drop for Lock {
    /// Gives it back before the session is closed, which the server notices a moment later. A broken session has lost
    /// it anyway.
    fn drop(&mut self) {
        let _ = self.session.execute(&format!("SELECT pg_advisory_unlock({KEY})"));
    }
}

impl Lock {
    /// The session that holds it, to look around from: for queries that end at once and leave nothing behind.
    pub(super) fn session(&mut self) -> &mut Connection {
        &mut self.session
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

// Advisory locks are of one database already; the name makes it one of ours.
const KEY: &str = "hashtextextended('messenger-db migrations', 0)";

/// Takes the lock, or waits for it as long as the pool's options say.
///
/// # Errors
///
/// [`Error::Locked`] names who has it when the wait is over; [`Error::Interrupted`] when the observer ends it.
pub(super) fn acquire(pool: &Pool, observer: &mut dyn Observer) -> Result<Lock, Error> {
    let mut session = pool.get()?;
    session.close_after_use();
    let deadline = Instant::now() + pool.lock_wait();
    let mut told = None;
    while !try_lock(&mut session)? {
        let holder = holder(&mut session)?;
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
    Ok(Lock { session })
}

fn try_lock(session: &mut Connection) -> Result<bool, ServerError> {
    let rows = session.execute(&format!("SELECT pg_try_advisory_lock({KEY})"))?;
    Ok(rows.first().and_then(|row| row.first()).and_then(Option::as_deref) == Some("t"))
}

fn holder(session: &mut Connection) -> Result<Option<Holder>, ServerError> {
    let rows = session.execute(&format!(
        "SELECT activity.pid, activity.application_name, activity.backend_start::timestamptz(0)
         FROM pg_locks AS held
         INNER JOIN pg_stat_activity AS activity ON activity.pid = held.pid
         WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
             AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND (held.classid::bigint << 32) | held.objid::bigint = {KEY}"
    ))?;
    Ok(rows.into_iter().next().and_then(|row| {
        let mut values = row.into_iter();
        Some(Holder { pid: values.next()??, application: values.next()??, since: values.next()?? })
    }))
}

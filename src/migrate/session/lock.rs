//! The lock of the runners: one at a time on a database, and nobody without the right to migrate in their way.
//!
//! It is made of advisory locks, which are polled, never waited for: a session that blocks in `pg_advisory_lock` holds a
//! snapshot, which an index built concurrently by the holder would wait for in guard. A lock on a table or a row would need
//! a transaction that stays open, would be in the way of `VACUUM`, of `ALTER TABLE` and of `roles`, and an empty database
//! has no table to lock.
//!
//! Two sessions hold it. One does nothing else, so that the others can tell who is working whatever the work is. The
//! other works: when a runner is killed, the server goes on with its last statement until it notices, up to a second
//! later, and may even commit; a new runner waits for that. Both sessions end with the guard, so that a runner that
//! dies or fails leaves no lock behind, in the pool neither.
//!
//! Anybody who may connect can take an advisory lock, under any key. So each session has two. One is under a key that
//! every release and the script of `plan` take, so that they exclude each other. The other, the mark, is under a key that
//! nobody can foresee, and so nobody can hold it before. A runner that finds the known key taken looks whose it is. The
//! lock of a role that may not migrate is passed over; of a role that may, it is waited for. Two that pass over one at the
//! same time see each other's marks, because each looks after it has set its own, and both step back and try again. Which
//! role a session has logged in as, and which locks it holds, the server tells everybody.

use std::thread;
use std::time::{Duration, Instant};

use crate::migrate::error::Error;
use crate::migrate::model::holder::Holder;
use crate::migrate::observer::{Event, Observer};
use crate::migrate::session::manager::Pooled;
use crate::migrate::session::pool::Pool;
use crate::migrate::session::remarks;
use crate::migrate::sql::libpq::{Connection, ServerError};

/// The lock of this runner, until it is dropped.
pub(crate) struct RunnerLock {
    /// The session to work in.
    pub(crate) connection: Pooled,
    /// The session that does nothing, to look around from: for queries that end at once and leave nothing behind.
    pub(crate) monitor_session: Pooled,
}

impl RunnerLock {
    fn sessions(&mut self) -> [&mut Connection; 2] {
        [&mut self.connection, &mut self.monitor_session]
    }

    /// Gives back every lock. A broken session has lost its locks anyway.
    fn release(&mut self) {
        for session in self.sessions() {
            let _ = session.execute("SELECT pg_advisory_unlock_all()");
        }
    }
}

impl Drop for RunnerLock {
    /// Gives the locks back before the sessions are closed, which the server notices a moment later.
    fn drop(&mut self) {
        self.release();
    }
}

// Advisory locks are of one database already; the names make them ours.
const LOCK: &str = "hashtextextended('messenger-db migrations', 0)";
const WORK: &str = "hashtextextended('messenger-db migrations, the session that works', 0)";

/// The key of a mark: a half that is always the same, and one that nobody can foresee.
const MARK: &str = "hashtext('messenger-db migrations, a runner'), (random() * 2147483647)::integer";

/// The half that is always the same, as `pg_locks` shows it.
const MARKS: &str = "hashtext('messenger-db migrations, a runner')::bigint & 4294967295";

/// One of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// Of the session that does nothing else.
    Lock,
    /// Of the session that works.
    Work,
    /// Of a mark, of either.
    Mark,
}

/// Takes the locks, or waits for them as long as the pool's options say. The connection is the one to work in.
///
/// # Errors
///
/// [`Error::Locked`] names who has one of them when the wait is over; [`Error::Interrupted`] when the observer ends it.
pub(crate) fn acquire(pool: &Pool, connection: Pooled, observer: &mut dyn Observer) -> Result<RunnerLock, Error> {
    // In this order: what is dropped gives back both.
    let mut guard = RunnerLock { monitor_session: pool.get()?, connection };
    guard.monitor_session.close_after_use();
    guard.connection.close_after_use();
    let deadline = Instant::now() + pool.lock_wait();
    let mut told = None;
    loop {
        let holder = match attempt(&mut guard)? {
            Attempt::Alone => break,
            Attempt::PassedOver(strangers) => {
                for holder in &strangers {
                    observer.on(&Event::PassedOver { holder });
                }
                break;
            }
            Attempt::Taken(holder) => holder,
        };
        guard.release();
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
        thread::sleep(remaining.min(pause()));
    }
    remarks::tell(&mut guard.connection, observer)?;
    Ok(guard)
}

/// How one attempt ended.
enum Attempt {
    /// With all the locks.
    Alone,
    /// With all but those that somebody holds who may not migrate.
    PassedOver(Vec<Holder>),
    /// Somebody else has one of them; `None` when nobody was there any more to be seen.
    Taken(Option<Holder>),
}

/// Tries once. What it has taken when it fails is for the caller to give back.
fn attempt(guard: &mut RunnerLock) -> Result<Attempt, Error> {
    let mut ours = Vec::new();
    let mut strangers = Vec::new();
    for key in [Key::Lock, Key::Work] {
        let session = if key == Key::Lock { &mut guard.monitor_session } else { &mut guard.connection };
        let (mut is_marked, process) = take(session, key)?;
        ours.push(process);
        if is_marked.is_none() {
            let mut others = others(session, &ours)?;
            if let Some(index) = others.iter().position(|other| other.may_migrate) {
                return Ok(Attempt::Taken(Some(others.swap_remove(index).holder)));
            }
            others.retain(|other| other.key == key);
            if !others.is_empty() {
                is_marked = Some(mark(session)?);
                strangers.extend(others.into_iter().map(|other| other.holder));
            }
        }
        if is_marked != Some(true) {
            return Ok(Attempt::Taken(None));
        }
    }
    // Whoever passes over somebody has set its mark before it looks; so does this.
    if let Some(other) = others(&mut guard.monitor_session, &ours)?.into_iter().find(|other| other.may_migrate) {
        return Ok(Attempt::Taken(Some(other.holder)));
    }
    Ok(if strangers.is_empty() { Attempt::Alone } else { Attempt::PassedOver(strangers) })
}

/// Takes the lock of a key, and then the mark. Whether it has the mark, `None` when it did not get the lock; and the
/// server process of the session, which a pooler tells in no other way.
fn take(session: &mut Connection, key: Key) -> Result<(Option<bool>, String), ServerError> {
    let key = if key == Key::Lock { LOCK } else { WORK };
    let rows = session.execute(&format!(
        "SELECT CASE WHEN pg_try_advisory_lock({key}) THEN pg_try_advisory_lock({MARK}) END, pg_backend_pid()"
    ))?;
    let mut values = rows.into_iter().flatten();
    let is_marked = values.next().flatten().map(|marked| marked == "t");
    Ok((is_marked, values.next().flatten().unwrap_or_default()))
}

/// Takes the mark alone.
fn mark(session: &mut Connection) -> Result<bool, ServerError> {
    let rows = session.execute(&format!("SELECT pg_try_advisory_lock({MARK})"))?;
    Ok(rows.into_iter().flatten().next().flatten().as_deref() == Some("t"))
}

/// Between half of the pause between two attempts and all of it: two that step back from each other must not meet again.
fn pause() -> Duration {
    const LONGEST: Duration = Duration::from_millis(150);
    let mut random = [u8::MAX];
    // Without random numbers they meet again, until one of them gives up.
    let _ = getrandom::fill(&mut random);
    LONGEST / 2 + LONGEST / 2 * u32::from(random[0]) / u32::from(u8::MAX)
}

/// Somebody who holds one of the locks.
struct Other {
    holder: Holder,
    /// Which.
    key: Key,
    /// Whether its role may write to the history, or where there is none yet, may make it: then it may be a runner.
    may_migrate: bool,
}

/// Who holds one of the locks, but for these processes.
fn others(session: &mut Connection, ours: &[String]) -> Result<Vec<Other>, ServerError> {
    let rows = session.execute(&holders(&ours.join(", ")))?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let mut values = row.into_iter();
            let holder = Holder {
                pid: values.next()??,
                application: values.next()??,
                user: values.next()??,
                since: values.next()?,
                prepared: values.next()?,
            };
            let key = match values.next()?.as_deref() {
                Some("lock") => Key::Lock,
                Some("work") => Key::Work,
                _ => Key::Mark,
            };
            Some(Other { holder, key, may_migrate: values.next()?.as_deref() == Some("t") })
        })
        .collect())
}

/// Who migrates just now: who holds one of the locks, and may migrate. A runner holds them in two sessions.
///
/// # Errors
///
/// [`Error::Pool`] without a connection; [`Error::Server`] when the locks cannot be read.
#[cfg(feature = "studio")]
pub(crate) fn runners(pool: &Pool) -> Result<Vec<Holder>, Error> {
    // The number of no process.
    let others = others(&mut *pool.get()?, &["-1".to_owned()])?;
    Ok(others
        .into_iter()
        .filter(|other| other.may_migrate && other.key != Key::Mark)
        .map(|other| other.holder)
        .collect())
}

/// The query for who holds one of the locks, but for these processes: a role counts as one that may migrate when a role
/// that it can become does. A session that has just ended is taken for a runner's; the next look finds it gone.
fn holders(but: &str) -> String {
    format!(
        "WITH history AS (
             SELECT to_regclass(quote_ident(current_schema()) || '.__diesel_schema_migrations') AS oid
         ),
         held AS (
             SELECT coalesce(pid, 0) AS pid, virtualtransaction, CASE
                 WHEN objsubid = 1 AND (classid::bigint << 32) | objid::bigint = {LOCK} THEN 'lock'
                 WHEN objsubid = 1 AND (classid::bigint << 32) | objid::bigint = {WORK} THEN 'work'
                 WHEN objsubid = 2 AND classid::bigint = {MARKS} THEN 'mark'
             END AS key
             FROM pg_locks
             WHERE locktype = 'advisory' AND granted AND coalesce(pid, 0) NOT IN ({but})
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         )
         SELECT held.pid, coalesce(activity.application_name, ''), coalesce(role.rolname, ''),
             coalesce(activity.backend_start, prepared.prepared)::timestamptz(0), prepared.gid, held.key,
             role.oid IS NULL OR EXISTS (
                 SELECT FROM pg_roles AS other
                 WHERE pg_has_role(role.oid, other.oid, 'MEMBER') AND CASE
                     WHEN history.oid IS NOT NULL
                         THEN has_table_privilege(other.oid, history.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                     ELSE coalesce(has_schema_privilege(other.oid, current_schema(), 'CREATE'), true)
                 END
             )
         FROM held
         CROSS JOIN history
         LEFT JOIN pg_stat_activity AS activity ON activity.pid = held.pid
         -- A prepared transaction has no process; it has the lock on its own id.
         LEFT JOIN pg_locks AS own
             ON held.pid = 0 AND own.pid IS NULL AND own.locktype = 'transactionid'
                 AND own.virtualtransaction = held.virtualtransaction
         LEFT JOIN pg_prepared_xacts AS prepared ON prepared.transaction = own.transactionid
         LEFT JOIN pg_roles AS role
             ON role.oid = activity.usesysid OR (held.pid = 0 AND role.rolname = prepared.owner)
         WHERE held.key IS NOT NULL
         ORDER BY held.pid"
    )
}

/// The statement with which a script for psql takes the locks, or says who holds them.
pub(crate) fn for_psql() -> String {
    format!(
        "DO $plan$\nDECLARE\n    holder record;\nBEGIN\n    \
         IF pg_try_advisory_lock({LOCK}) AND pg_try_advisory_lock({WORK}) THEN\n        RETURN;\n    END IF;\n    \
         SELECT pid, usename, application_name INTO holder FROM pg_stat_activity WHERE pid IN (\n        \
         SELECT pid FROM pg_locks\n        \
         WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid <> pg_backend_pid()\n            \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())\n            \
         AND (classid::bigint << 32) | objid::bigint IN ({LOCK}, {WORK})\n    );\n    \
         RAISE EXCEPTION 'another runner works on this database: process % (\"%\", role \"%\")',\n        \
         holder.pid, holder.application_name, holder.usename;\nEND\n$plan$;\n"
    )
}

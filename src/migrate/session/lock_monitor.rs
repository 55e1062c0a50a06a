//! Lock monitor: who blocks the runner's statements, and when to give way although no single wait was too long.

use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use crate::migrate::error::Error;
use crate::migrate::model::blocker::Blocker;
use crate::migrate::observer::{Event, Observer};
use crate::migrate::sql::libpq::{Connection, Rows, ServerError};
use crate::migrate::sql::quote::literal;
use crate::migrate::sql::statements;

/// The SQLSTATEs of a lock timeout, a deadlock and a cancelled statement.
pub(crate) const LOCK_NOT_AVAILABLE: &str = "55P03";
const DEADLOCK_DETECTED: &str = "40P01";
const QUERY_CANCELED: &str = "57014";

/// How long a wait without a limit goes on before somebody is told.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// One attempt to carry out something, seen from another session.
pub(crate) struct LockMonitor<'a> {
    session: &'a mut Connection,
    limit: Duration,
    budget: Duration,
    waited: Duration,
    holds_since: Option<Instant>,
    cancelled: bool,
    is_spent: bool,
    told: Option<String>,
    unconfirmed_since: Option<Instant>,
    has_told_unconfirmed: bool,
    pub(crate) blocker: Option<Blocker>,
}

impl<'a> LockMonitor<'a> {
    /// A watch from that session. Beyond the limit, all waits taken together, a statement is cancelled; zero is none.
    ///
    /// The server's own `lock_timeout` counts for each lock anew: a migration that takes five waits up to five times
    /// as long, while others queue behind the first that it has.
    ///
    /// A statement that works CONCURRENTLY has the whole budget: nobody waits for it while it waits for others, and what it
    /// has built would be lost.
    pub(crate) const fn new(session: &'a mut Connection, limit: Duration, budget: Duration) -> Self {
        Self {
            session,
            limit,
            budget,
            waited: Duration::ZERO,
            holds_since: None,
            cancelled: false,
            is_spent: false,
            told: None,
            unconfirmed_since: None,
            has_told_unconfirmed: false,
            blocker: None,
        }
    }

    /// How long others have been waiting, or would have, for a lock of SHARE or stronger on a table that was there before,
    /// if that is longer than the limit: by more than a quarter and the time that looking takes.
    pub(crate) fn held_too_long(&self) -> Option<Duration> {
        let held = self.holds_since?.elapsed();
        let bearable = self.limit + self.limit / 4 + Duration::from_millis(250);
        (!self.limit.is_zero() && held > bearable).then_some(held)
    }

    /// Whether it has waited for all the time that there was for all attempts together.
    pub(crate) const fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// Carries out `sql` as [`Connection::execute`] does, and looks now and then whether it waits for a lock.
    pub(crate) fn execute(
        &mut self,
        connection: &mut Connection,
        sql: &str,
        observer: &mut dyn Observer,
    ) -> Result<Rows, ServerError> {
        let pid = connection.backend_pid();
        let interval = self.interval();
        let is_concurrent = connection.is_idle() && statements::works_concurrently(sql);
        // Outside a transaction nothing is held while it waits, and a cancelled statement may leave something behind.
        let limit = if is_concurrent {
            connection.execute("SET lock_timeout = 0")?;
            self.budget
        } else if connection.is_idle() {
            Duration::ZERO
        } else {
            self.limit
        };
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let work = move || {
                // Nobody listens any more only when the scope is left by a panic.
                let _ = sender.send(connection.execute(sql));
            };
            if let Err(error) = thread::Builder::new().spawn_scoped(scope, work) {
                return Err(ServerError::of_connection(&format!("no thread to work on: {error}")));
            }
            let mut looked = None;
            loop {
                match receiver.recv_timeout(interval) {
                    Ok(outcome) => return outcome,
                    Err(RecvTimeoutError::Timeout) => {
                        looked = self.look(pid, looked, limit, is_concurrent, observer);
                    }
                    Err(RecvTimeoutError::Disconnected) => {
                        return Err(ServerError::of_connection("the thread that worked on it is gone"));
                    }
                }
            }
        })
    }

    /// An error that this watch has caused, as the lock timeout that it is; any other as it is.
    pub(crate) fn explain(&self, mut error: Error) -> Error {
        if self.cancelled
            && let Some(said) = error.said_mut().filter(|said| said.sqlstate == QUERY_CANCELED)
        {
            LOCK_NOT_AVAILABLE.clone_into(&mut said.sqlstate);
            "canceling statement due to lock timeout, over several locks".clone_into(&mut said.message);
        }
        error
    }

    /// Often enough to see a wait before the server ends it, and seldom enough to be no load.
    fn interval(&self) -> Duration {
        if self.limit.is_zero() { Duration::from_millis(250) } else { self.limit / 8 }
            .clamp(Duration::from_millis(5), Duration::from_millis(100))
    }

    /// Tells once that a commit has been waiting for a synchronous standby for long.
    fn tell_unconfirmed(&mut self, standbys: Option<String>, now: Instant, observer: &mut dyn Observer) {
        let Some(standbys) = standbys else {
            self.unconfirmed_since = None;
            return;
        };
        let since = *self.unconfirmed_since.get_or_insert(now);
        if !self.has_told_unconfirmed && now.duration_since(since) >= WORTH_TELLING {
            observer.on(&Event::Unconfirmed { standbys: &standbys });
            self.has_told_unconfirmed = true;
        }
    }

    /// Looks once. Gives the time if it waits, for the next look to know for how long.
    fn look(
        &mut self,
        pid: i32,
        before: Option<Instant>,
        limit: Duration,
        is_concurrent: bool,
        observer: &mut dyn Observer,
    ) -> Option<Instant> {
        // A watch that sees nothing is no reason to stop what it watches.
        let Seen { holds, standbys, blocker } = seen(self.session, pid).ok()?;
        let now = Instant::now();
        if holds {
            self.holds_since.get_or_insert(now);
        }
        self.tell_unconfirmed(standbys, now, observer);
        let blocker = blocker?;
        self.waited += before.map_or(Duration::ZERO, |before| now.duration_since(before));
        let worth_telling = if self.limit.is_zero() { WORTH_TELLING } else { WORTH_TELLING.min(self.limit) };
        if (self.limit.is_zero() || is_concurrent)
            && self.waited >= worth_telling
            && self.told.as_ref() != Some(&blocker.pid)
        {
            observer.on(&Event::Blocked { blocker: &blocker });
            self.told = Some(blocker.pid.clone());
        }
        if !limit.is_zero() && self.waited >= limit && !self.cancelled {
            self.cancelled = self.session.execute(&format!("SET ROLE NONE; SELECT pg_cancel_backend({pid})")).is_ok();
            self.is_spent |= is_concurrent;
        }
        self.blocker = Some(blocker);
        Some(now)
    }
}

/// What another session sees of a server process.
struct Seen {
    /// Whether it holds a lock that writers wait for, on a table that others can see.
    holds: bool,
    /// The `synchronous_standby_names` of which none has confirmed what it commits, while it waits for that.
    standbys: Option<String>,
    /// The one in its way, if there is one: of several, the one whose transaction is the oldest.
    blocker: Option<Blocker>,
}

/// Whether it failed for a lock, and may succeed when others are done.
pub(crate) fn is_for_a_lock(error: &Error) -> bool {
    error.sqlstate().is_some_and(|sqlstate| [LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED].contains(&sqlstate))
}

/// Looks at a server process. As the role that logged in: another that the session has become, such as by `ALTER ROLE … SET
/// role`, may neither see its own login's other sessions nor cancel what they do.
fn seen(session: &mut Connection, pid: i32) -> Result<Seen, ServerError> {
    let rows = session.execute(&format!(
        "SET ROLE NONE;
         SELECT
             EXISTS (
                 SELECT
                 FROM pg_locks AS held
                 INNER JOIN pg_class AS class ON class.oid = held.relation
                 WHERE held.pid = {pid} AND held.granted AND held.locktype = 'relation'
                     AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                     AND held.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
                     AND class.relkind IN ('r', 'p', 'm')
             ),
             (
                 SELECT current_setting('synchronous_standby_names') FROM pg_stat_activity
                 WHERE pid = {pid} AND wait_event = 'SyncRep'
             ),
             blocker.pid, blocker.application, coalesce(prepared.owner, blocker.user), blocker.state,
             coalesce(prepared.age, blocker.transaction_age), blocker.query_age, prepared.gid
         FROM (VALUES (true)) AS one
         LEFT JOIN LATERAL (
             SELECT blocking.pid, coalesce(activity.application_name, '') AS application,
                 coalesce(activity.usename, '') AS user, activity.state,
                 extract(epoch FROM clock_timestamp() - activity.xact_start) AS transaction_age,
                 extract(epoch FROM clock_timestamp() - activity.query_start) AS query_age
             FROM unnest(pg_blocking_pids({pid})) AS blocking (pid)
             LEFT JOIN pg_stat_activity AS activity ON activity.pid = blocking.pid
             ORDER BY activity.xact_start NULLS LAST
             LIMIT 1
         ) AS blocker ON true
         -- A prepared transaction has no process; it has the lock on its own id.
         LEFT JOIN LATERAL (
             SELECT prepared.gid, prepared.owner, extract(epoch FROM clock_timestamp() - prepared.prepared) AS age
             FROM pg_locks AS wanted
             INNER JOIN pg_locks AS held
                 ON held.granted AND held.pid IS NULL AND held.locktype = wanted.locktype
                     AND (held.database, held.relation, held.transactionid, held.classid, held.objid, held.objsubid)
                         IS NOT DISTINCT FROM
                         (wanted.database, wanted.relation, wanted.transactionid, wanted.classid, wanted.objid, wanted.objsubid)
             INNER JOIN pg_locks AS own
                 ON own.pid IS NULL AND own.locktype = 'transactionid' AND own.virtualtransaction = held.virtualtransaction
             INNER JOIN pg_prepared_xacts AS prepared ON prepared.transaction = own.transactionid
             WHERE blocker.pid = 0 AND wanted.pid = {pid} AND NOT wanted.granted
             ORDER BY prepared.prepared
             LIMIT 1
         ) AS prepared ON true"
    ))?;
    let mut values = rows.into_iter().flatten();
    let holds = values.next().flatten().as_deref() == Some("t");
    let standbys = values.next().flatten();
    Ok(Seen { holds, standbys, blocker: blocker(&mut values) })
}

/// The error of a read that did not get its lock in time, with who has the table.
pub(crate) fn blocked(connection: &mut Connection, tables: Option<&[&str]>, error: Error) -> Error {
    // Without it the error says less.
    let blocker = exclusive_holder(connection, tables).ok().flatten();
    Error::Blocked { blocker, attempts: 1, held: None, source: Box::new(error) }
}

/// Who has a table for himself, so that nobody else can read it: of the current schema's tables of these names, or of all
/// tables.
pub(crate) fn exclusive_holder(
    connection: &mut Connection,
    tables: Option<&[&str]>,
) -> Result<Option<Blocker>, ServerError> {
    let among = tables.map_or_else(String::new, |tables| {
        let names: Vec<_> = tables.iter().map(|name| literal(name)).collect();
        format!(
            "AND class.relname IN ({}) AND class.relnamespace = to_regnamespace(quote_ident(current_schema()))",
            names.join(", ")
        )
    });
    let rows = connection.execute(&format!(
        "SELECT
             coalesce(held.pid, 0), coalesce(activity.application_name, ''),
             coalesce(prepared.owner, activity.usename, ''), activity.state,
             extract(epoch FROM clock_timestamp() - coalesce(prepared.prepared, activity.xact_start)),
             extract(epoch FROM clock_timestamp() - activity.query_start), prepared.gid
         FROM pg_locks AS held
         INNER JOIN pg_class AS class ON class.oid = held.relation
         LEFT JOIN pg_stat_activity AS activity ON activity.pid = held.pid
         LEFT JOIN pg_locks AS own
             ON held.pid IS NULL AND own.pid IS NULL AND own.locktype = 'transactionid'
                 AND own.virtualtransaction = held.virtualtransaction
         LEFT JOIN pg_prepared_xacts AS prepared ON prepared.transaction = own.transactionid
         WHERE held.granted AND held.locktype = 'relation' AND held.mode = 'AccessExclusiveLock'
             AND held.pid IS DISTINCT FROM pg_backend_pid()
             AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND class.relkind IN ('r', 'p', 'm') {among}
         ORDER BY coalesce(prepared.prepared, activity.xact_start) NULLS LAST
         LIMIT 1"
    ))?;
    Ok(blocker(&mut rows.into_iter().flatten()))
}

/// Reads a blocker from the values of a row.
fn blocker(values: &mut impl Iterator<Item = Option<String>>) -> Option<Blocker> {
    let seconds = |text: Option<String>| Duration::try_from_secs_f64(text?.parse().ok()?).ok();
    Some(Blocker {
        pid: values.next()??,
        application: values.next()??,
        user: values.next()??,
        state: values.next()?,
        transaction_age: seconds(values.next()?),
        query_age: seconds(values.next()?),
        prepared: values.next()?,
    })
}

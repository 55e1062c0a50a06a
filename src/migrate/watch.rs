//! Decides what a runner knows of the locks that its statements wait for: who stands in the way, and when to give way
//! although no single wait was too long.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::libpq::{Connection, Rows, ServerError};
use super::{Error, Event, Observer};

/// Who holds a lock that a statement waits for, or waits for it before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// The server process of its session; 0 for a prepared transaction.
    pub pid: String,
    /// What that session calls itself.
    pub application: String,
    /// Its role.
    pub user: String,
    /// What it does, such as `active` or `idle in transaction`. `None`, as what follows: this role may not see it.
    pub state: Option<String>,
    /// How long ago its transaction began.
    pub transaction_age: Option<Duration>,
    /// How long ago its query began: the one that runs, or else the last.
    pub query_age: Option<Duration>,
}

/// The SQLSTATE of a lock that was not to be had in time, of one that two wanted crosswise, and of a statement that
/// somebody cancelled.
pub(super) const LOCK_NOT_AVAILABLE: &str = "55P03";
const DEADLOCK_DETECTED: &str = "40P01";
const QUERY_CANCELED: &str = "57014";

/// How long a wait without a limit goes on before somebody is told.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// One attempt to carry out something, seen from another session.
pub(super) struct Watch<'a> {
    session: &'a mut Connection,
    limit: Duration,
    waited: Duration,
    cancelled: bool,
    told: Option<String>,
    pub(super) blocker: Option<Blocker>,
}

impl<'a> Watch<'a> {
    /// A watch from that session. Beyond the limit, all waits taken together, a statement is cancelled; zero is none.
    ///
    /// The server's own `lock_timeout` counts for each lock anew: a migration that takes five waits up to five times
    /// as long, while others queue behind the first that it has.
    pub(super) const fn new(session: &'a mut Connection, limit: Duration) -> Self {
        Self { session, limit, waited: Duration::ZERO, cancelled: false, told: None, blocker: None }
    }

    /// Carries out `sql` as [`Connection::execute`] does, and looks now and then whether it waits for a lock.
    pub(super) fn execute(
        &mut self,
        connection: &mut Connection,
        sql: &str,
        observer: &mut dyn Observer,
    ) -> Result<Rows, ServerError> {
        let pid = connection.backend_pid();
        let interval = self.interval();
        // Outside a transaction nothing is held while it waits, and a cancelled statement may leave something behind.
        let may_cancel = !connection.is_idle();
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
                    Err(RecvTimeoutError::Timeout) => looked = self.look(pid, looked, may_cancel, observer),
                    Err(RecvTimeoutError::Disconnected) => {
                        return Err(ServerError::of_connection("the thread that worked on it is gone"));
                    }
                }
            }
        })
    }

    /// An error that this watch has caused, as the lock timeout that it is; any other as it is.
    pub(super) fn explain(&self, mut error: Error) -> Error {
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

    /// Looks once. Gives the time if it waits, for the next look to know for how long.
    fn look(
        &mut self,
        pid: i32,
        before: Option<Instant>,
        may_cancel: bool,
        observer: &mut dyn Observer,
    ) -> Option<Instant> {
        // A watch that sees nothing is no reason to stop what it watches.
        let blocker = blocker(self.session, pid).ok().flatten()?;
        let now = Instant::now();
        self.waited += before.map_or(Duration::ZERO, |before| now.duration_since(before));
        if self.limit.is_zero() {
            if self.waited >= WORTH_TELLING && self.told.as_ref() != Some(&blocker.pid) {
                observer.on(&Event::Blocked { blocker: &blocker });
                self.told = Some(blocker.pid.clone());
            }
        } else if self.waited >= self.limit && may_cancel && !self.cancelled {
            self.cancelled = self.session.execute(&format!("SELECT pg_cancel_backend({pid})")).is_ok();
        }
        self.blocker = Some(blocker);
        Some(now)
    }
}

/// Whether it failed for a lock, and may succeed when others are done.
pub(super) fn is_for_a_lock(error: &Error) -> bool {
    error.sqlstate().is_some_and(|sqlstate| [LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED].contains(&sqlstate))
}

/// The one in the way of a server process, if there is one: of several, the one whose transaction is the oldest.
fn blocker(session: &mut Connection, pid: i32) -> Result<Option<Blocker>, ServerError> {
    let rows = session.execute(&format!(
        "SELECT blocking.pid, coalesce(activity.application_name, ''), coalesce(activity.usename, ''), activity.state,
             extract(epoch FROM clock_timestamp() - activity.xact_start),
             extract(epoch FROM clock_timestamp() - activity.query_start)
         FROM unnest(pg_blocking_pids({pid})) AS blocking (pid)
         LEFT JOIN pg_stat_activity AS activity ON activity.pid = blocking.pid
         ORDER BY activity.xact_start NULLS LAST
         LIMIT 1"
    ))?;
    let seconds = |text: Option<String>| Duration::try_from_secs_f64(text?.parse().ok()?).ok();
    Ok(rows.into_iter().next().and_then(|row| {
        let mut values = row.into_iter();
        Some(Blocker {
            pid: values.next()??,
            application: values.next()??,
            user: values.next()??,
            state: values.next()?,
            transaction_age: seconds(values.next()?),
            query_age: seconds(values.next()?),
        })
    }))
}

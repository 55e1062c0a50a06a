//! A session that holds a lock in the runner's way, so that a test can stop the runner in the middle of a migration.

use messenger_db::migrate::for_tests::Connection;

use super::{TestDatabase, server, until};

/// An open transaction; what it holds is let go when it is dropped.
pub struct LockHolder {
    holder: Connection,
    watcher: Connection,
}

impl LockHolder {
    /// Carries out SQL and leaves its transaction open.
    pub fn of(database: &TestDatabase, sql: &str) -> Self {
        let mut holder = database.connect();
        holder.execute("BEGIN").unwrap();
        holder.execute(sql).unwrap();
        Self { holder, watcher: database.connect() }
    }

    /// In the way of the migration that makes this type: another of the same name that is not committed.
    pub fn of_type(database: &TestDatabase, name: &str) -> Self {
        Self::of(database, &format!("CREATE TYPE {name} AS ENUM ()"))
    }

    /// The server process of its session.
    pub fn pid(&self) -> i32 {
        self.holder.backend_pid()
    }

    /// Ends its transaction, so that what it has done is there.
    pub fn commit(mut self) {
        self.holder.execute("COMMIT").unwrap();
    }

    /// Waits until a session waits for it, and gives the process id of that session.
    #[track_caller]
    pub fn blocks(&mut self) -> String {
        let pid = self.holder.backend_pid();
        let here = format!("SELECT pid FROM pg_stat_activity WHERE {pid} = ANY (pg_blocking_pids(pid))");
        // Of what waits on a worker, Citus tells which sessions of the coordinator wait for each other.
        let waiting = if server().workers().is_empty() {
            here
        } else {
            format!(
                "{here} UNION ALL SELECT citus_pid_for_gpid(waiting_gpid) FROM citus_lock_waits \
                 WHERE citus_pid_for_gpid(blocking_gpid) = {pid}"
            )
        };
        let mut pid = None;
        until("somebody waits for the lock", || {
            pid = self.watcher.execute(&waiting).unwrap().into_iter().flatten().next().flatten();
            pid.is_some()
        });
        pid.unwrap()
    }

    /// Waits until a session is no more.
    #[track_caller]
    pub fn sees_gone(&mut self, pid: &str) {
        let query = format!("SELECT FROM pg_stat_activity WHERE pid = {pid}");
        until("the session is gone", || self.watcher.execute(&query).unwrap().is_empty());
    }
}

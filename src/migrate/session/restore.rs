//! Puts a session back to what it was before a migration, so that one migration cannot change the next.
//!
//! Not by `DISCARD ALL`, which no transaction may hold, and which would also take the runner's own settings and locks.

use crate::migrate::sql::libpq::{Connection, Rows, ServerError};
use crate::migrate::sql::statements;

/// What a session was when it was noted: its settings, its role, and the advisory locks that it held.
#[derive(Debug)]
pub(crate) struct Session {
    settings: String,
    release: String,
    /// Whether Citus may have distributed the database.
    has_citus: bool,
}

/// Whatever else outlives a transaction.
const DISCARD: &str = "CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; DISCARD PLANS; DISCARD SEQUENCES; DISCARD TEMP";

/// What was set in this session, the role, and each advisory lock.
const NOTE: &str = "SELECT
    (
        SELECT string_agg(format('pg_catalog.set_config(%L, %L, false)', name, setting), ', ' ORDER BY name)
        FROM pg_catalog.pg_settings
        WHERE source = 'session'
            AND name NOT IN ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable')
    ),
    format('pg_catalog.set_config(''role'', %L, false)', pg_catalog.current_setting('role')),
    (
        SELECT string_agg(format('(%s::bigint, %s::bigint, %s, %L)', classid, objid, objsubid, mode), ', ')
        FROM pg_catalog.pg_locks
        WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid()
    ),
    pg_catalog.to_regclass('pg_dist_partition') IS NOT NULL";

impl Session {
    /// Notes what the session is now.
    pub fn of(connection: &mut Connection) -> Result<Self, ServerError> {
        let mut values = connection.execute(NOTE)?.into_iter().flatten();
        let mut value = || values.next().flatten();
        let (settings, role, locks) = (value(), value(), value());
        let has_citus = value().as_deref() == Some("t");
        let set: Vec<_> = settings.into_iter().chain(role).collect();
        // RESET brings back what the session began with: what the connection string, the role and the database say.
        let settings = format!("RESET SESSION AUTHORIZATION; RESET ALL; SELECT {}", set.join(", "));
        let but = locks.map_or_else(String::new, |locks| {
            format!(" AND (classid::bigint, objid::bigint, objsubid::integer, mode) NOT IN ({locks})")
        });
        // The server shows a key as halves of 32 bits. A lock of the transaction gives false, and goes with it.
        let release = format!(
            "SELECT CASE
                 WHEN objsubid = 1 AND mode = 'ExclusiveLock' THEN pg_catalog.pg_advisory_unlock(key)
                 WHEN objsubid = 1 THEN pg_catalog.pg_advisory_unlock_shared(key)
                 WHEN mode = 'ExclusiveLock' THEN pg_catalog.pg_advisory_unlock(one, two)
                 ELSE pg_catalog.pg_advisory_unlock_shared(one, two)
             END
             FROM pg_catalog.pg_locks
             CROSS JOIN LATERAL (
                 SELECT classid::bigint << 32 | objid::bigint, classid::bigint::bit(32)::integer,
                     objid::bigint::bit(32)::integer
             ) AS keys (key, one, two)
             WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid(){but}"
        );
        Ok(Self { settings, release, has_citus })
    }

    /// Sends the text of a migration: to Citus each statement in a message of its own, because it passes the text of a message
    /// on to its workers, and one shard after the other, because a statement may follow one on a reference table; else all in
    /// one message. An error names its place in the whole text.
    pub fn send(
        &self,
        connection: &mut Connection,
        sql: &str,
        mut work: impl FnMut(&mut Connection, &str) -> Result<Rows, ServerError>,
    ) -> Result<Rows, ServerError> {
        if !self.has_citus {
            return work(connection, sql);
        }
        if !connection.is_idle() {
            connection.execute("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")?;
        }
        let mut rows = Rows::new();
        for (completed, statement) in statements::split(sql).into_iter().enumerate() {
            rows = work(connection, statement.text).map_err(|error| error.in_file(sql, statement.start, completed))?;
        }
        Ok(rows)
    }

    /// Puts back the settings and the role, for what is still to be done in a migration's own transaction.
    pub fn put_back_settings(&self, connection: &mut Connection) -> Result<(), ServerError> {
        connection.execute(&self.settings)?;
        Ok(())
    }

    /// Puts back the settings and the role, and drops what else a session keeps: temporary tables, prepared statements,
    /// cursors, the values of sequences, `LISTEN`, and advisory locks that it did not hold before.
    pub fn put_back(&self, connection: &mut Connection) -> Result<(), ServerError> {
        self.put_back_settings(connection)?;
        let mut released = connection.execute(&format!("{DISCARD}; {}", self.release))?;
        // A lock that was taken twice is given back twice.
        while released.iter().flatten().any(|value| value.as_deref() == Some("t")) {
            released = connection.execute(&self.release)?;
        }
        // What the server says of it is no news of a migration.
        connection.take_notices();
        Ok(())
    }

    /// [`Session::put_back`] in a transaction of several migrations, after what the commit of one would check.
    pub fn put_back_as_if_committed(&self, connection: &mut Connection) -> Result<(), ServerError> {
        check_what_was_deferred(connection)?;
        self.put_back(connection)
    }
}

/// Checks what a commit would check. Afterwards constraints are deferred again that begin so.
fn check_what_was_deferred(connection: &mut Connection) -> Result<(), ServerError> {
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")?;
    let deferred = connection.execute(
        "SELECT string_agg(DISTINCT format('%I.%I', nspname, conname), ', ')
         FROM pg_catalog.pg_constraint
         INNER JOIN pg_catalog.pg_namespace ON pg_namespace.oid = connamespace
         WHERE condeferred",
    )?;
    if let Some(names) = deferred.into_iter().flatten().next().flatten() {
        connection.execute(&format!("SET CONSTRAINTS {names} DEFERRED"))?;
    }
    Ok(())
}

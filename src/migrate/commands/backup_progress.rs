//! Tells how far a backup is, by what the server says of the COPY that `pg_dump` reads a table with.

use std::time::{Duration, Instant};

use crate::migrate::observer::{Event, Observer};
use crate::migrate::sql::libpq::{Connection, Conninfo};
use crate::migrate::sql::quote::literal;

/// What `pg_dump` calls itself while it takes a backup.
pub(super) const APPLICATION: &str = "messenger-db backup";

/// How often the server is asked.
const INTERVAL: Duration = Duration::from_millis(250);

/// A session beside the backup.
pub(super) struct BackupProgress {
    connection: Connection,
    sql: String,
    asked: Instant,
}

impl BackupProgress {
    /// `None` where the server gives no further session: a backup without a progress bar is a backup.
    pub(super) fn of(conninfo: &Conninfo) -> Option<Self> {
        let connection = Connection::open(conninfo).ok()?;
        // pg_dump reads tables in the order of their names.
        let sql = format!(
            "WITH tables AS (
                 SELECT class.oid, ROW (namespace.nspname::text COLLATE \"C\", class.relname::text COLLATE \"C\") AS place,
                     class.relname, (class.relpages + coalesce(toast.relpages, 0))::bigint * 8192 AS bytes
                 FROM pg_class AS class
                 INNER JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
                 LEFT JOIN pg_class AS toast ON toast.oid = class.reltoastrelid
                 WHERE class.relkind IN ('r', 'm') AND namespace.nspname NOT IN ('pg_catalog', 'information_schema')
                     AND class.relpersistence <> 't'
             ),
             current AS (
                 SELECT tables.*, least(copy.bytes_processed, tables.bytes) AS done
                 FROM pg_stat_progress_copy AS copy
                 INNER JOIN pg_stat_activity AS activity ON activity.pid = copy.pid
                 INNER JOIN tables ON tables.oid = copy.relid
                 WHERE activity.application_name = {} AND activity.datname = current_database()
                 ORDER BY activity.backend_start DESC
                 LIMIT 1
             )
             SELECT current.done + coalesce(sum(tables.bytes) FILTER (WHERE tables.place < current.place), 0),
                 sum(tables.bytes), current.relname
             FROM current CROSS JOIN tables
             GROUP BY current.done, current.relname",
            literal(APPLICATION)
        );
        Some(Self { connection, sql, asked: Instant::now() })
    }

    /// Tells the observer, if it is time and a table is being read.
    pub(super) fn tell(&mut self, observer: &mut dyn Observer) {
        if self.asked.elapsed() < INTERVAL {
            return;
        }
        self.asked = Instant::now();
        let Ok(rows) = self.connection.execute(&self.sql) else { return };
        if let Some([Some(done), Some(total), Some(table)]) = rows.first().map(Vec::as_slice)
            && let (Ok(done), Ok(total)) = (done.parse(), total.parse())
        {
            observer.on(&Event::BackupProgress { done, total, table });
        }
    }
}

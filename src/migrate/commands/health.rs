//! Reads what a probe asks of a server: whether it is a standby, whether it can be written to, who waits for whom, and
//! how far replication is behind.

use std::time::Duration;

use crate::migrate::error::Error;
use crate::migrate::session::pool::Pool;
use crate::migrate::session::remarks::FOLDS_LETTERS;
use crate::migrate::sql::libpq::{Connection, Rows};

/// The state of a server, as far as the role of the connection may see it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Health {
    /// Whether the server is a standby: it replays what another writes.
    pub is_standby: bool,
    /// Whether a transaction of this session can write.
    pub is_writable: bool,
    /// Whether the database's locale folds letters beyond ASCII, as search needs; see [`ASCII_ONLY`](crate::migrate::ASCII_ONLY).
    pub folds_letters: bool,
    /// The encoding of the database. A messenger needs `UTF8`, and `run` refuses another one.
    pub encoding: String,
    /// When the server was started, in UTC, as RFC 3339.
    pub started_at: String,
    /// The connections of clients to every database of the server.
    pub connections: Option<Connections>,
    /// How long ago the oldest transaction on this database began, of other clients and prepared ones. `None`: there is
    /// none, or the role may not see it.
    pub oldest_transaction: Option<Duration>,
    /// Who waits for a lock on this database.
    pub lock_waits: Option<LockWaits>,
    /// How far a standby is behind. `None`: the server is none.
    pub replay: Option<Replay>,
    /// The receivers of what this server writes: standbys, and subscribers of a logical replication.
    pub receivers: Vec<Receiver>,
    /// Why something of this is not seen, and what would help. `None`: everything is seen.
    pub unseen: Option<String>,
}

/// How many connections there are, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Those of clients now, this one included.
    pub used: u64,
    /// The server's `max_connections`.
    pub max: u64,
}

/// Sessions that wait for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockWaits {
    /// How many.
    pub count: u64,
    /// How long the longest wait has lasted.
    pub longest: Option<Duration>,
}

/// How far a standby is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// Whether it receives from a server now.
    pub is_connected: bool,
    /// Bytes that it has received and not replayed. `None`: it has received nothing, as from an archive.
    pub bytes: Option<u64>,
    /// How old the last replayed transaction is; zero when all that was received is replayed, and more may come. `None`:
    /// nothing was replayed since it was started.
    pub age: Option<Duration>,
}

/// A receiver of what the server writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// What it calls itself.
    pub name: String,
    /// Such as `streaming` or `catchup`. `None`, as what follows: the role may not see it.
    pub state: Option<String>,
    /// `async`, `sync`, `quorum` or `potential`.
    pub sync_state: Option<String>,
    /// Bytes that this server has and the receiver has not replayed.
    pub bytes: Option<u64>,
    /// How long what was written lately took to be replayed there. `None`: nothing was written lately.
    pub lag: Option<Duration>,
}

/// The query for the columns that every role may ask for.
fn of_every_role() -> String {
    format!(
        "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'off', {FOLDS_LETTERS},
             to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
             current_setting('server_encoding')"
    )
}

/// What the views for statistics show beside them; a row for each receiver, and at least one.
const STATISTICS: &str = "
    pg_has_role('pg_read_all_stats', 'USAGE'),
    (
        SELECT count(*) FROM pg_stat_activity
        WHERE datid IS NOT NULL AND usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
    ),
    current_setting('max_connections'),
    (
        SELECT extract(epoch FROM clock_timestamp() - min(began)) FROM (
            SELECT xact_start FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
            UNION ALL
            SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()
        ) AS transactions (began)
    ),
    waits.*,
    EXISTS (SELECT FROM pg_stat_wal_receiver),
    pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()),
    extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()),
    receiver.*
FROM (
    SELECT count(*), extract(epoch FROM clock_timestamp() - min(waitstart))
    FROM pg_locks INNER JOIN pg_stat_activity AS waiting USING (pid)
    WHERE NOT granted AND waiting.datname = current_database()
) AS waits
LEFT JOIN (
    SELECT application_name, state, sync_state,
        pg_wal_lsn_diff(
            CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, replay_lsn
        ),
        extract(epoch FROM replay_lag)
    FROM pg_stat_replication
    ORDER BY application_name, pid
) AS receiver ON true";

const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// Reads the state of the server that a pool connects to. Changes nothing, and works on a standby; a role without
/// `pg_monitor` sees a part, and [`Health::unseen`] says so.
///
/// # Errors
///
/// [`Error::Server`] when the server cannot be asked.
pub fn health(pool: &Pool) -> Result<Health, Error> {
    read(&mut *pool.get()?)
}

fn read(connection: &mut Connection) -> Result<Health, Error> {
    match connection.execute(&format!("{},{STATISTICS}", of_every_role())) {
        Ok(rows) => Ok(health_of(rows)),
        // The views are everybody's, unless somebody took them away.
        Err(error) if error.sqlstate == INSUFFICIENT_PRIVILEGE => {
            let health = health_of(connection.execute(&of_every_role())?);
            Ok(Health { unseen: Some(format!("{}; `GRANT pg_monitor` to the role shows it", error.message)), ..health })
        }
        Err(error) => Err(error.into()),
    }
}

fn health_of(rows: Rows) -> Health {
    let mut health = Health::default();
    for (number, row) in rows.into_iter().enumerate() {
        let mut values = row.into_iter();
        let mut next = || values.next().flatten();
        let (is_standby, is_writable, folds_letters) = (is_true(next()), is_true(next()), is_true(next()));
        let (started_at, encoding) = (next(), next());
        let sees_all = is_true(next());
        let (used, max) = (count(next()), count(next()));
        let oldest_transaction = seconds(next());
        let (waiting, longest) = (count(next()), seconds(next()));
        let is_connected = is_true(next());
        let (bytes, age) = (count(next()), seconds(next()));
        let receiver = next().map(|name| Receiver {
            name,
            state: next(),
            sync_state: next(),
            bytes: count(next()),
            lag: seconds(next()),
        });
        health.receivers.extend(receiver);
        if number > 0 {
            continue;
        }
        health.connections = used.zip(max).map(|(used, max)| Connections { used, max });
        (health.is_standby, health.is_writable, health.folds_letters) = (is_standby, is_writable, folds_letters);
        (health.started_at, health.encoding) = (started_at.unwrap_or_default(), encoding.unwrap_or_default());
        // What is seen of one's own sessions says nothing of the others'.
        health.oldest_transaction = oldest_transaction.filter(|_| sees_all);
        health.lock_waits = waiting.map(|count| LockWaits { count, longest });
        let is_done = is_connected && bytes == Some(0);
        health.replay =
            is_standby.then_some(Replay { is_connected, bytes, age: if is_done { Some(Duration::ZERO) } else { age } });
        health.unseen = (!sees_all).then(|| {
            "the role may not see the transactions and receivers of others; `GRANT pg_monitor` to the role shows them"
                .to_owned()
        });
    }
    health
}

fn is_true(text: Option<String>) -> bool {
    text.is_some_and(|text| text == "t")
}

fn count(text: Option<String>) -> Option<u64> {
    // What is ahead by the time it is asked is not behind.
    let number: i128 = text?.parse().ok()?;
    u64::try_from(number.max(0)).ok()
}

fn seconds(text: Option<String>) -> Option<Duration> {
    let seconds: f64 = text?.parse().ok()?;
    Duration::try_from_secs_f64(seconds.max(0.0)).ok()
}

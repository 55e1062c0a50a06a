//! How to connect, and how long statements may wait.

use std::time::Duration;

/// How to connect, and how long statements may wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectOptions {
    /// How long to wait for a server that is not up yet. Zero: not at all.
    pub wait: Duration,
    /// How long to wait for another runner that works on the database.
    pub lock_wait: Duration,
    /// How long a statement waits for a lock before it gives up (`lock_timeout`). Zero: for ever.
    pub lock_timeout: Duration,
    /// How often a migration is tried again that did not get a lock in time.
    pub lock_retries: usize,
    /// How long a statement may run (`statement_timeout`). Zero or `None`: for ever, however the role is configured.
    pub statement_timeout: Option<Duration>,
    /// Whether the sessions only read: the server refuses to change anything (`default_transaction_read_only`).
    pub read_only: bool,
}

impl Default for ConnectOptions {
    /// No waiting for the server, a minute for another runner, two seconds for a lock and five more attempts, which
    /// with the pauses between them take about a minute, no limit of its own on statements.
    fn default() -> Self {
        Self {
            wait: Duration::ZERO,
            lock_wait: Duration::from_mins(1),
            lock_timeout: Duration::from_secs(2),
            lock_retries: 5,
            statement_timeout: None,
            read_only: false,
        }
    }
}

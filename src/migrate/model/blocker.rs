//! Who blocks a statement of the runner.

use std::time::Duration;

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
    /// The name of the prepared transaction that holds it, if it is one. `None` also where its name cannot be told.
    pub prepared: Option<String>,
}

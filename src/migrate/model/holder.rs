//! Who holds the lock of the runners.

use std::fmt;

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The server process of the session that holds it; 0 for a prepared transaction.
    pub pid: String,
    /// What that session calls itself.
    pub application: String,
    /// The role that it has logged in as.
    pub user: String,
    /// Since when it is connected, in the server's time zone. `None`: this role may not see it.
    pub since: Option<String>,
    /// The name of the prepared transaction that holds it, if it is one.
    pub prepared: Option<String>,
}

impl Holder {
    /// The statement that ends it.
    #[must_use]
    pub fn ending(&self) -> String {
        self.prepared.as_ref().map_or_else(
            || format!("SELECT pg_terminate_backend({});", self.pid),
            |name| format!("ROLLBACK PREPARED '{}';", name.replace('\'', "''")),
        )
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.prepared {
            Some(name) => write!(f, "the prepared transaction {name:?} (role {:?})", self.user)?,
            None => write!(f, "process {} ({:?}, role {:?})", self.pid, self.application, self.user)?,
        }
        match &self.since {
            Some(since) if self.prepared.is_some() => write!(f, ", prepared at {since}"),
            Some(since) => write!(f, ", connected since {since}"),
            None => f.write_str(", since when only members of its role and of pg_read_all_stats may see"),
        }
    }
}

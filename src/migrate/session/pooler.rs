//! Detects a connection pooler that shares sessions, such as `PgBouncer` in transaction mode.
//!
//! A pooler opens the sessions with the server before anybody asks for one, and cannot pass on the process id that
//! belongs to a session which the client does not have yet; so it makes one up. That `PQbackendPID` is not
//! `pg_backend_pid()` tells a pooler, of whatever mode. Which mode it is, it does not say; but when two who are connected
//! at once have met the same process, or one of them has met two, sessions are shared.

use crate::migrate::sql::libpq::{Connection, Conninfo, ServerError};

/// What a pooler gives its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// A session each, as long as they are connected.
    Session,
    /// A session for a transaction, or for a statement.
    Transaction,
}

/// How often to compare. A quiet pooler gives the session that was used last, so once would do; in a busy one another
/// client may take it between two of our statements, but then ours change, too.
const ROUNDS: usize = 10;

/// Which it is, found out with a second connection that leaves nothing behind.
pub(crate) fn pooling(conninfo: &Conninfo, first: &mut Connection) -> Result<Pooling, ServerError> {
    let mut second = Connection::open(conninfo)?;
    let (ours, theirs) = (first.ask_for_process()?, second.ask_for_process()?);
    for _ in 0..ROUNDS {
        if ours == theirs || first.ask_for_process()? != ours || second.ask_for_process()? != theirs {
            return Ok(Pooling::Transaction);
        }
    }
    Ok(Pooling::Session)
}

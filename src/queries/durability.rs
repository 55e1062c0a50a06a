//! Whether a commit waits for the disk: what a session asks for, for receipts and presence alone.
//!
//! A session that says `SET messenger_db.relaxed = on` has the few operations that can be repeated, those that move a
//! position or say that somebody is there, commit without waiting for the disk, each as its own transaction:
//! `synchronous_commit` is off, LOCAL, in the statement that does it. In a transaction of the caller's they wait as everything
//! else there does, because it may have a message in it.
//!
//! A crash of the server loses less than three times its `wal_writer_delay`, 0.6 s by default, of such operations, and nothing
//! else; what is there afterwards is consistent. See
//! [Asynchronous Commit](https://www.postgresql.org/docs/current/wal-async-commit.html).

use diesel::connection::{AnsiTransactionManager, TransactionManager as _};
use diesel::{PgConnection, QueryResult};

/// Whether the next statement is a transaction of its own.
pub(super) fn is_alone(conn: &mut PgConnection) -> QueryResult<bool> {
    Ok(AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_depth()?.is_none())
}

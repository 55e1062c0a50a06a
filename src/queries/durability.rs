//! Whether a commit waits for the disk: what a pool asks for, for receipts and presence alone.
//!
//! A pool whose receipts are relaxed has the few operations that can be repeated, those that move a position or say that somebody
//! is there, commit without waiting for the disk, each as its own transaction: `synchronous_commit` is off, LOCAL, in the
//! statement that does it. In a transaction of the caller's, whether Diesel or SQL began it, they wait as everything else there
//! does, because it may have a message in it.
//!
//! The pool says so twice: to the session, by `SET messenger_db.relaxed = on`, and to the thread that works on it. So neither
//! another connection that the same closure uses nor another pool's thread takes it for its own.
//!
//! A crash of the server loses less than three times its `wal_writer_delay`, 0.6 s by default, of such operations, and nothing
//! else; what is there afterwards is consistent. See
//! [Asynchronous Commit](https://www.postgresql.org/docs/current/wal-async-commit.html).

use std::cell::Cell;

use diesel::PgConnection;

use crate::open_transaction::{self, Open};

thread_local! {
    static IS_RELAXED: Cell<bool> = const { Cell::new(false) };
}

/// Does something on a thread whose receipts need not wait for the disk.
#[cfg(feature = "tokio")]
pub(crate) fn relaxed<T>(work: impl FnOnce() -> T) -> T {
    struct Until(bool);
    impl Drop for Until {
        fn drop(&mut self) {
            IS_RELAXED.set(self.0);
        }
    }
    let _until = Until(IS_RELAXED.replace(true));
    work()
}

/// Whether the next statement is a transaction of its own that need not wait for the disk, as far as the client knows.
pub(super) fn is_alone(conn: &mut PgConnection) -> bool {
    IS_RELAXED.get() && open_transaction::on(conn) == Open::Nothing
}

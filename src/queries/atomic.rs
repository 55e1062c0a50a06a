//! Undoes a refused statement alone, without the caller's transaction.

use diesel::PgConnection;
use diesel::connection::{AnsiTransactionManager, Connection as _, TransactionManager as _};
use diesel::result::Error as DieselError;

/// Runs one statement. It is atomic by itself; in a transaction of the caller's it gets a savepoint, so that its
/// refusal leaves that transaction as it was, like the refusal of an operation that has a transaction of its own.
pub(super) fn statement<T, E: From<DieselError>>(
    conn: &mut PgConnection,
    act: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let depth = AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_depth()?;
    if depth.is_some() { conn.transaction(act) } else { act(conn) }
}

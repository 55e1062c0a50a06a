//! Runs work of the runner in a transaction.

use crate::migrate::error::Error;
use crate::migrate::sql::libpq::Connection;

/// Runs `work` in a transaction, which it commits itself when it succeeds; what fails is rolled back.
pub(crate) fn transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    connection.execute("BEGIN")?;
    let worked = work(connection);
    if worked.is_err() && connection.is_alive() {
        // The error that matters is the one before; a rollback that fails means a connection that is gone anyway.
        let _ = connection.execute("ROLLBACK");
    }
    worked
}

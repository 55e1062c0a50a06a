//! Whether a connection has ended, as far as it is known without asking the server.

use diesel::prelude::*;

/// An error where the server is known to have ended the connection: its last words are read, and then its end. No round trip.
pub(crate) fn noticed(connection: &mut PgConnection) -> QueryResult<()> {
    for _ in 0..2 {
        connection.notifications_iter().next().transpose()?;
    }
    Ok(())
}

//! Warns of what a database has that nobody notices until it hurts: a locale that folds ASCII letters only, and a
//! synchronous standby that is not there.

use crate::migrate::error::Error;
use crate::migrate::observer::{Event, Observer};
use crate::migrate::sql::libpq::{Connection, Notice};

/// Whether the database's default collation folds letters beyond ASCII. `LC_CTYPE` `C` and `POSIX` do not.
pub(crate) const FOLDS_LETTERS: &str = "lower(chr(201)) = chr(233)";

/// Tells the observer, once for each command that is about to change something.
///
/// # Errors
///
/// [`Error::Server`] when the server cannot be asked.
pub(crate) fn tell(connection: &mut Connection, observer: &mut dyn Observer) -> Result<(), Error> {
    // Where the settings of a session turn waiting off, or a standby acknowledges, COMMIT waits for nobody. A role that may
    // not see how a receiver is synchronised sees a null, and is told nothing.
    let rows = connection.execute(&format!(
        "SELECT
             NOT ({FOLDS_LETTERS}),
             CASE
                 WHEN pg_is_in_recovery() OR current_setting('synchronous_commit') IN ('off', 'local') THEN NULL
                 WHEN EXISTS (
                     SELECT FROM pg_stat_replication
                     WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')
                 ) THEN NULL
                 ELSE nullif(current_setting('synchronous_standby_names'), '')
             END"
    ))?;
    let mut values = rows.into_iter().flatten();
    let is_ascii_only = values.next().flatten().as_deref() == Some("t");
    let missing_standbys = values.next().flatten();
    if is_ascii_only {
        warn(observer, ASCII_ONLY.to_owned());
    }
    if let Some(names) = missing_standbys {
        warn(
            observer,
            format!(
                "COMMIT waits for a synchronous standby, and none is connected: synchronous_standby_names is {names:?}. \
                 Start the standby, or take it off that list and reload the server"
            ),
        );
    }
    Ok(())
}

/// What a locale that folds ASCII letters only means, and what to do.
pub const ASCII_ONLY: &str = "LC_CTYPE of this database folds ASCII letters only: search misses words with other letters \
                              in the other case. Make a database with another one, such as CREATE DATABASE … TEMPLATE \
                              template0 LC_CTYPE 'C.UTF-8', before there is data";

/// Warns of something that is no error.
pub(crate) fn warn(observer: &mut dyn Observer, message: String) {
    let notice = Notice { severity: "WARNING".to_owned(), message, ..Notice::default() };
    observer.on(&Event::Remarked { notice: &notice });
}

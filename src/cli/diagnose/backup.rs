//! Advice for a backup that failed.

use super::quoted;
use super::statement::ending;
use crate::cli::problem::Problem;
use crate::cli::{Exit, output};
use crate::migrate::BackupError;

/// What to show for a backup that failed. Nothing was changed then.
pub(super) fn no_backup(error: &BackupError, message: String) -> Problem {
    let (exit, help) = match error {
        BackupError::Exists(_) => (Exit::Usage, "Name another file, or move that one away.".to_owned()),
        BackupError::Program { .. } => (
            Exit::Usage,
            "Install PostgreSQL's client programs (Debian: postgresql-client), or name their folder in \
             MESSENGER_DB_PG_BIN."
                .to_owned(),
        ),
        BackupError::TooOld { server, .. } => (
            Exit::Usage,
            format!(
                "Install the client programs of PostgreSQL {server} or newer, or name their folder in MESSENGER_DB_PG_BIN."
            ),
        ),
        BackupError::Secret(_) => (
            Exit::Usage,
            "Take the passphrase off the key for the time of the backup, or run pg_dump yourself.".to_owned(),
        ),
        BackupError::File { .. } => {
            (Exit::Failed, "Name a file where you may write and where there is room.".to_owned())
        }
        BackupError::Locked { blocker, .. } => (
            Exit::Locked,
            format!(
                "Run it again when that is done, or wait longer with `--lock-timeout`. A table is held by {}.{}\n",
                output::described(blocker),
                ending(blocker)
            ),
        ),
        BackupError::Unreadable { role, .. } => (
            Exit::PermissionDenied,
            format!(
                "A backup is for a role that may read everything. Let an administrator run:\n  \
                 GRANT pg_read_all_data TO {};\nand, where there is row security, give it BYPASSRLS; or name another role \
                 in the database URL.",
                quoted(role)
            ),
        ),
        _ => (Exit::Failed, "Mend what pg_dump complains about, and run the same command again.".to_owned()),
    };
    Problem::new(exit, message, format!("Nothing was changed. {}", help.trim_end()))
}

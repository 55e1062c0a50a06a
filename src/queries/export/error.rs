//! Why an export was not completed.

use std::io;

/// Why an export was not completed: what was written has no manifest at its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There has never been such an account.
    #[error("there is no such account")]
    NoSuchAccount,
    /// Whoever was told how far it is said that it is to stop.
    #[error("the export was stopped")]
    Stopped,
    /// The lines cannot be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

//! A backup that was taken, or why there is none.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::migrate::model::blocker::Blocker;
use crate::partial_file::FileError;

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its file.
    pub file: PathBuf,
    /// How long that is.
    pub bytes: u64,
    /// How long it took.
    pub duration: Duration,
}

/// Why there is no backup. Nothing is left of the attempt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The file exists, and may be the only copy of something.
    #[error("{} exists, and a backup overwrites nothing", .0.display())]
    Exists(PathBuf),
    /// There is no such program.
    #[error("{} cannot be started: {cause}", program.display())]
    Program {
        /// As it was named.
        program: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The program refuses servers newer than itself.
    #[error("{} is of version {version}, and cannot dump a server of version {server}", program.display())]
    TooOld {
        /// As it was named.
        program: PathBuf,
        /// Its version.
        version: String,
        /// The server's.
        server: String,
    },
    /// The connection string has a secret that can only be handed to the program where everybody can read it.
    #[error("the database URL has a secret ({0}) that cannot be handed to pg_dump in secret")]
    Secret(String),
    /// The program failed, and this role may not read everything.
    #[error("{said}\nThe role {role:?} may not read {}", objects.join(", "))]
    Unreadable {
        /// What it printed, without secrets.
        said: String,
        /// Who works here.
        role: String,
        /// The first of what it may not read, as SQL.
        objects: Vec<String>,
    },
    /// The program failed while somebody had a table for himself, which it reads.
    #[error("{said}")]
    Locked {
        /// What it printed, without secrets.
        said: String,
        /// Who.
        blocker: Box<Blocker>,
    },
    /// The program failed.
    #[error("{}", if said.is_empty() { "pg_dump failed without a word" } else { said })]
    Failed {
        /// What it printed, without secrets.
        said: String,
    },
    /// The file could not be written.
    #[error("{} cannot be written: {cause}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl From<FileError> for BackupError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Exists(file) => Self::Exists(file),
            FileError::Unwritten { file, cause } => Self::File { file, cause },
        }
    }
}

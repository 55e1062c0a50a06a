//! Decides what each exit code means. They are documented in `--help` and never change.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Migrations are pending.
    Pending = 3,
    /// The database is not what it should be.
    Drift = 4,
    /// A lock was not to be had in time.
    Locked = 5,
    /// The database is ahead of this binary.
    Ahead = 6,
    /// No connection.
    NoConnection = 7,
    /// The role lacks a privilege.
    PermissionDenied = 8,
    /// The program that `exec` is to become cannot be executed; the number is that of shells.
    NotExecutable = 126,
    /// The program that `exec` is to become is not found; the number is that of shells.
    NotFound = 127,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

//! A backup, in the objects of `backup` and `run`.

use serde::Serialize;

use crate::migrate;

/// A backup, also of `run --backup`.
#[derive(Debug, Serialize)]
pub struct TakenBackup {
    file: String,
    bytes: u64,
    seconds: f64,
}

impl From<&migrate::Backup> for TakenBackup {
    fn from(backup: &migrate::Backup) -> Self {
        Self { file: super::path(&backup.file), bytes: backup.bytes, seconds: backup.duration.as_secs_f64() }
    }
}

//! The objects of the `local` commands.

use std::time::UNIX_EPOCH;

use serde::Serialize;

use crate::local::{self, DATABASE, LocalError};

/// The private PostgreSQL: `local start` and `local status`.
#[derive(Debug, Serialize)]
pub struct Local {
    state: &'static str,
    version: Option<u32>,
    pid: Option<u32>,
    since_unix: Option<u64>,
    folder: String,
    log: String,
    url: String,
    /// What `local start` remarks of a server whose programs were replaced while it ran. `None`: nothing, as in `local status`.
    note: Option<&'static str>,
}

impl Local {
    /// As it is now.
    pub fn of(local: &local::Local) -> Result<Self, LocalError> {
        let (state, version, pid, since) = match local.status()? {
            local::Status::NotInitialised => ("none", None, None, None),
            local::Status::Stopped { version } => ("stopped", Some(version), None, None),
            local::Status::Running { pid, version, since } => ("running", Some(version), Some(pid), since),
        };
        Ok(Self {
            state,
            version,
            pid,
            since_unix: since.and_then(|since| since.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs()),
            folder: super::path(local.state_dir()),
            log: super::path(&local.log_file()),
            url: local.url(DATABASE),
            note: None,
        })
    }

    /// The same, with what there is to remark.
    pub fn with(self, note: Option<&'static str>) -> Self {
        Self { note, ..self }
    }
}

/// `local stop`.
#[derive(Debug, Serialize)]
pub struct Stopped {
    /// Whether it was running until now.
    pub stopped: bool,
}

/// `local url`.
#[derive(Debug, Serialize)]
pub struct Url {
    /// For `DATABASE_URL`.
    pub url: String,
}

/// `local destroy`.
#[derive(Debug, Serialize)]
pub struct Destroyed {
    /// Whether there was anything.
    pub destroyed: bool,
}

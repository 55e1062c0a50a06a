//! What `--json` prints: one struct for each command, beside the command or here when it is long, printed as one object
//! that begins with the command's name.
//! `docs/json.md` documents every field; `tests/cli/json_fields.rs` fails when it does not.
//!
//! Durations are in seconds. A field is always there; what is not known, or does not apply, is `null`.

mod backup;
mod error;
mod history;
mod local;
mod plan;
mod run;
mod status;
mod verify;

use std::path::Path;

use serde::Serialize;

pub use backup::TakenBackup;
pub use error::Failure;
pub use history::{List, Listed, Pending};
pub use local::{Destroyed, Local, Stopped, Url};
pub use plan::{Plan, Rehearsal};
pub use run::Migrated;
pub use status::Status;
pub use verify::{Counts, Difference, Verified, listed};

/// The object that a command prints.
#[derive(Debug, Serialize)]
pub struct Object<'a, R> {
    /// The command, such as `run` or `local status`. `None`: the command line could not be read.
    pub command: Option<&'a str>,
    /// What the command reports.
    #[serde(flatten)]
    pub report: &'a R,
}

/// A path as text: JSON has no other, and a name that is no UTF-8 is shown as well as it can be.
pub fn path(path: &Path) -> String {
    path.display().to_string()
}

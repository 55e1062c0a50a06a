//! What `--json` prints: one struct for each command, printed as one object that begins with the command's name.
//! `docs/json.md` documents every field; `tests/cli/json_fields.rs` fails when it does not.
//!
//! Durations are in seconds. A field is always there; what is not known, or does not apply, is `null`.

mod error;
mod generated;
mod history;
mod local;
mod made;
mod maintained;
mod person;
mod plan;
mod run;
mod status;
mod verify;

use std::path::Path;

use serde::Serialize;

use super::args::{Command, LocalCommand};

pub use error::Failure;
pub use generated::{Completions, Man};
pub use history::{List, Listed, Pending};
pub use local::{Destroyed, Local, Stopped, Url};
pub use made::{Backup, Baseline, Catalog, Docs, Roles, Seeded, Studio, TakenBackup};
pub use maintained::Maintained;
pub use person::{Erased, Exported, Lines, Rows};
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

impl Command {
    /// Its name in JSON: its words on the command line.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Revert(_) => "revert",
            Self::Redo(_) => "redo",
            Self::List => "list",
            Self::Pending => "pending",
            Self::Status(_) => "status",
            Self::Verify(_) => "verify",
            Self::Plan(_) => "plan",
            Self::Baseline(_) => "baseline",
            Self::Catalog => "catalog",
            Self::Docs(_) => "docs",
            Self::Studio(_) => "studio",
            Self::Roles(_) => "roles",
            Self::Seed(_) => "seed",
            Self::Backup { .. } => "backup",
            Self::Maintain(_) => "maintain",
            Self::Erase(_) => "erase",
            Self::Export(_) => "export",
            Self::Exec(_) => "exec",
            Self::Completions { .. } => "completions",
            Self::Man { .. } => "man",
            Self::Local { command } => match command {
                LocalCommand::Start => "local start",
                LocalCommand::Stop => "local stop",
                LocalCommand::Status => "local status",
                LocalCommand::Url => "local url",
                LocalCommand::Psql { .. } => "local psql",
                LocalCommand::Destroy { .. } => "local destroy",
            },
        }
    }
}

/// A path as text: JSON has no other, and a name that is no UTF-8 is shown as well as it can be.
pub fn path(path: &Path) -> String {
    path.display().to_string()
}

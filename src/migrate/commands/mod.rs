//! The commands of the runner, one a file.

pub(crate) mod apply;
pub(crate) mod backup;
mod backup_progress;
pub(crate) mod baseline;
pub(crate) mod distribute;
pub(crate) mod health;
pub(crate) mod plan;
pub(crate) mod redo;
pub(crate) mod rehearse;
pub(crate) mod revert;
pub(crate) mod rights;
pub(crate) mod roles;
pub(crate) mod run;
pub(crate) mod sizes;
pub(crate) mod verify;

//! The object of `run`, `revert` and `redo`.

use serde::Serialize;

use super::TakenBackup;
use crate::migrate::{self, Backup, Direction, Report};

/// What was applied and reverted.
#[derive(Debug, Serialize)]
pub struct Migrated<'a> {
    database: &'a str,
    version: Option<&'a str>,
    steps: Vec<Step<'a>>,
    lost: &'a [String],
    backup: Option<TakenBackup>,
}

/// One migration that was applied or reverted.
#[derive(Debug, Serialize)]
pub struct Step<'a> {
    name: &'a str,
    version: &'a str,
    owner: &'static str,
    direction: &'static str,
    seconds: f64,
}

impl<'a> Migrated<'a> {
    /// What was done on a database, and the backup that was taken first.
    pub fn of(database: &'a str, report: &'a Report, backup: Option<&Backup>) -> Self {
        Self {
            database,
            version: report.version.as_deref(),
            steps: report.steps.iter().map(Step::from).collect(),
            lost: &report.lost,
            backup: backup.map(TakenBackup::from),
        }
    }
}

impl<'a> From<&'a migrate::Step> for Step<'a> {
    fn from(step: &'a migrate::Step) -> Self {
        Self {
            name: step.migration.name,
            version: step.migration.version.as_str(),
            owner: step.migration.owner.as_str(),
            direction: if step.direction == Direction::Up { "up" } else { "down" },
            seconds: step.duration.as_secs_f64(),
        }
    }
}

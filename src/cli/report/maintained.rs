//! The object of `maintain`.

use serde::Serialize;

use crate::maintenance::{Outcome, Report};

/// `maintain`: one round.
#[derive(Debug, Serialize)]
pub struct Maintained<'a> {
    /// The database's name.
    pub database: &'a str,
    /// Whether nothing was removed, but only counted.
    pub dry_run: bool,
    /// What each task did, in their order.
    pub tasks: Vec<Done<'a>>,
    /// How long the round took.
    pub seconds: f64,
}

/// What a task did.
#[derive(Debug, Serialize)]
pub struct Done<'a> {
    task: &'a str,
    outcome: &'a str,
    removed: i64,
    error: Option<&'a str>,
    seconds: f64,
}

impl<'a> From<&'a Report> for Done<'a> {
    fn from(report: &'a Report) -> Self {
        let (outcome, error) = match &report.outcome {
            Outcome::Done => ("done", None),
            Outcome::BudgetSpent => ("budget_spent", None),
            Outcome::Busy => ("busy", None),
            Outcome::Off => ("off", None),
            Outcome::Stopped => ("stopped", None),
            Outcome::Failed(error) => ("failed", Some(error.as_str())),
        };
        let (task, seconds) = (report.task.name(), report.duration.as_secs_f64());
        Self { task, outcome, removed: report.removed, error, seconds }
    }
}

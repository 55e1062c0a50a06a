//! The section of `make bench`: ratios beside their goals, with the spread of their rounds, and a table of all figures.

use maud::{Markup, html};
use serde::Deserialize;

use super::spread::{self, Row};
use super::{number, table};

/// What a bench has left.
#[derive(Debug, Deserialize)]
pub struct Bench {
    machine: Machine,
    figures: Vec<Figure>,
    #[serde(default)]
    failed: Vec<String>,
}

/// Where and when it was measured.
#[derive(Debug, Deserialize)]
pub struct Machine {
    postgresql: String,
    cpu: String,
    cores: usize,
    taken_at: String,
}

#[derive(Debug, Deserialize)]
struct Figure {
    key: String,
    /// Not a number when nothing was measured.
    value: Option<f64>,
    unit: String,
    goal: Option<f64>,
    direction: Option<String>,
    met: Option<bool>,
    note: String,
    #[serde(default)]
    rounds: Vec<f64>,
}

impl Machine {
    pub fn shown(&self) -> Markup {
        html! {
            p { "Taken at " (self.taken_at) " with PostgreSQL " (self.postgresql) " on " (self.cores) " cores, " (self.cpu) "." }
        }
    }
}

impl Figure {
    fn is_ratio(&self) -> bool {
        self.unit == "ratio"
    }

    fn shown(&self) -> String {
        let value = self.value.map_or_else(|| "none".to_owned(), number);
        if self.is_ratio() { value } else { format!("{value} {}", self.unit) }
    }

    fn asked(&self) -> String {
        let sign = if self.direction.as_deref() == Some("at most") { "≤" } else { "≥" };
        self.goal
            .map(|goal| format!("{sign} {}", if goal < 1_000.0 { goal.to_string() } else { number(goal) }))
            .unwrap_or_default()
    }

    /// Over its goal, so that 1 is the goal and more is better. `None`: it has no goal.
    fn beside_goal(&self) -> Option<Row> {
        let (goal, value) = (self.goal?, self.value?);
        let share = |value: f64| if self.direction.as_deref() == Some("at most") { goal / value } else { value / goal };
        Some(Row {
            name: self.key.clone(),
            note: format!("{} ({})", self.shown(), self.asked()),
            value: share(value),
            rounds: self.rounds.iter().copied().map(share).collect(),
            is_met: self.met,
        })
    }

    fn alone(&self) -> Option<Row> {
        let value = self.value.filter(|_| self.is_ratio() && self.goal.is_none())?;
        Some(Row { name: self.key.clone(), note: self.shown(), value, rounds: self.rounds.clone(), is_met: None })
    }
}

/// The section.
pub fn section(of: &Bench) -> Markup {
    let asked: Vec<_> = of.figures.iter().filter_map(|figure| figure.met).collect();
    let met = asked.iter().filter(|met| **met).count();
    let [goals, others] =
        [Figure::beside_goal, Figure::alone].map(|row| of.figures.iter().filter_map(row).collect::<Vec<_>>());
    let rows: Vec<_> = of
        .figures
        .iter()
        .map(|figure| {
            let met = figure.met.map(|met| if met { "yes" } else { "no" }).unwrap_or_default();
            vec![figure.key.clone(), figure.shown(), figure.asked(), met.to_owned(), figure.note.clone()]
        })
        .collect();
    html! {
        (of.machine.shown())
        @if !asked.is_empty() { p { (met) " of " (asked.len()) " goals are met." } }
        @if !of.failed.is_empty() { p class="bad" { "These failed, and their figures are missing: " (of.failed.join(", ")) "." } }
        @if !goals.is_empty() {
            (spread::plot("Figures over their goals: right of the line the goal is met", "the goal", &goals))
        }
        @if !others.is_empty() { (spread::plot("Ratios without a goal", "1", &others)) }
        @if !goals.is_empty() || !others.is_empty() {
            p class="soft" {
                "The mark is the ratio of the medians. Half of the rounds lie in the bar, all of them on the line: a long line is a busy \
                 machine. A diamond is a goal that is missed. The values stand at the right."
            }
        }
        (table("All figures", &["figure", "value", "goal", "met", "from"], &rows))
    }
}

//! A figure: a key that stays the same from release to release, its value, and what it should be.

use serde_json::{Value, json};

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
}

/// A figure.
#[derive(Debug, Clone)]
pub struct Figure {
    key: &'static str,
    value: f64,
    unit: &'static str,
    goal: Option<Goal>,
    note: String,
    /// What each round gave, for the spread.
    rounds: Vec<f64>,
}

impl Figure {
    /// A ratio without a goal.
    pub const fn new(key: &'static str, value: f64) -> Self {
        Self { key, value, unit: "ratio", goal: None, note: String::new(), rounds: Vec::new() }
    }

    /// In another unit.
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// Which should be at least this.
    pub const fn at_least(mut self, goal: f64) -> Self {
        self.goal = Some(Goal::AtLeast(goal));
        self
    }

    /// Which should be at most this.
    pub const fn at_most(mut self, goal: f64) -> Self {
        self.goal = Some(Goal::AtMost(goal));
        self
    }

    /// With what it comes from.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// With what each round gave.
    pub fn rounds(mut self, rounds: Vec<f64>) -> Self {
        self.rounds = rounds;
        self
    }

    /// Whether it is what it should be; `None` when nothing is asked of it.
    pub fn is_met(&self) -> Option<bool> {
        self.goal.map(|goal| match goal {
            Goal::AtLeast(least) => self.value >= least,
            Goal::AtMost(most) => self.value <= most,
        })
    }

    /// Its line in the table: key, value, goal, met, note.
    pub fn row(&self) -> [String; 5] {
        let goal = match self.goal {
            None => String::new(),
            Some(Goal::AtLeast(least)) => format!("≥ {least}"),
            Some(Goal::AtMost(most)) => format!("≤ {most}"),
        };
        let met = match self.is_met() {
            None => "",
            Some(true) => "yes",
            Some(false) => "NO",
        };
        let value = match self.unit {
            "ratio" if self.value < 10.0 => format!("{:.3}", self.value),
            "ratio" => format!("{:.1}", self.value),
            unit => format!("{} {unit}", indicatif::HumanCount(self.value.round() as u64)),
        };
        [self.key.to_owned(), value, goal, met.to_owned(), self.note.clone()]
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let (goal, direction) = match self.goal {
            None => (None, None),
            Some(Goal::AtLeast(goal)) => (Some(goal), Some("at least")),
            Some(Goal::AtMost(goal)) => (Some(goal), Some("at most")),
        };
        json!({
            "key": self.key,
            "value": self.value,
            "unit": self.unit,
            "goal": goal,
            "direction": direction,
            "met": self.is_met(),
            "note": self.note,
            "rounds": self.rounds,
        })
    }
}

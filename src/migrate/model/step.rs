//! One migration that was carried out, up or down.

use std::time::Duration;

use crate::migrate::model::migration::Migration;

/// Whether a migration is applied or undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Its `up.sql`.
    Up,
    /// Its `down.sql`.
    Down,
}

/// One migration that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub migration: Migration,
    /// Applied or undone.
    pub direction: Direction,
    /// How long it took, its row in the history included.
    pub duration: Duration,
}

impl Direction {
    /// The file of a migration that this runs.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Up => "up.sql",
            Self::Down => "down.sql",
        }
    }

    /// The SQL of a migration that this runs.
    pub(crate) fn sql(self, migration: &Migration) -> &'static str {
        match self {
            Self::Up => migration.up,
            Self::Down => migration.down,
        }
    }
}

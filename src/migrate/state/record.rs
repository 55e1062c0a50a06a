//! Rows of the history and of the ledger, as they are read.

use std::time::Duration;

use crate::migrate::model::migration::Owner;

/// A row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Which version.
    pub version: String,
    /// When, in UTC, as RFC 3339, such as `2026-11-22T10:00:00Z`.
    pub run_on: String,
    /// What the ledger knows of it. `None`: nothing, as of what another tool applied and no `run` has seen since.
    pub record: Option<Record>,
}

/// What the ledger knows of an applied migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The name of its folder.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// The [checksum](crate::migrate::Migration::checksum) of its text when it was applied.
    pub checksum: String,
    /// How it got into the ledger.
    pub origin: Origin,
    /// How long it took, where that was measured.
    pub duration: Option<Duration>,
    /// The role that applied it, where that is known.
    pub applied_by: Option<String>,
    /// The version of this crate that wrote the record.
    pub binary_version: String,
}

/// How a record got into the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The runner applied the migration.
    Run,
    /// A person did, with what [`plan`](crate::migrate::plan) printed.
    Plan,
    /// [`baseline`](crate::migrate::baseline) found its catalog.
    Baseline,
    /// Another tool applied it, such as the Diesel CLI; that it had the same text is only taken to be so.
    Found,
}

impl Origin {
    /// The word for it in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Plan => "plan",
            Self::Baseline => "baseline",
            Self::Found => "found",
        }
    }

    fn from_word(word: &str) -> Self {
        [Self::Run, Self::Plan, Self::Baseline]
            .into_iter()
            .find(|origin| origin.as_str() == word)
            .unwrap_or(Self::Found)
    }
}

/// Whether there is a ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ledger {
    /// Not yet.
    #[default]
    Missing,
    /// It was read.
    Read,
}

/// The columns of a record, read beside a row of the history. A ledger that an earlier release made has no owners: then
/// everything in it is this crate's.
pub(crate) fn columns(has_owner: bool) -> String {
    format!(
        "ledger.name, ledger.checksum, ledger.origin, round(extract(epoch FROM ledger.duration) * 1000000)::bigint,
         ledger.applied_by, ledger.binary_version, {}",
        if has_owner { "ledger.owner" } else { "NULL" }
    )
}

impl Record {
    /// A record from the values of [`columns`], if there is one.
    pub(crate) fn from_values(values: &mut impl Iterator<Item = Option<String>>) -> Option<Self> {
        let mut value = || values.next().flatten();
        let (name, checksum, origin, duration) = (value(), value(), value(), value());
        let (applied_by, binary_version, owner) = (value(), value(), value());
        Some(Self {
            name: name?,
            owner: if owner.as_deref() == Some(Owner::Service.as_str()) { Owner::Service } else { Owner::Messenger },
            checksum: checksum?,
            origin: Origin::from_word(&origin?),
            duration: duration.and_then(|micros| micros.parse().ok()).map(Duration::from_micros),
            applied_by,
            binary_version: binary_version?,
        })
    }
}

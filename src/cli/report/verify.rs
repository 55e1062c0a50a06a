//! The object of `verify`.

use serde::Serialize;

use crate::cli::differences::{self, LISTED};
use crate::migrate::{self, Comparison, Kind, Verification};

/// How a database compares with what it should be.
#[derive(Debug, Serialize)]
pub struct Verified<'a> {
    database: &'a str,
    version: Option<&'a str>,
    clean: bool,
    catalog: &'static str,
    reason: Option<String>,
    counts: Counts,
    differences: Vec<Difference<'a>>,
    diff: Option<String>,
    edited: Vec<Edited<'a>>,
    layout: &'a [String],
}

/// How many differences there are of each kind.
#[derive(Debug, Serialize)]
pub struct Counts {
    broken: usize,
    allowed: usize,
    tuned: usize,
    foreign: usize,
}

/// A part of an object that differs.
#[derive(Debug, Serialize)]
pub struct Difference<'a> {
    kind: &'static str,
    object: &'a str,
    part: Option<&'a str>,
    expected: Option<&'a str>,
    found: Option<&'a str>,
}

/// A migration that was edited after it had been applied.
#[derive(Debug, Serialize)]
pub struct Edited<'a> {
    name: &'a str,
    version: &'a str,
    diff: String,
}

impl<'a> From<&'a Verification> for Verified<'a> {
    fn from(found: &'a Verification) -> Self {
        let (catalog, reason, diff) = match &found.catalog {
            Comparison::Drift(drift) => ("drift", None, Some(differences::diff(drift))),
            Comparison::Unknown(unknown) => ("unknown", Some(unknown.to_string()), None),
            Comparison::Tolerated(_) => ("tolerated", None, None),
            Comparison::Equal | Comparison::None => ("equal", None, None),
        };
        Self {
            database: &found.status.target.database,
            version: found.status.version(),
            clean: found.is_clean(),
            catalog,
            reason,
            counts: Counts::of(&found.catalog),
            differences: listed(&found.catalog).unwrap_or_default(),
            diff,
            edited: found.edited.iter().map(Edited::from).collect(),
            layout: &found.layout,
        }
    }
}

impl<'a> From<&'a migrate::Edited> for Edited<'a> {
    fn from(edited: &'a migrate::Edited) -> Self {
        Self { name: edited.migration.name, version: edited.migration.version.as_str(), diff: edited.diff() }
    }
}

impl<'a> From<&'a migrate::Difference> for Difference<'a> {
    fn from(difference: &'a migrate::Difference) -> Self {
        Self {
            kind: difference.kind.as_str(),
            object: &difference.object,
            part: difference.part.as_deref(),
            expected: difference.expected.as_deref(),
            found: difference.found.as_deref(),
        }
    }
}

impl Counts {
    /// The counts of what was found.
    pub fn of(catalog: &Comparison) -> Self {
        let count = |kind| catalog.drift().map_or(0, |drift| drift.of_kind(kind).count());
        Self {
            broken: count(Kind::Broken),
            allowed: count(Kind::Allowed),
            tuned: count(Kind::Tuned),
            foreign: count(Kind::Foreign),
        }
    }
}

/// What differs, of each kind no more than a person would read. `None`: it is not known what the database should be.
pub fn listed(catalog: &Comparison) -> Option<Vec<Difference<'_>>> {
    if let Comparison::Unknown(_) = catalog {
        return None;
    }
    let mut listed = Vec::new();
    if let Some(drift) = catalog.drift() {
        for kind in [Kind::Broken, Kind::Allowed, Kind::Tuned, Kind::Foreign] {
            listed.extend(drift.of_kind(kind).take(LISTED).map(Difference::from));
        }
    }
    Some(listed)
}

//! The object of `verify`.

use serde::Serialize;

use crate::migrate::{self, Comparison, Verification};

/// How a database compares with what it should be.
#[derive(Debug, Serialize)]
pub struct Verified<'a> {
    database: &'a str,
    version: Option<&'a str>,
    clean: bool,
    catalog: &'static str,
    reason: Option<String>,
    differences: Vec<Difference<'a>>,
    diff: Option<String>,
    edited: Vec<Edited<'a>>,
}

/// A part of an object that differs.
#[derive(Debug, Serialize)]
pub struct Difference<'a> {
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
            Comparison::Drift(drift) => ("drift", None, Some(drift.diff())),
            Comparison::Unknown(unknown) => ("unknown", Some(unknown.to_string()), None),
            Comparison::Equal | Comparison::None => ("equal", None, None),
        };
        Self {
            database: &found.status.target.database,
            version: found.status.version(),
            clean: found.is_clean(),
            catalog,
            reason,
            differences: differences(&found.catalog).unwrap_or_default(),
            diff,
            edited: found.edited.iter().map(Edited::from).collect(),
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
            object: &difference.object,
            part: difference.part.as_deref(),
            expected: difference.expected.as_deref(),
            found: difference.found.as_deref(),
        }
    }
}

/// What differs. `None`: it is not known what the database should be.
pub fn differences(catalog: &Comparison) -> Option<Vec<Difference<'_>>> {
    match catalog {
        Comparison::Drift(drift) => Some(drift.differences.iter().map(Difference::from).collect()),
        Comparison::Equal | Comparison::None => Some(Vec::new()),
        Comparison::Unknown(_) => None,
    }
}

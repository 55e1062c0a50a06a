//! The mark in a version that tells a migration of this crate from a service's own.
//!
//! Both may stand in one `__diesel_schema_migrations`. What a runner applied is in the ledger, with its owner. What the
//! Diesel CLI applied from this crate's folder is in no ledger, and an older binary does not have it embedded; so the
//! version itself says whose it is. Each migration made after the mark was introduced carries [`MARK`] at the end of
//! its version, as `20261201120000messenger` does; [`UNMARKED`] lists those made before. `build.rs` refuses any other.
//!
//! A version without record and without mark is foreign: it is counted, and nothing else follows from it.

/// What a version of this crate ends with.
pub const MARK: &str = "messenger";

/// The versions of this crate that were made before there was a mark. Never to change.
pub const UNMARKED: [&str; 19] = [
    "00000000000000",
    "20261122100000",
    "20261122100100",
    "20261122100200",
    "20261122100300",
    "20261122100400",
    "20261122100500",
    "20261122100600",
    "20261122100700",
    "20261122100800",
    "20261122100900",
    "20261122101000",
    "20261125100000",
    "20261125100100",
    "20261125100200",
    "20261125100300",
    "20261125100400",
    "20261125100500",
    "20261125100600",
];

/// Whether a version is one of this crate's, of whatever release.
#[must_use]
pub fn is_marked(version: &str) -> bool {
    version.ends_with(MARK) || UNMARKED.contains(&version)
}

//! The mark in a version that tells a migration of this crate from a service's own.
//!
//! Both may stand in one `__diesel_schema_migrations`. What a runner applied is in the ledger, with its owner. What the
//! Diesel CLI applied from this crate's folder is in no ledger, and an older binary does not have it embedded; so the
//! version itself says whose it is: each version of this crate ends with [`MARK`], as `20261122100100messenger` does.
//! [`UNMARKED`] lists the exceptions. `build.rs` refuses any other.
//!
//! A version without record and without mark is foreign: it is counted, and nothing else follows from it.

/// What a version of this crate ends with.
pub const MARK: &str = "messenger";

/// The versions of this crate without the mark: the setup that Diesel itself makes. Never to change.
pub const UNMARKED: [&str; 1] = ["00000000000000"];

/// Whether a version is one of this crate's, of whatever release.
#[must_use]
pub fn is_marked(version: &str) -> bool {
    version.ends_with(MARK) || UNMARKED.contains(&version)
}

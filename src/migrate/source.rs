//! The embedded migrations: the folder `migrations/` as it was at compile time.

use std::fmt;

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::Error;
use crate::build_shared::mark::MARK;

/// The migrations as Diesel embeds them, for
/// [`MigrationHarness`](diesel_migrations::MigrationHarness) on a connection of Diesel's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// What Diesel embeds but does not show: the text of each migration. Written by `build.rs`; a test holds it
/// against [`MIGRATIONS`].
pub(crate) struct Embedded {
    name: &'static str,
    version: &'static str,
    up: &'static str,
    down: &'static str,
    run_in_transaction: bool,
    catalog: Option<&'static str>,
}

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// One embedded migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// The name of its folder, such as `2026-11-22-100100-messenger_create_users`.
    pub name: &'static str,
    /// Whose it is.
    pub owner: Owner,
    /// The folder that its own is in, as errors name it, such as `migrations`.
    pub folder: &'static str,
    /// What the name begins with, without dashes: its place in the order, and its key in the history.
    pub version: Version<'static>,
    /// The SQL that applies it.
    pub up: &'static str,
    /// The SQL that undoes it.
    pub down: &'static str,
    /// Whether it runs inside a transaction, which it does unless its `metadata.toml` says otherwise.
    pub run_in_transaction: bool,
    /// The catalog of a database at this version, as [`catalog::read`](super::catalog::read) gives it: put
    /// together from the `catalog.diff` of each migration up to it. `None`: that was not written yet.
    pub catalog: Option<&'static str>,
}

/// Whose a migration is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Owner {
    /// This crate's: a part of the messenger's schema.
    #[default]
    Messenger,
    /// The service's, for tables of its own: see [`Pool::also`](super::Pool::also).
    Service,
}

impl Owner {
    /// The word for it in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messenger => "messenger-db",
            Self::Service => "service",
        }
    }
}

/// The version of a migration, such as `20261122100100messenger`. Versions are ordered as text, as Diesel orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version<'a>(&'a str);

impl<'a> Version<'a> {
    /// The version that the history holds as this text.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The version as the history holds it.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for Version<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// Every embedded migration, oldest first: those of [`MIGRATIONS`], each with its text.
///
/// # Errors
///
/// [`Error::Source`] when Diesel and `build.rs` embedded different folders, which a test excludes.
pub fn all() -> Result<Vec<Migration>, Error> {
    let mut migrations = MigrationSource::<Pg>::migrations(&MIGRATIONS)
        .map_err(|error| Error::Source { reason: error.to_string() })?
        .iter()
        .map(|migration| {
            let name = migration.name().to_string();
            let run_in_transaction = migration.metadata().run_in_transaction();
            EMBEDDED
                .iter()
                .find(|embedded| embedded.name == name && embedded.run_in_transaction == run_in_transaction)
                .map(Migration::from)
                .ok_or_else(|| Error::Source { reason: format!("{name} was embedded only once") })
        })
        .collect::<Result<Vec<_>, _>>()?;
    migrations.sort_by_key(|migration| migration.version);
    Ok(migrations)
}

/// The one among these that a person means by a version, with or without dashes and mark, or by the whole name.
pub(super) fn find(migrations: &[Migration], wanted: &str) -> Result<Migration, Error> {
    let version = wanted.replace('-', "");
    let is_meant = |migration: &Migration| {
        let own = migration.version.as_str();
        migration.name == wanted || own == version || own.strip_suffix(MARK).is_some_and(|time| time == version)
    };
    migrations.iter().copied().find(is_meant).ok_or_else(|| Error::UnknownVersion {
        wanted: wanted.to_owned(),
        newest: migrations.last().map_or_else(String::new, |migration| migration.version.to_string()),
    })
}

impl From<&Embedded> for Migration {
    fn from(embedded: &Embedded) -> Self {
        Self {
            name: embedded.name,
            owner: Owner::Messenger,
            folder: "migrations",
            version: Version(embedded.version),
            up: embedded.up,
            down: embedded.down,
            run_in_transaction: embedded.run_in_transaction,
            catalog: embedded.catalog,
        }
    }
}

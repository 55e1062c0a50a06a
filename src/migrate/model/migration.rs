//! A migration: whose it is, its version, its SQL, and the catalog that it leads to.

use std::fmt;

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
    /// The catalog of a database at this version, as [`catalog`](crate::migrate::catalog) gives it: put
    /// together from the `catalog.diff` of each migration up to it. `None`: that was not written yet.
    pub catalog: Option<&'static str>,
}

/// Whose a migration is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Owner {
    /// This crate's: a part of the messenger's schema.
    #[default]
    Messenger,
    /// The service's, for tables of its own: see [`Pool::also`](crate::migrate::Pool::also).
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

/// A migration of the service's. It lives as long as the program, as the embedded ones do.
pub(crate) fn of_service(
    name: &str,
    version: &str,
    folder: &str,
    up: String,
    down: String,
    run_in_transaction: bool,
) -> Migration {
    let kept = |text: String| &*text.leak();
    Migration {
        name: kept(name.to_owned()),
        owner: Owner::Service,
        folder: kept(folder.to_owned()),
        version: Version::new(kept(version.to_owned())),
        up: kept(up),
        down: kept(down),
        run_in_transaction,
        catalog: None,
    }
}

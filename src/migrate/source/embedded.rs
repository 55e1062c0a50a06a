//! The embedded migrations: the folder `migrations/` as it was at compile time.

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::build_shared::mark::MARK;
use crate::migrate::error::Error;
use crate::migrate::model::migration::{Migration, Owner, Version};

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
pub(crate) fn find(migrations: &[Migration], wanted: &str) -> Result<Migration, Error> {
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
            version: Version::new(embedded.version),
            up: embedded.up,
            down: embedded.down,
            run_in_transaction: embedded.run_in_transaction,
            catalog: embedded.catalog,
        }
    }
}

//! The runner's connections: an r2d2 pool with retries while the server starts, and the session settings that a
//! migration relies on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel::migration::MigrationSource;
use diesel::pg::Pg;

use crate::migrate::error::Error;
use crate::migrate::model::allow::AllowedDrift;
use crate::migrate::model::migration::Migration;
use crate::migrate::session::manager::{Manager, Pooled};
use crate::migrate::session::options::ConnectOptions;
use crate::migrate::source::service;
use crate::migrate::sql::libpq::Conninfo;

/// The runner's connections, one to work on and one to hold the lock, and the migrations that it carries out there.
#[derive(Debug, Clone)]
pub struct Pool {
    connections: r2d2::Pool<Manager>,
    conninfo: Conninfo,
    options: ConnectOptions,
    migrations: Arc<[Migration]>,
    own: Arc<[Migration]>,
    allowed: Arc<AllowedDrift>,
}

impl Pool {
    pub(crate) fn new(
        connections: r2d2::Pool<Manager>,
        conninfo: Conninfo,
        options: ConnectOptions,
        migrations: Arc<[Migration]>,
    ) -> Self {
        Self { connections, conninfo, options, migrations, own: Arc::default(), allowed: Arc::default() }
    }

    /// A connection, as soon as one is free; [`Error::Pool`] when none is free or can be opened in 10 seconds.
    pub(crate) fn get(&self) -> Result<Pooled, Error> {
        self.connections.get().map_err(|error| Error::Pool { reason: error.to_string() })
    }

    /// How long to wait for another runner to finish.
    #[must_use]
    pub const fn lock_wait(&self) -> Duration {
        self.options.lock_wait
    }

    /// How long a statement waits for a lock before it gives up. Zero: for ever.
    #[must_use]
    pub const fn lock_timeout(&self) -> Duration {
        self.options.lock_timeout
    }

    /// How often a migration is tried again that did not get a lock in time.
    #[must_use]
    pub const fn lock_retries(&self) -> usize {
        self.options.lock_retries
    }

    pub(crate) const fn options(&self) -> &ConnectOptions {
        &self.options
    }

    pub(crate) const fn conninfo(&self) -> &Conninfo {
        &self.conninfo
    }

    /// The migrations, oldest first: those that are embedded here, unless others were given.
    #[must_use]
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// The same connections, for other migrations than the embedded ones, sorted by version here.
    #[must_use]
    pub fn with_migrations(self, mut migrations: Vec<Migration>) -> Self {
        migrations.sort_by_key(|migration| migration.version);
        Self { migrations: migrations.into(), ..self }
    }

    /// The service's own migrations, in the order in which they are applied: see [`also`](Self::also).
    #[must_use]
    pub fn own(&self) -> &[Migration] {
        &self.own
    }

    /// Those of this crate, and then the service's own.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Migration> + Clone {
        self.migrations.iter().chain(self.own.iter())
    }

    pub(crate) fn with_own(self, own: Vec<Migration>) -> Self {
        Self { own: own.into(), ..self }
    }

    /// What may differ from the catalog without being drift: nothing, unless something was given.
    #[must_use]
    pub fn allowed_drift(&self) -> &AllowedDrift {
        &self.allowed
    }

    /// The same connections, for databases that may differ from their catalog in this.
    #[must_use]
    pub fn with_allowed_drift(self, allowed: AllowedDrift) -> Self {
        Self { allowed: allowed.into(), ..self }
    }
}

impl Pool {
    /// The same connections, for the service's own migrations too: those that Diesel embeds, or any other source whose
    /// migrations are SQL.
    ///
    /// [`run`](crate::migrate::run) applies this crate's first, then these by version, whatever versions the two have; with the
    /// same history, lock, retries and ledger. What their catalog should be nobody knows, and so nothing is said of it.
    /// [`revert`](crate::migrate::revert) and [`redo`](crate::migrate::redo) begin with the newest of these. Called again, the
    /// migrations of the next source come after those of the one before.
    ///
    /// ```
    /// # use messenger_db::migrate::{self, ConnectOptions, RunOptions, Silent};
    /// # use diesel_migrations::{EmbeddedMigrations, embed_migrations};
    /// # /*
    /// const OWN: EmbeddedMigrations = embed_migrations!("migrations");
    /// # */
    /// # const OWN: EmbeddedMigrations = embed_migrations!("tests/migrate/own_migrations");
    ///
    /// # let url = messenger_db::doctest::empty_database();
    /// let pool = migrate::connect(&url.parse()?, &ConnectOptions::default(), &mut Silent)?.also(&OWN)?;
    /// migrate::run(&pool, &RunOptions::default(), &mut Silent)?;
    /// assert!(migrate::status(&pool)?.pending.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::OwnMigrations`] when one is not SQL, has a version that cannot be stored, or holds what no runner can
    /// carry out; [`Error::SameVersion`] when two have the same version, or one has that of a migration of this crate.
    pub fn also(self, source: &impl MigrationSource<Pg>) -> Result<Self, Error> {
        self.and(service::of_source(source)?)
    }

    /// The same connections, for the service's own migrations too, as [`also`](Self::also), read from a folder: each a
    /// folder `VERSION_TITLE` with an `up.sql`, and perhaps a `down.sql` and a `metadata.toml`.
    ///
    /// # Errors
    ///
    /// Those of [`also`](Self::also), and [`Error::OwnMigrations`], with everything that is wrong, when the folder cannot be
    /// read, holds no migration, or one without an `up.sql`.
    pub fn also_folder(self, folder: impl AsRef<Path>) -> Result<Self, Error> {
        self.and(service::of_folder(folder.as_ref())?)
    }

    fn and(self, more: Vec<Migration>) -> Result<Self, Error> {
        let own = service::joined(self.migrations(), self.own(), more)?;
        Ok(self.with_own(own))
    }
}

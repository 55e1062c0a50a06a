//! The service's own migrations, carried out beside this crate's: what they are read from, and what is refused.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::Path;
#[cfg(feature = "cli")]
use std::path::PathBuf;

use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::{Migration as DieselMigration, MigrationSource};
use diesel::pg::Pg;
use diesel::result::QueryResult;
use diesel_migrations::MigrationError;

#[cfg(feature = "cli")]
use super::source;
use super::{Error, Migration, Owner, Pool, Version, own_folder, statements};

/// The migration that `diesel setup` puts into every folder. This crate has it too, and it is carried out once.
const INITIAL: &str = "00000000000000_diesel_initial_setup";

/// As long as the column of Diesel's table is wide.
const LONGEST_VERSION: usize = 50;

impl Pool {
    /// The same connections, for the service's own migrations too: those that Diesel embeds, or any other source whose
    /// migrations are SQL.
    ///
    /// [`run`](super::run) applies this crate's first, then these by version, whatever versions the two have; with the
    /// same history, lock, retries and ledger. What their catalog should be nobody knows, and so nothing is said of it.
    /// [`revert`](super::revert) and [`redo`](super::redo) begin with the newest of these. Called again, the migrations of
    /// the next source come after those of the one before.
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
        let refused = |reason: String| Error::OwnMigrations { problems: vec![reason] };
        let migrations = source.migrations().map_err(|error| refused(error.to_string()))?;
        let read = migrations.iter().map(|migration| of_diesel(&**migration)).collect::<Result<Vec<_>, _>>();
        self.and(read.map_err(refused)?)
    }

    /// The same connections, for the service's own migrations too, as [`also`](Self::also), read from a folder: each a
    /// folder `VERSION_TITLE` with an `up.sql`, and perhaps a `down.sql` and a `metadata.toml`.
    ///
    /// # Errors
    ///
    /// Those of [`also`](Self::also), and [`Error::OwnMigrations`], with everything that is wrong, when the folder cannot be
    /// read, holds no migration, or one without an `up.sql`.
    pub fn also_folder(self, folder: impl AsRef<Path>) -> Result<Self, Error> {
        self.and(own_folder::read(folder.as_ref()).map_err(|problems| Error::OwnMigrations { problems })?)
    }

    fn and(self, more: Vec<Migration>) -> Result<Self, Error> {
        let own = joined(self.migrations(), self.own(), more)?;
        Ok(self.with_own(own))
    }
}

/// The migrations of a service's folders, in the order in which they are carried out, as
/// [`also_folder`](Pool::also_folder) reads them: before there is a pool.
#[cfg(feature = "cli")]
pub(crate) fn of_folders(folders: &[PathBuf]) -> Result<Vec<Migration>, Error> {
    let ours = source::all()?;
    folders.iter().try_fold(Vec::new(), |own, folder| {
        let more = own_folder::read(folder).map_err(|problems| Error::OwnMigrations { problems })?;
        joined(&ours, &own, more)
    })
}

/// The service's own migrations with more of them, where all can be carried out beside this crate's.
fn joined(ours: &[Migration], own: &[Migration], mut more: Vec<Migration>) -> Result<Vec<Migration>, Error> {
    more.retain(|migration| migration.name != INITIAL);
    more.sort_by_key(|migration| migration.version);
    let problems: Vec<_> = more.iter().flat_map(problems).collect();
    if !problems.is_empty() {
        return Err(Error::OwnMigrations { problems });
    }
    let own = [own, &more].concat();
    let mut known = BTreeMap::new();
    for migration in ours.iter().chain(&own) {
        if let Some(first) = known.insert(migration.version, migration) {
            return Err(Error::SameVersion { first: *first, second: *migration });
        }
    }
    Ok(own)
}

/// What is wrong with a migration, whatever it was read from.
fn problems(migration: &Migration) -> Vec<String> {
    let place = format!("{}/{}", migration.folder, migration.name);
    let mut problems = Vec::new();
    match migration.version.as_str().chars().count() {
        0 => problems.push(format!("{place}: has no version; begin its name with a time, as in 2026-01-31-120000_")),
        length if length > LONGEST_VERSION => {
            problems.push(format!("{place}: has a version of {length} characters; {LONGEST_VERSION} can be stored"));
        }
        _ => {}
    }
    for (file, sql) in [("up.sql", migration.up), ("down.sql", migration.down)] {
        let at = |offset: usize, wrong: &str| {
            let (line, _) = statements::line_and_column(sql, offset);
            format!("{place}/{file}:{line}: {wrong}")
        };
        if sql.starts_with('\u{feff}') {
            problems.push(at(0, "begins with a byte order mark; save it as UTF-8 without one"));
        }
        problems
            .extend(sql.find('\0').map(|offset| at(offset, "has a NUL character, which no query can hold; delete it")));
        for statement in statements::split(sql) {
            let refused = own_folder::refusal(statement.text, migration.run_in_transaction);
            problems.extend(refused.map(|wrong| at(statement.start, &wrong)));
        }
    }
    if migration.up.is_empty() {
        problems.push(format!("{place}/up.sql: is empty; write the change there"));
    }
    problems
}

/// A migration of Diesel's, with the SQL that it would carry out.
fn of_diesel(migration: &dyn DieselMigration<Pg>) -> Result<Migration, String> {
    let name = migration.name().to_string();
    let opaque = |what: &str| format!("{name}: its {what} is no plain SQL, which is all that the runner carries out");
    let mut recorder = Recorder::default();
    migration.run(&mut recorder).map_err(|_| opaque("up"))?;
    let up = recorder.take().ok_or_else(|| opaque("up"))?;
    let down = match migration.revert(&mut recorder) {
        Ok(()) => recorder.take().ok_or_else(|| opaque("down"))?,
        Err(error) if matches!(error.downcast_ref(), Some(MigrationError::NoMigrationRevertFile)) => String::new(),
        Err(_) => return Err(opaque("down")),
    };
    let version = migration.name().version().to_string();
    Ok(of_service(&name, &version, "migrations", up, down, migration.metadata().run_in_transaction()))
}

/// A migration of the service's. It lives as long as the program, as the embedded ones do.
pub(super) fn of_service(
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

/// Takes down the SQL that a migration of Diesel's would carry out, and carries out nothing.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Recorder {
    /// What was taken down, if anything was.
    fn take(&mut self) -> Option<String> {
        let parts = std::mem::take(&mut self.0);
        (!parts.is_empty()).then(|| parts.join(";\n"))
    }
}

impl SimpleConnection for Recorder {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.0.push(query.to_owned());
        Ok(())
    }
}

impl BoxableConnection<Pg> for Recorder {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

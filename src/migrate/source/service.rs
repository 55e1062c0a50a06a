//! The service's own migrations, carried out beside this crate's: what they are read from, and what is refused.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::Path;

use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::{Migration as DieselMigration, MigrationSource};
use diesel::pg::Pg;
use diesel::result::QueryResult;
use diesel_migrations::MigrationError;
#[cfg(feature = "cli")]
use std::path::PathBuf;

use crate::migrate::error::Error;
use crate::migrate::model::migration::{Migration, of_service};
#[cfg(feature = "cli")]
use crate::migrate::source::embedded;
use crate::migrate::source::folder;
use crate::migrate::sql::statements;

/// The migration that `diesel setup` puts into every folder. This crate has it too, and it is carried out once.
const INITIAL: &str = "00000000000000_diesel_initial_setup";

/// As long as the column of Diesel's table is wide.
const LONGEST_VERSION: usize = 50;

/// The migrations of a source of Diesel's, such as what it embeds.
pub(crate) fn of_source(source: &impl MigrationSource<Pg>) -> Result<Vec<Migration>, Error> {
    let refused = |reason: String| Error::OwnMigrations { problems: vec![reason] };
    let migrations = source.migrations().map_err(|error| refused(error.to_string()))?;
    let read = migrations.iter().map(|migration| of_diesel(&**migration)).collect::<Result<Vec<_>, _>>();
    read.map_err(refused)
}

/// The migrations of a folder.
pub(crate) fn of_folder(folder: &Path) -> Result<Vec<Migration>, Error> {
    folder::read(folder).map_err(|problems| Error::OwnMigrations { problems })
}

/// The migrations of a service's folders, in the order in which they are carried out, as
/// [`also_folder`](Pool::also_folder) reads them: before there is a pool.
#[cfg(feature = "cli")]
pub(crate) fn of_folders(folders: &[PathBuf]) -> Result<Vec<Migration>, Error> {
    let ours = embedded::all()?;
    folders.iter().try_fold(Vec::new(), |own, folder| joined(&ours, &own, of_folder(folder)?))
}

/// The service's own migrations with more of them, where all can be carried out beside this crate's.
pub(crate) fn joined(ours: &[Migration], own: &[Migration], mut more: Vec<Migration>) -> Result<Vec<Migration>, Error> {
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
        let statements = statements::split(sql);
        if let Some(second) = statements.get(1).filter(|_| !migration.run_in_transaction) {
            problems.push(at(
                second.start,
                "is a second statement, and this migration runs outside of a transaction: the server makes one of several \
                 sent together; put each into a migration of its own",
            ));
        }
        for statement in statements {
            let refused = folder::refusal(statement.text, migration.run_in_transaction);
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

//! Checks the folder of migrations before it is compiled in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

mod catalogs;
mod folder;
mod locks;
mod name;
mod session;
mod sql;

// Both who include this file, the build script and a test, have it beside it.
use super::build_shared::{entry, metadata, problem, rules, statements};
use entry::{Entry, Kind, entries};
pub use problem::Problem;

/// The file beside the migrations with the whole catalog of the newest version.
const CATALOG: &str = "catalog.txt";

/// A migration that may be compiled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The name of its folder.
    pub name: String,
    /// The version as Diesel records it, without dashes.
    pub version: String,
    /// Its folder.
    pub path: PathBuf,
    /// Whether Diesel puts it into a transaction.
    pub run_in_transaction: bool,
    /// What it changes in the catalog, as a unified diff: its `catalog.diff`. `None` before the first `make catalogs`.
    pub diff: Option<String>,
    /// The catalog at its version, put together from the diffs.
    pub catalog: Option<String>,
}

/// Reads a folder of migrations, sorted by version.
///
/// # Errors
///
/// Everything that is wrong with the folder, not only what was found first.
pub fn read(migrations: &Path) -> Result<Vec<Migration>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut found = Vec::new();
    let place = migrations.file_name().unwrap_or_default().to_string_lossy();
    if !migrations.is_dir() {
        return Err(vec![Problem::new(
            &place,
            "is not a folder",
            "restore it; a package of the crate must include it",
        )]);
    }
    let mut newest_catalog = None;
    for entry in entries(migrations, &place, &mut problems) {
        match stray(&entry) {
            Some(problem) => problems.push(problem),
            None if entry.name == CATALOG => newest_catalog = Some(entry),
            None if entry.kind == Kind::Folder && !entry.is_hidden() => found.push(folder::read(&entry, &mut problems)),
            None => {}
        }
    }
    found.sort_by(|one, other| (&one.version, &one.name).cmp(&(&other.version, &other.name)));
    problems.extend(shared_versions(&place, &found));
    if found.is_empty() && problems.is_empty() {
        problems.push(Problem::new(
            &place,
            "holds no migration",
            "restore them; a package of the crate must include them",
        ));
    }
    if problems.is_empty() {
        catalogs::assemble(&mut found, newest_catalog.as_ref(), &place, &mut problems);
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// What Diesel would pass over though somebody may take it for a migration, or the other way round.
fn stray(entry: &Entry) -> Option<Problem> {
    let (wrong, instead) = match entry.kind {
        Kind::Folder if entry.is_hidden() && entry.path.join("up.sql").exists() => {
            ("is passed over by Diesel, for the dot in front", "rename it, or move it away")
        }
        Kind::Folder => return None,
        // Editors and file managers leave such files behind, and nobody takes them for a migration.
        _ if entry.is_hidden() => return None,
        Kind::File if ["README.md", CATALOG].contains(&entry.name.as_str()) => return None,
        Kind::File => (
            "is passed over by Diesel, which looks at folders only",
            "move it into the folder of its migration, as up.sql or down.sql, or delete it",
        ),
        Kind::LinkToFile => {
            ("is a link to a file, which Diesel takes for a migration", "put the file itself here, or move it away")
        }
        Kind::Neither => ("is neither a file nor a folder, nor a link to one", "delete it"),
    };
    Some(Problem::new(&entry.place, wrong, instead))
}

/// Diesel keeps one migration of each version, and drops the others without a word.
fn shared_versions(place: &str, found: &[Migration]) -> Vec<Problem> {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for migration in found {
        names.entry(&migration.version).or_default().push(&migration.name);
    }
    let shared = names.into_iter().filter(|(_, names)| names.len() > 1);
    let problem = |(version, names): (&str, Vec<&str>)| {
        let wrong = format!("all have the version {version}, of which Diesel would run only one");
        Problem::new(&format!("{place}/{{{}}}", names.join(",")), wrong, "give each a time of its own")
    };
    shared.map(problem).collect()
}

//! Reads a folder of migrations when the program runs: everything that is wrong with it, or the migrations.

use std::path::Path;

// The checks of the build script. Those that are this crate's own rules, such as for names, are not asked of others.
use crate::build_shared::entry::{Entry, Kind, entries};
use crate::build_shared::problem::Problem;
use crate::build_shared::{metadata, rules};
use crate::migrate::model::migration::{Migration, of_service};

/// The migrations of a folder, in no order.
pub(crate) fn read(folder: &Path) -> Result<Vec<Migration>, Vec<String>> {
    let place = folder.to_string_lossy();
    let mut problems = Vec::new();
    let mut migrations = Vec::new();
    match folder.metadata() {
        Ok(found) if found.is_dir() => {}
        Ok(_) => problems.push(Problem::new(&place, "is not a folder", "name the folder that the migrations are in")),
        Err(error) => {
            problems.push(Problem::new(&place, format!("cannot be read: {error}"), "name a folder of migrations"));
        }
    }
    if problems.is_empty() {
        for entry in entries(folder, &place, &mut problems) {
            if entry.kind == Kind::Folder && !entry.is_hidden() {
                migrations.extend(one(&entry, &place, &mut problems));
            }
        }
        if migrations.is_empty() && problems.is_empty() {
            let instead = "name the folder that the migrations are in, or leave it out";
            problems.push(Problem::new(&place, "holds no migration", instead));
        }
    }
    if problems.is_empty() { Ok(migrations) } else { Err(problems.iter().map(ToString::to_string).collect()) }
}

fn one(folder: &Entry, of: &str, problems: &mut Vec<Problem>) -> Option<Migration> {
    let files = entries(&folder.path, &folder.place, problems);
    let find = |name: &str| files.iter().find(|file| file.name == name);
    let run_in_transaction = match find("metadata.toml") {
        Some(file) => metadata::run_in_transaction(file, problems)?,
        None => true,
    };
    let Some(up) = find("up.sql") else {
        let place = format!("{}/up.sql", folder.place);
        problems.push(Problem::new(&place, "is missing", "write the change there, or move the folder away"));
        return None;
    };
    let up = text(up, problems)?;
    let down = find("down.sql").map_or(Some(String::new()), |file| text(file, problems))?;
    let version = folder.name.split('_').next().unwrap_or_default().replace('-', "");
    Some(of_service(&folder.name, &version, of, up, down, run_in_transaction))
}

/// The text of a file or of a link to one; nothing else is opened, for a pipe would never end.
fn text(file: &Entry, problems: &mut Vec<Problem>) -> Option<String> {
    if !matches!(file.kind, Kind::File | Kind::LinkToFile) {
        problems.push(Problem::new(&file.place, "is not a file", "put a file of SQL there"));
        return None;
    }
    file.text().map_err(|problem| problems.push(problem)).ok()
}

/// Why a statement can be in no migration, or not in this one.
pub(crate) fn refusal(statement: &str, run_in_transaction: bool) -> Option<String> {
    if let Some((wrong, instead)) = rules::not_for_a_migration(statement) {
        return Some(format!("{wrong}; {instead}"));
    }
    let name = rules::not_in_a_transaction(statement).filter(|_| run_in_transaction)?;
    Some(format!(
        "{name} cannot run in a transaction, and this migration runs in one; write `run_in_transaction = false` into \
         metadata.toml beside this file"
    ))
}

//! Reads the folder of one migration: what it must hold, and what it may.

use super::entry::{Entry, entries};
use super::{Migration, Problem, metadata, name, sql};

const PARTS: [&str; 4] = ["up.sql", "down.sql", "metadata.toml", "catalog.diff"];

/// Reads the folder of a migration, even if something is wrong with it.
pub fn read(folder: &Entry, problems: &mut Vec<Problem>) -> Migration {
    problems.extend(name::refusal(folder));
    let files = entries(&folder.path, &folder.place, problems);
    let find = |name: &str| files.iter().find(|file| file.name == name);

    let strays = files.iter().filter(|file| !PARTS.contains(&file.name.as_str()) && !file.is_hidden());
    problems.extend(strays.map(|stray| {
        let instead = format!("delete it; a migration is made of {}", PARTS.join(", "));
        Problem::new(&stray.place, "is no part of a migration", instead)
    }));
    let diff = find("catalog.diff").and_then(|file| file.text().map_err(|problem| problems.push(problem)).ok());

    // What cannot be read says neither yes nor no, and one problem must not become two.
    let run_in_transaction = match find("metadata.toml") {
        Some(file) => metadata::run_in_transaction(file, problems),
        None => Some(true),
    };
    for (name, instead) in [("up.sql", "write the change there"), ("down.sql", "write there what undoes up.sql")] {
        match find(name) {
            Some(file) => problems.extend(sql::problems(file, instead, run_in_transaction)),
            None => problems.push(Problem::new(&format!("{}/{name}", folder.place), "is missing", instead)),
        }
    }
    Migration {
        name: folder.name.clone(),
        version: name::version(&folder.name),
        path: folder.path.clone(),
        run_in_transaction: run_in_transaction.unwrap_or(true),
        diff,
        catalog: None,
    }
}

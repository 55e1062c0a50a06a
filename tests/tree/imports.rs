//! Holds the imports of the runner to one way: from the commands down to SQL, and never round in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The folders and files of `src/migrate`, from what imports nothing of the others up to what may import all.
const LAYERS: [&str; 8] = ["sql", "model", "error", "observer", "source", "session", "state", "commands"];

/// The modules of the runner, such as `session::lock`, each with those that it imports.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let sources: BTreeMap<String, String> = super::files()
        .into_iter()
        .filter(|path| path.starts_with("src/migrate") && !path.ends_with("mod.rs"))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| (module(&path), fs::read_to_string(&path).unwrap()))
        .collect();
    let mut imports = BTreeMap::new();
    for (of, source) in &sources {
        let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        // `use a::{b, c::{self, D}}` is told apart by the names of modules: their folder stands before the brace.
        let found = code.split("crate::migrate::").skip(1).flat_map(|path| {
            let path = path.split(';').next().unwrap().to_owned();
            sources.keys().filter(move |to| {
                let (folder, file) = to.rsplit_once("::").unwrap_or(("", to));
                let inside =
                    if folder.is_empty() { Some(path.as_str()) } else { path.strip_prefix(&format!("{folder}::")) };
                let is = |name: &str| {
                    name.trim_start_matches(['{', ' ']).split([':', ' ', ',', '}', '(']).next() == Some(file)
                };
                inside
                    .is_some_and(|inside| if inside.starts_with('{') { inside.split(',').any(is) } else { is(inside) })
            })
        });
        imports.insert(of.clone(), found.filter(|to| *to != of).cloned().collect());
    }
    imports
}

/// `src/migrate/session/lock.rs` is `session::lock`.
fn module(path: &Path) -> String {
    let path = path.strip_prefix("src/migrate").unwrap().with_extension("");
    path.to_str().unwrap().replace('/', "::")
}

fn layer(module: &str) -> usize {
    let first = module.split("::").next().unwrap();
    LAYERS.iter().position(|layer| *layer == first).unwrap_or_else(|| panic!("{module} is in no layer"))
}

#[test]
fn the_runner_imports_from_the_commands_down_to_sql() {
    let imports = imports();
    let count: usize = imports.values().map(BTreeSet::len).sum();
    assert!(imports.len() > 40 && count > 150, "{} files, {count} imports", imports.len());
    let upwards: Vec<_> = imports
        .iter()
        .flat_map(|(of, found)| found.iter().map(move |to| (of, to)))
        .filter(|(of, to)| layer(of) < layer(to))
        .collect();
    assert_eq!(upwards, []);
}

#[test]
fn no_files_of_the_runner_import_each_other() {
    let mut left = imports();
    loop {
        let done: Vec<_> = left
            .iter()
            .filter(|(_, to)| !to.iter().any(|to| left.contains_key(to)))
            .map(|(of, _)| of.clone())
            .collect();
        if done.is_empty() {
            break;
        }
        left.retain(|of, _| !done.contains(of));
    }
    assert_eq!(left, BTreeMap::new(), "these are in a circle, or import what is");
}

//! README.md prints what the commands print.

use std::fs;

use super::root;

#[test]
fn what_run_prints_names_the_newest_migration_and_how_many_there_are() {
    let folders = fs::read_dir(root().join("migrations")).unwrap().map(|entry| entry.unwrap());
    let folders = folders.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<_> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    let version = names.last().unwrap().split('_').next().unwrap().replace('-', "");
    let line = format!("The database is at {version}: {} applied", names.len());
    assert!(fs::read_to_string(root().join("README.md")).unwrap().contains(&line), "{line}");
}

//! Looks for processes by the folder they work in: a server works in its data folder.

use std::fs;
use std::path::Path;

/// Whether a process works in this folder or below. What is left of an ended one works nowhere.
pub fn works_in(folder: &Path) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|process| fs::read_link(process.path().join("cwd")).ok()).any(|cwd| cwd.starts_with(folder))
}

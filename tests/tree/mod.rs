//! What the files of this repository promise: they can be checked out everywhere, and lie as the guide says.

mod imports;
pub mod operations;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders whose files people write.
const FOLDERS: [&str; 6] = ["benches", "build", "migrations", "scripts", "src", "tests"];

/// Every file and folder in a folder, by its path from the root of the repository.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        }
        found.push(path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_owned());
    }
}

fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    assert!(found.len() > 100, "{}", found.len());
    found
}

#[test]
fn what_a_service_takes_from_us_are_all_types_that_its_columns_may_have() {
    let read = |file| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let schema = read("src/schema.rs");
    let ours = schema.lines().filter_map(|line| line.trim().strip_prefix("pub struct ")?.strip_suffix(';'));
    let ours: Vec<_> = ours.collect();
    assert!(ours.contains(&"MessageKind"), "{ours:?}");
    for file in ["docs/own-tables.md", "examples/own-tables/diesel.toml"] {
        let text = read(file);
        let taken = text.split_once("except_custom_type_definitions = [").unwrap().1.split_once("\n]").unwrap().0;
        let taken: Vec<_> = taken.split(|c: char| !c.is_alphanumeric()).collect();
        let left: Vec<_> = ours.iter().filter(|name| !taken.contains(name)).collect();
        assert!(left.is_empty(), "{file} lacks {left:?}");
    }
}

/// An archive has come in once, by `git add --all`.
#[test]
fn nothing_is_committed_at_the_top_but_what_belongs_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = ["-c", "safe.directory=*", "ls-tree", "--name-only", "HEAD"];
    let committed = match Command::new("git").args(list).current_dir(root).output() {
        Ok(committed) if root.join(".git").exists() => committed,
        // There is no history to look into, such as in the package.
        _ => return,
    };
    assert!(committed.status.success(), "{committed:?}");
    let committed = String::from_utf8(committed.stdout).unwrap();
    let expected = [
        ".ci",
        ".dockerignore",
        ".env.sample",
        ".gitignore",
        ".squawk.toml",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "Dockerfile",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "Makefile",
        "README.md",
        "benches",
        "build.rs",
        "build",
        "clippy.toml",
        "compose.citus.yaml",
        "compose.yaml",
        "diesel.toml",
        "docs",
        "examples",
        "migrations",
        "rustfmt.toml",
        "scripts",
        "src",
        "tests",
    ];
    pretty_assertions::assert_eq!(committed.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn no_file_has_a_name_that_windows_reserves() {
    let reserved = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let stem = name.split('.').next().unwrap().trim_end().to_ascii_lowercase();
        let numbered = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
        let device = matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
            || numbered.is_some_and(|number| number.chars().count() == 1 && "0123456789¹²³".contains(number));
        device || name.ends_with([' ', '.']) || name.contains(['<', '>', ':', '"', '|', '?', '*', '\\'])
    };
    let found: Vec<_> = files().into_iter().filter(reserved).collect();
    assert_eq!(found, Vec::<PathBuf>::new());
}

#[test]
fn a_module_of_several_files_is_a_folder_with_a_mod_rs() {
    let files = files();
    let beside: Vec<_> = files
        .iter()
        .filter(|path| path.starts_with("src/queries") || path.starts_with("tests/queries"))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| files.contains(&path.with_extension("")))
        .collect();
    assert_eq!(beside, Vec::<&PathBuf>::new());
}

/// Whether a line of a file is prose that is to be wrapped: a comment, or Markdown but for tables, code and long addresses.
fn is_prose(path: &Path, line: &str) -> bool {
    let text = match path.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => line.trim_start().strip_prefix("//"),
        Some("sql") => line.trim_start().strip_prefix("--"),
        Some("md") => Some(line),
        _ => None,
    };
    let text = text.map(|text| text.trim_start_matches(['/', '!', ' ']));
    text.is_some_and(|text| !text.starts_with('|') && !text.contains("](") && !text.contains("://"))
}

#[test]
fn prose_is_wrapped_where_people_can_read_it() {
    let generated = ["docs/schema.md", "docs/round-trips.md", "src/schema.rs", "tests/cli/distribute.sql"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = files().into_iter().filter(|path| root.join(path).is_file()).collect();
    for path in ["README.md", "CONTRIBUTING.md"] {
        files.push(path.into());
    }
    walk(&root.join("docs"), &mut files);
    let mut found = Vec::new();
    for path in files.iter().filter(|path| !generated.iter().any(|generated| path.ends_with(generated))) {
        let Ok(text) = fs::read_to_string(root.join(path)) else { continue };
        let long = |line: &str| is_prose(path, line) && line.chars().count() > 132;
        found.extend((1..).zip(text.lines()).filter(|(_, line)| long(line)).map(|(number, _)| (path.clone(), number)));
    }
    assert_eq!(found, []);
}

//! Programs that must not compile, each a mistake that some messenger's backend made, and what the compiler says.
//!
//! What it says is in the `.stderr` beside each program, in the words of the Rust that `Cargo.toml` names. After a
//! change of Rust, of Diesel or of a program, `TRYBUILD=overwrite cargo test ui::` writes them anew, to be read.

mod correct;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MISTAKES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ui/mistakes");

#[test]
fn no_mistake_compiles() {
    link_nothing();
    trybuild::TestCases::new().compile_fail("tests/ui/mistakes/*.rs");
}

#[test]
fn each_mistake_says_what_it_is_and_has_its_right_version() {
    let right = include_str!("correct.rs");
    for program in mistakes("rs") {
        let name = program.file_stem().unwrap().to_str().unwrap();
        assert!(fs::read_to_string(&program).unwrap().starts_with("//! "), "{name} does not say what it is");
        let mut functions = right.lines().filter_map(|line| line.strip_prefix("fn ")?.strip_prefix(name));
        assert!(functions.any(|rest| rest.starts_with(['(', '<'])), "tests/ui/correct.rs has no {name}");
    }
}

#[test]
fn each_snapshot_holds_errors_of_its_program_and_nothing_of_this_machine() {
    for snapshot in mistakes("stderr") {
        let name = snapshot.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&snapshot).unwrap();
        assert!(snapshot.with_extension("rs").exists(), "{name} is no program any more");
        assert!(!text.contains("warning"), "{name} has another flaw beside its mistake");
        // The compiler quotes the standard library where its source is installed, and elsewhere does not.
        for foreign in ["$RUST", "/registry/", "/target/", "--> /", "::: /", env!("CARGO_MANIFEST_DIR")] {
            assert!(!text.contains(foreign), "{name} has {foreign}");
        }
        let place = format!("--> tests/ui/mistakes/{name}.rs:");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with("error") {
                assert!(lines.next().unwrap().trim_start().starts_with(&place), "{name} fails elsewhere: {line}");
            }
        }
    }
}

/// The files of that extension in the folder of mistakes.
fn mistakes(extension: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(MISTAKES).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<_> = files.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    assert!(!found.is_empty(), "{MISTAKES} has no .{extension}");
    found
}

/// Spares a second OpenSSL and libpq: trybuild checks, in a target folder of its own, programs that are never linked,
/// so the build scripts of the feature `bundled` may be left out there.
fn link_nothing() {
    let cargo = Command::new(env!("CARGO")).arg("-vV").output().unwrap();
    let version = String::from_utf8(cargo.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("tests/trybuild/.cargo");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), format!("[target.{host}.openssl]\n[target.{host}.pq_sys_src]\n")).unwrap();
}

//! `scripts/preflight` on machines that lack something: folders with a few tools, as the whole PATH.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use tempfile::TempDir;

use super::root;
use crate::support::Run;

const SYSTEM_LIBPQ: [&str; 3] = ["--no-default-features", "--features", "cli"];

/// A machine that has everything: what each tool does when it is called.
const COMPLETE: [(&str, &str); 7] = [
    ("cargo", ""),
    ("rustc", "echo 'rustc 9999.1.0 (abc 2026-01-01)'"),
    ("cc", "read -r _"),
    ("make", ""),
    ("perl", ""),
    ("pkg-config", "echo -lpq"),
    ("psql", ""),
];

/// The same machine, without these tools, and with others instead.
fn machine(without: &[&str], with: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let complete = COMPLETE.iter().filter(|(name, _)| !without.contains(name));
    for (name, does) in complete.chain(with) {
        let file = folder.path().join(name);
        fs::write(&file, format!("#!/bin/sh\n{does}\n")).unwrap();
        fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    }
    folder
}

fn preflight(machine: &TempDir, arguments: &[&str]) -> Run {
    // A copy of the script: the checkout may have the tools that it looks for.
    let checkout = tempfile::tempdir().unwrap();
    fs::create_dir(checkout.path().join("scripts")).unwrap();
    for file in ["scripts/preflight", "Cargo.toml"] {
        fs::copy(root().join(file), checkout.path().join(file)).unwrap();
    }
    let mut command = Command::new("/bin/sh");
    command.arg(checkout.path().join("scripts/preflight")).args(arguments);
    Run::of(command.env_clear().env("PATH", machine.path()))
}

#[test]
fn a_machine_that_has_everything_is_told_nothing() {
    for arguments in [&["demo"][..], &["test"], &[&["test"][..], &SYSTEM_LIBPQ].concat()] {
        let run = preflight(&machine(&[], &[]), arguments).exits(0);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""), "{arguments:?}");
    }
    // A real one: this.
    Run::of(Command::new(root().join("scripts/preflight")).arg("test").args(SYSTEM_LIBPQ)).exits(0);
}

#[test]
fn a_perl_without_the_modules_of_openssls_build_is_named_with_what_brings_them() {
    // As Debian's perl-base is.
    let perl = r#"case "$1" in *FindBin | *IPC::Cmd | *File::Compare) exit 2 ;; esac"#;
    let base = machine(&["perl"], &[("perl", perl), ("apt-get", "")]);
    let run = preflight(&base, &["demo"])
        .exits(1)
        .complains("make demo needs what is not here:\n")
        .complains("the modules of perl that OpenSSL is built with: File::Compare FindBin IPC::Cmd\n")
        .complains("  sudo apt-get install perl\n")
        .complains("make demo FEATURES=\"--no-default-features --features cli\"");
    assert!(!run.stderr.contains("dnf"), "{}", run.stderr);
    preflight(&base, &[&["demo"][..], &SYSTEM_LIBPQ].concat()).exits(0);
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let run = preflight(&machine(&["cargo", "cc", "make", "perl"], &[("dnf", "")]), &["test"]).exits(1);
    let lines: Vec<_> = run.stderr.lines().collect();
    for wanted in ["  cargo and rustc ", "  cc, ", "  make: ", "  perl: "] {
        assert!(lines.iter().any(|line| line.starts_with(wanted)), "{wanted}: {}", run.stderr);
    }
    assert!(lines.contains(&"  sudo dnf install gcc make perl-core"), "{}", run.stderr);
}

#[test]
fn where_no_package_manager_is_known_the_commands_of_several_are_shown() {
    let run = preflight(&machine(&["make"], &[]), &["demo"]).exits(1);
    for manager in ["apt-get install", "dnf install", "apk add", "pacman -S", "brew install"] {
        assert!(run.stderr.contains(&format!("{manager} make")), "{}", run.stderr);
    }
}

#[test]
fn an_old_compiler_is_named_with_its_version() {
    let old = machine(&["rustc"], &[("rustc", "echo 'rustc 1.80.1 (abc 2024-01-01)'")]);
    preflight(&old, &["demo"]).exits(1).complains("and this is 1.80.1: `rustup update stable` brings it");
    // rustup's own rustc, without a toolchain.
    let none = machine(&["rustc"], &[("rustc", "echo 'no default toolchain' >&2; exit 1")]);
    preflight(&none, &["demo"]).exits(1).complains("https://rustup.rs");
}

#[test]
fn a_compiler_that_links_nothing_is_found_out() {
    let run = preflight(&machine(&["cc"], &[("cc", "exit 1"), ("apt-get", "")]), &["demo"]).exits(1);
    assert!(run.stderr.contains("sudo apt-get install libc6-dev"), "{}", run.stderr);
}

#[test]
fn with_features_for_the_systems_libpq_it_is_libpq_that_is_looked_for() {
    let cc = r#"case "$*" in *-lpq*) exit 1 ;; esac"#;
    let without = machine(&["cc", "perl", "make", "pkg-config"], &[("cc", cc), ("apt-get", "")]);
    let run = preflight(&without, &[&["demo"][..], &SYSTEM_LIBPQ].concat()).exits(1);
    assert!(run.stderr.contains("libpq, with the files to link it"), "{}", run.stderr);
    assert!(run.stderr.contains("sudo apt-get install libpq-dev\n") && !run.stderr.contains("perl"), "{}", run.stderr);
}

#[test]
fn what_reads_the_catalog_without_the_binary_needs_psql() {
    let without = machine(&["psql"], &[("apt-get", "")]);
    let run = preflight(&without, &["catalogs"]).exits(1);
    assert!(run.stderr.contains("sudo apt-get install postgresql-client\n"), "{}", run.stderr);
    preflight(&without, &["demo"]).exits(0);
}

#[test]
fn make_calls_it_before_anything_is_built() {
    for target in ["demo", "build", "test", "bench", "load", "schema", "catalogs"] {
        let run = Run::of(Command::new("make").args(["--dry-run", target]).current_dir(root())).exits(0);
        let first = run.stdout.lines().find(|line| !line.starts_with("make")).unwrap();
        assert!(first.starts_with(&format!("scripts/preflight {target}")), "{target}: {first}");
    }
}

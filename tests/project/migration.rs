//! `scripts/migration` makes the folder of a migration as the build wants it.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::root;
use crate::support::Run;

fn make(migrations: &Path, arguments: &[&str]) -> Run {
    Run::of(Command::new(root().join("scripts/migration")).args(arguments).env("MIGRATIONS", migrations))
}

fn names(migrations: &Path) -> Vec<String> {
    let entries = fs::read_dir(migrations).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.collect();
    names.sort();
    names
}

#[test]
fn a_new_migration_is_the_newest_and_has_the_mark_and_the_headings() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &["add_bio"]).exits(0).complains("make schema catalogs");
    let [name] = &names(folder.path())[..] else { panic!() };
    let (version, title) = name.split_once('_').unwrap();
    assert!(version.ends_with("-messenger") && version.len() == "2026-01-31-120000-messenger".len(), "{name}");
    assert_eq!(title, "add_bio");
    let up = fs::read_to_string(folder.path().join(name).join("up.sql")).unwrap();
    for heading in ["-- Purpose: ", "-- Lock: ", "-- Tolerable because: ", "-- Code deployed before: "] {
        assert!(up.contains(heading), "{up}");
    }
    assert!(folder.path().join(name).join("down.sql").exists());

    // Where the clock is behind the newest, or the same second.
    fs::create_dir(folder.path().join("2999-12-31-085930-messenger_add_cats")).unwrap();
    make(folder.path(), &["add_dogs"]).exits(0);
    assert_eq!(names(folder.path())[2], "2999-12-31-090030-messenger_add_dogs");
    fs::create_dir(folder.path().join("2999-12-31-235930-messenger_add_birds")).unwrap();
    make(folder.path(), &["add_fish"]).exits(1).complains("2999-12-31-235930");
}

#[test]
fn what_the_diesel_cli_has_made_gets_the_mark() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &[]).exits(0);
    for name in
        ["00000000000000_diesel_initial_setup", "2026-01-31-120000-0000_add_bio", "2026-01-31-120000-messenger_add_x"]
    {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("README.md"), "").unwrap();
    make(folder.path(), &[]).exits(0);
    make(folder.path(), &[]).exits(0);
    assert_eq!(
        names(folder.path()),
        [
            "00000000000000_diesel_initial_setup",
            "2026-01-31-120000-messenger_add_bio",
            "2026-01-31-120000-messenger_add_x",
            "README.md"
        ]
    );
}

#[test]
fn a_name_that_the_build_would_refuse_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["bio", "Add_bio", "add-bio", "add__bio", "1add_bio", "", "../add_bio", "add bio"] {
        make(folder.path(), &[name]).exits(2).complains("as in add_bio");
    }
    assert_eq!(names(folder.path()), [""; 0]);
}

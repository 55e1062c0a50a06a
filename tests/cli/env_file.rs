//! The `.env` file of the folder, for what the environment does not say.

use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::{applied, versions};
use crate::support::{Run, TestDatabase, messenger_db};

fn folder_with(text: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), text).unwrap();
    folder
}

#[test]
fn the_file_names_the_database_when_the_environment_does_not() {
    let database = TestDatabase::empty();
    let folder = folder_with(format!("# comment\n\nexport DATABASE_URL='{}'\nOTHER=1\n", database.url()));
    Run::of(messenger_db(&["run"]).current_dir(folder.path())).exits(0);
    assert_eq!(applied(&database), versions());
}

#[test]
fn the_file_of_a_folder_above_counts_too() {
    let database = TestDatabase::empty();
    let folder = folder_with(format!("\u{feff}DATABASE_URL=\"{}\"\r\n", database.url()));
    let below = folder.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    Run::of(messenger_db(&["run"]).current_dir(below)).exits(0);
    assert_eq!(applied(&database), versions());
}

#[test]
fn the_environment_wins_over_the_file_and_the_option_over_both() {
    let (first, second) = (TestDatabase::empty(), TestDatabase::empty());
    let folder = folder_with("DATABASE_URL=postgresql://127.0.0.1:1/nothing-here\n");
    Run::of(messenger_db(&["run"]).current_dir(folder.path()).env("DATABASE_URL", first.url())).exits(0);
    assert_eq!(applied(&first), versions());
    Run::of(messenger_db(&["run", "--database-url", &second.url()]).current_dir(folder.path())).exits(0);
    assert_eq!(applied(&second), versions());
    Run::of(messenger_db(&["run"]).current_dir(folder.path())).exits(7);
}

#[test]
fn an_environment_that_says_nothing_is_not_the_same_as_none() {
    let folder = folder_with("DATABASE_URL=postgresql://127.0.0.1:1/nothing-here\n");
    Run::of(messenger_db(&["run"]).current_dir(folder.path()).env("DATABASE_URL", "")).exits(2).complains("is empty");
}

#[test]
fn a_file_that_cannot_be_read_is_refused_with_its_name() {
    for text in [&b"no assignment\n"[..], b"=value\n", b"A=1\nB='open\n", b"A=a b\n", b"A=\xff\n", b"A=a\0b\n"] {
        let folder = folder_with(text);
        Run::of(messenger_db(&["run"]).current_dir(folder.path()))
            .exits(2)
            .complains(&format!("{}/.env cannot be read: ", folder.path().canonicalize().unwrap().display()))
            .complains("NAME=value");
        let error = Run::of(messenger_db(&["run", "--json"]).current_dir(folder.path())).exits(2).json_error();
        assert_eq!(error["exit_code"], 2);
    }
}

#[test]
fn what_is_no_file_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".env")).unwrap();
    let database = TestDatabase::empty();
    Run::of(messenger_db(&["run"]).current_dir(folder.path()).env("DATABASE_URL", database.url())).exits(0);

    std::fs::remove_dir(folder.path().join(".env")).unwrap();
    symlink("/nonexistent", folder.path().join(".env")).unwrap();
    Run::of(messenger_db(&["run"]).current_dir(folder.path()).env("DATABASE_URL", database.url())).exits(0);
}

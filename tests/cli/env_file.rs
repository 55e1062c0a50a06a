//! The `.env` file of the folder, for what the environment does not say.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;

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

/// Files that other programs read, or nobody: with the line that cannot be read.
const UNREADABLE: [(&[u8], usize); 8] = [
    (b"no assignment\n", 1),
    (b"=value\n", 1),
    (b"A=1\nB='open\n", 2),
    (b"A=1\nAPP_NAME=My App\n", 2),
    (b"# caf\xe9\nA=\xff\n", 2),
    (b"A=a\0b\n", 1),
    (b"KEY=-----BEGIN PRIVATE KEY-----\nMIIEvQ/+\n-----END PRIVATE KEY-----\n", 1),
    (b"A=1 2\nDATABASE_URL=postgresql://localhost/a database\n", 2),
];

#[test]
fn a_file_that_cannot_be_read_is_refused_with_its_name_and_line_where_the_url_could_only_be_there() {
    for (text, line) in UNREADABLE {
        let folder = folder_with(text);
        Run::of(messenger_db(&["run"]).current_dir(folder.path()))
            .exits(2)
            .complains(&format!(
                "{}/.env cannot be read: line {line}: ",
                folder.path().canonicalize().unwrap().display()
            ))
            .complains("NAME=value");
        let error = Run::of(messenger_db(&["run", "--json"]).current_dir(folder.path())).exits(2).json_error();
        assert_eq!(error["exit_code"], 2);
    }
}

#[test]
fn a_file_that_cannot_be_read_stops_nothing_when_the_url_comes_from_elsewhere() {
    let database = TestDatabase::migrated();
    let url = database.url();
    for (text, _) in UNREADABLE {
        let folder = folder_with(text);
        for arguments in [&["status"][..], &["exec", "--", "true"]] {
            let run = Run::of(messenger_db(arguments).current_dir(folder.path()).env("DATABASE_URL", &url)).exits(0);
            assert_eq!(run.stderr, "");
            let option = [&["--database-url", &url][..], arguments].concat();
            Run::of(messenger_db(&option).current_dir(folder.path())).exits(0);
        }
        // Whoever wants to know is told.
        let told = &mut messenger_db(&["status", "--verbose"]);
        Run::of(told.current_dir(folder.path()).env("DATABASE_URL", &url))
            .exits(0)
            .complains(".env: passed over: line ");
    }
}

#[test]
fn a_line_that_cannot_be_read_does_not_hide_the_url_of_another() {
    let database = TestDatabase::migrated();
    for (text, _) in &UNREADABLE[..7] {
        let line = format!("DATABASE_URL={}\n", database.url());
        for text in [[text, line.as_bytes()].concat(), [line.as_bytes(), text].concat()] {
            let folder = folder_with(text);
            Run::of(messenger_db(&["status", "--exit-code"]).current_dir(folder.path())).exits(0);
        }
    }
}

#[test]
fn a_switch_that_cannot_be_read_keeps_the_program_from_starting() {
    let database = TestDatabase::empty();
    let folder = folder_with("RUN_MIGRATIONS=true please\n");
    let mut command = messenger_db(&["exec", "--", "true"]);
    command.current_dir(folder.path()).env("DATABASE_URL", database.url()).env_remove("RUN_MIGRATIONS");
    Run::of(&mut command).exits(2).complains("line 1: ");
    Run::of(command.env("RUN_MIGRATIONS", "false")).exits(0);
}

#[test]
fn a_file_of_a_folder_above_that_may_not_be_read_stops_nothing_when_the_url_comes_from_elsewhere() {
    let database = TestDatabase::migrated();
    let folder = folder_with("SECRET=of root\n");
    // Root may read everything; a file that is too long cannot be read by anybody.
    let file = std::fs::File::create(folder.path().join(".env")).unwrap();
    file.set_len(1 << 40).unwrap();
    let below = folder.path().join("a");
    std::fs::create_dir(&below).unwrap();
    Run::of(messenger_db(&["status"]).current_dir(&below).env("DATABASE_URL", database.url())).exits(0);
    Run::of(messenger_db(&["status"]).current_dir(&below))
        .exits(2)
        .complains("/.env cannot be read: it is longer than");
}

#[test]
fn a_file_that_only_root_may_read_in_a_folder_above_stops_nothing_when_the_url_comes_from_elsewhere() {
    let database = TestDatabase::migrated();
    // Whoever runs the server, which is never root.
    let owner = fs::metadata(database.connect().host()).unwrap();
    if fs::metadata("/proc/self").unwrap().uid() != 0 || owner.uid() == 0 {
        return eprintln!("skipped: only root has files that others may not read");
    }
    let folder = folder_with("SECRET=of root\n");
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    // The user may not enter the checkout.
    let binary = below.join("messenger-db");
    fs::copy(env!("CARGO_BIN_EXE_messenger-db"), &binary).unwrap();
    for (path, mode) in [(&binary, 0o755), (&folder.path().join(".env"), 0o600), (&folder.path().to_owned(), 0o755)] {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let command = |arguments: &[&str]| {
        let mut command = Command::new(&binary);
        command.args(arguments).current_dir(&below).env_clear().uid(owner.uid()).gid(owner.gid());
        command
    };
    Run::of(command(&["status"]).env("DATABASE_URL", database.url())).exits(0);
    Run::of(command(&["exec", "--", "true"]).env("DATABASE_URL", database.url())).exits(0);
    Run::of(&mut command(&["status", "--database-url", &database.url()])).exits(0);
    Run::of(&mut command(&["status"])).exits(2).complains("/.env cannot be read: Permission denied");
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

#[test]
fn a_direct_url_of_the_file_does_not_go_with_a_url_of_the_environment() {
    let (database, other) = (TestDatabase::migrated(), TestDatabase::empty());
    let folder = folder_with(format!("DATABASE_URL={0}\nDIRECT_URL={0}\n", other.url()));
    let status = &mut messenger_db(&["status", "--exit-code"]);
    Run::of(status.current_dir(folder.path()).env("DATABASE_URL", database.url())).exits(0);
    Run::of(messenger_db(&["status", "--exit-code"]).current_dir(folder.path())).exits(3);
}

#[test]
fn an_empty_folder_is_what_docker_makes_of_a_file_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".env")).unwrap();
    Run::of(messenger_db(&["status"]).current_dir(folder.path())).exits(2).complains("empty folder").complains(".env");
    let database = TestDatabase::migrated();
    Run::of(messenger_db(&["status", "--database-url", &database.url()]).current_dir(folder.path())).exits(0);
}

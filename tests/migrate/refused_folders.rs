//! The build refuses a folder of migrations for each thing that cannot work, and for nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use messenger_db::migrate::for_tests as build_shared;
use messenger_db::migrate::for_tests::mark;
use tempfile::TempDir;

mod catalogs;
#[path = "../../build/check.rs"]
mod check;
#[path = "../../build/embedded.rs"]
#[allow(dead_code, reason = "only the build script needs the source for a refused folder")]
mod embedded;
mod sql;
#[path = "../../build/unmarked.rs"]
mod unmarked;

const NAME: &str = "2026-01-31-120000_create_users";
const OPTED_OUT: &str = "run_in_transaction = false\n";

/// A folder of migrations that is thrown away after the test.
struct Folder(TempDir);

impl Folder {
    /// One migration, with nothing wrong.
    fn good() -> Self {
        Self(tempfile::tempdir().unwrap()).migration(NAME)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join("migrations").join(path)
    }

    fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let file = self.path(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
        self
    }

    fn migration(self, name: &str) -> Self {
        self.file(&format!("{name}/up.sql"), "CREATE TABLE users ();\n")
            .file(&format!("{name}/down.sql"), "DROP TABLE users;\n")
    }

    fn up(self, sql: impl AsRef<[u8]>) -> Self {
        self.file(&format!("{NAME}/up.sql"), sql)
    }

    fn metadata(self, toml: impl AsRef<[u8]>) -> Self {
        self.file(&format!("{NAME}/metadata.toml"), toml)
    }

    fn without(self, path: &str) -> Self {
        fs::remove_file(self.path(path)).unwrap();
        self
    }

    fn problems(&self) -> Vec<String> {
        let read = check::read(&self.path(""));
        read.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[track_caller]
    fn is_accepted(&self) {
        assert_eq!(self.problems(), [""; 0]);
    }

    /// Refused for exactly these problems: where each is, and what its message says.
    #[track_caller]
    fn is_refused(&self, expected: &[(&str, &str)]) {
        let problems = self.problems();
        assert_eq!(problems.len(), expected.len(), "{problems:#?}");
        for (problem, (place, says)) in problems.iter().zip(expected) {
            let place = if place.is_empty() { "migrations".to_owned() } else { format!("migrations/{place}") };
            let message = problem.strip_prefix(&format!("{place}: "));
            let message = message.unwrap_or_else(|| panic!("{problem} is not about {place}"));
            assert!(message.contains(says), "{message:?} does not say {says:?}");
            assert!(message.contains("; "), "{message:?} does not say what to do");
        }
    }

    /// Refused for one problem, in this file of the one migration.
    #[track_caller]
    fn is_refused_in(&self, file: &str, says: &str) {
        self.is_refused(&[(&format!("{NAME}/{file}"), says)]);
    }
}

#[test]
fn a_good_folder_is_read_in_the_order_of_versions() {
    let folder = Folder::good()
        .migration("2025-12-31-235959_add_names")
        .migration("00000000000000_diesel_initial_setup")
        .migration("2026-02-28-000000-0000_add_polls")
        .metadata(OPTED_OUT);
    let read = check::read(&folder.path("")).unwrap();
    let found: Vec<_> = read.iter().map(|m| (m.version.as_str(), m.name.as_str(), m.run_in_transaction)).collect();
    let expected = [
        ("00000000000000", "00000000000000_diesel_initial_setup", true),
        ("20251231235959", "2025-12-31-235959_add_names", true),
        ("20260131120000", NAME, false),
        // As `diesel migration generate` names it.
        ("202602280000000000", "2026-02-28-000000-0000_add_polls", true),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_good_folder_may_hold_a_readme_catalogs_and_hidden_files() {
    Folder::good()
        .file("README.md", "How to write one.")
        .file(".gitkeep", "")
        .file(".idea/x", "")
        .file(&format!("{NAME}/catalog.diff"), "@@ -0,0 +1 @@\n+table users\n")
        .file("catalog.txt", "table users\n")
        .file(&format!("{NAME}/.up.sql.swp"), [0xff])
        .metadata("# Why.\nrun_in_transaction = true\n")
        .is_accepted();
}

#[test]
fn all_problems_are_told_at_once() {
    let folder = Folder::good()
        .up("BEGIN;\nCREATE INDEX CONCURRENTLY i ON t (a);\nCOMMIT;")
        .metadata("run_in_transaction = true\nother = 1")
        .without(&format!("{NAME}/down.sql"))
        .file("stray.sql", "SELECT 1")
        .migration("20260131120000_x");
    folder.is_refused(&[
        (&format!("{NAME}/metadata.toml:2"), "`other`"),
        (&format!("{NAME}/up.sql:1"), "BEGIN"),
        (&format!("{NAME}/up.sql:2"), "cannot run in a transaction"),
        (&format!("{NAME}/up.sql:2"), "cannot run beside other statements"),
        (&format!("{NAME}/up.sql:3"), "COMMIT"),
        (&format!("{NAME}/down.sql"), "is missing"),
        ("20260131120000_x", "not a time as in YYYY-MM-DD-HHMMSS"),
        ("stray.sql", "is passed over by Diesel"),
        (&format!("{{{NAME},20260131120000_x}}"), "have the version 20260131120000"),
    ]);
}

#[test]
fn a_message_names_the_place_the_trouble_and_the_way_out() {
    let problems = Folder::good().up("-- Why.\nVACUUM users;").problems();
    let expected = "migrations/2026-01-31-120000_create_users/up.sql:2: VACUUM cannot run in a transaction, and this \
                    migration runs in one; write `run_in_transaction = false` into metadata.toml beside this file";
    assert_eq!(problems, [expected]);
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let problems = check::read(&root.path().join("migrations")).unwrap_err();
    assert!(problems[0].to_string().starts_with("migrations: is not a folder; "), "{problems:?}");
}

#[test]
fn a_folder_without_a_migration_is_refused() {
    let folder = Folder(tempfile::tempdir().unwrap()).file("README.md", "");
    folder.is_refused(&[("", "holds no migration")]);
}

#[test]
fn a_name_that_is_not_a_time_and_a_title_is_refused_with_a_better_one() {
    let names = [
        ("20260131120000_create_users", "`2026-01-31-120000_create_users`"),
        ("2026-01-31-120000-000_create_users", "`2026-01-31-120000_create_users`"),
        ("2026-01-31_create_users", "for example to `2026-01-31-120000_create_users`"),
        ("20261331120000_create_users", "for example to `2026-01-31-120000_create_users`"),
        ("create_users", "for example to `2026-01-31-120000_create_users`"),
        ("0000000000000_create_users", "`2026-01-31-120000_create_users`"),
        ("2026-02-29-120000_create_users", "no time on the calendar"),
        ("2026-04-31-120000_create_users", "no time on the calendar"),
        ("2026-13-01-120000_create_users", "no time on the calendar"),
        ("2026-01-00-120000_create_users", "no time on the calendar"),
        ("2100-02-29-120000_create_users", "no time on the calendar"),
        ("2026-01-31-240000_create_users", "no time on the calendar"),
        ("2026-01-31-126000_create_users", "no time on the calendar"),
        ("2026-01-31-120060_create_users", "no time on the calendar"),
        ("2026-01-31-120000_Create-Users", "to `2026-01-31-120000_create_users`"),
        ("2026-01-31-120000_create_Users", "to `2026-01-31-120000_create_users`"),
        ("2026-01-31-120000_create__users", "to `2026-01-31-120000_create_users`"),
        ("2026-01-31-120000_users", "not a verb and a noun"),
        ("2026-01-31-120000_1st_users", "not a verb and a noun"),
        ("2026-01-31-120000", "not a verb and a noun"),
        ("2026-01-31-120000_créer_users", "not a verb and a noun"),
        ("日本語", "not a time"),
    ];
    for (name, says) in names {
        Folder(tempfile::tempdir().unwrap()).migration(name).is_refused(&[(name, says)]);
    }
    for name in ["2024-02-29-235959_add_x2", "2000-02-29-000000_a_b_c"] {
        Folder::good().migration(name).is_accepted();
    }
}

#[test]
fn two_migrations_of_one_version_are_refused() {
    let folder = Folder::good().migration("2026-01-31-120000_drop_users");
    folder.is_refused(&[(&format!("{{{NAME},2026-01-31-120000_drop_users}}"), "all have the version 20260131120000")]);
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let folder = Folder::good().without(&format!("{NAME}/up.sql"));
    folder.file(&format!("{NAME}/up.sql/x"), "").is_refused_in("up.sql", "cannot be read");
}

#[test]
fn metadata_that_diesel_would_guess_from_is_refused() {
    Folder::good().metadata("").is_refused_in("metadata.toml", "takes for false");
    Folder::good().metadata("# run_in_transaction = false").is_refused_in("metadata.toml", "takes for false");
    Folder::good().metadata("\nrun_in_transaction = maybe").is_refused_in("metadata.toml:2", "is not TOML");
    Folder::good().metadata("[").is_refused_in("metadata.toml:1", "is not TOML");
    let twice = OPTED_OUT.repeat(2);
    Folder::good().metadata(twice).is_refused_in("metadata.toml:2", "is not TOML");
    Folder::good().metadata("run_in_transaction = 'false'").is_refused_in("metadata.toml:1", "of type string");
    Folder::good().metadata("run_in_transaction = 0").is_refused_in("metadata.toml:1", "of type integer");
    let unknown = format!("{OPTED_OUT}\ntimeout = 3");
    Folder::good().metadata(unknown).is_refused_in("metadata.toml:3", "`timeout`");
    let nested = "[migration]\nrun_in_transaction = false";
    let says = [("metadata.toml:1", "`migration`"), ("metadata.toml", "takes for false")];
    let places = says.map(|(file, says)| (format!("{NAME}/{file}"), says));
    let expected: Vec<_> = places.iter().map(|(place, says)| (place.as_str(), *says)).collect();
    Folder::good().metadata(nested).is_refused(&expected);
}

#[test]
fn files_that_diesel_passes_over_are_refused() {
    for name in ["2026-01-31-120000_create_users.sql", "readme.md", "up.sql", "schema.rs"] {
        Folder::good().file(name, "").is_refused(&[(name, "is passed over by Diesel")]);
    }
    let hidden = Folder::good().migration(".2026-02-01-120000_add_names");
    hidden.is_refused(&[(".2026-02-01-120000_add_names", "is passed over by Diesel")]);
}

#[test]
fn files_that_are_no_part_of_a_migration_are_refused() {
    for name in ["Up.sql", "up.sql~", "up2.sql", "notes.md", "metadata.tml", "data/rows.csv"] {
        let entry = name.split('/').next().unwrap();
        Folder::good().file(&format!("{NAME}/{name}"), "").is_refused_in(entry, "is no part of a migration");
    }
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_followed_and_links_to_files_are_not_migrations() {
    use std::os::unix::fs::symlink;

    let elsewhere = Folder::good();
    let folder = Folder(tempfile::tempdir().unwrap()).migration("2026-01-30-120000_add_names");
    symlink(elsewhere.path(NAME), folder.path(NAME)).unwrap();
    folder.is_accepted();
    assert_eq!(check::read(&folder.path("")).unwrap().len(), 2);

    fs::write(elsewhere.path(&format!("{NAME}/up.sql")), "COMMIT").unwrap();
    folder.is_refused_in("up.sql:1", "COMMIT");

    let folder = Folder::good();
    symlink(elsewhere.path(NAME).join("up.sql"), folder.path("README.md")).unwrap();
    symlink("nowhere", folder.path("2026-02-01-120000_add_names")).unwrap();
    folder.is_refused(&[
        ("2026-02-01-120000_add_names", "is neither a file nor a folder"),
        ("README.md", "is a link to a file"),
    ]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = Folder::good();
    fs::create_dir(folder.path("").join(std::ffi::OsStr::from_bytes(b"2026-02-01-120000_add_caf\xe9"))).unwrap();
    folder.is_refused(&[("2026-02-01-120000_add_caf\u{fffd}", "has a name that is not UTF-8")]);
}

#[test]
fn the_source_escapes_whatever_a_path_may_hold() {
    let migration = check::Migration {
        name: NAME.to_owned(),
        version: "20260131120000".to_owned(),
        path: Path::new(r#"/migrations/a\ "b" 'c' é {}"#).to_owned(),
        run_in_transaction: false,
        diff: None,
        catalog: Some("table users:\n".to_owned()),
    };
    let source = embedded::source(&[migration]);
    let up = r#"up: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/a\\ \"b\" 'c' é {}/up.sql")), "#;
    assert!(source.contains(up), "{source}");
    assert!(source.contains(r#"catalog: Some("table users:\n")"#), "{source}");
    assert!(source.contains(r#"version: "20260131120000""#) && source.contains("run_in_transaction: false"));
}

#[test]
fn a_migration_without_the_mark_of_this_crate_is_refused_with_the_name_that_it_should_have() {
    let unmarked = |name: &str| {
        let folder = Folder(tempfile::tempdir().unwrap()).migration(name);
        let read = check::read(&folder.path("")).unwrap_or_default();
        assert_eq!(read.len(), 1, "{name}");
        unmarked::problem(&read[0])
    };
    let problem = unmarked(NAME).unwrap();
    assert!(problem.starts_with(&format!("migrations/{NAME}: its version lacks the mark")), "{problem}");
    assert!(problem.contains("renames it to `2026-01-31-120000-messenger_create_users`"), "{problem}");
    let numbered = unmarked("2026-01-31-120000-0000_create_users").unwrap();
    assert!(numbered.contains("`2026-01-31-120000-messenger_create_users`"), "{numbered}");
    assert_eq!(unmarked("2026-01-31-120000-messenger_create_users"), None);
    assert_eq!(unmarked("00000000000000_diesel_initial_setup"), None);
}

//! What is wrong with a service's own migrations is told before anything is applied.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use messenger_db::migrate::{Error, migrations};
use tempfile::TempDir;

use crate::cli::on;
use crate::support::TestDatabase;

/// A folder of migrations.
pub struct Folder(TempDir);

impl Folder {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The same, with a migration.
    pub fn with(self, name: &str, up: &str) -> Self {
        self.file(&format!("{name}/up.sql"), up)
    }

    /// The same, with a file.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

const GOOD: &str = "2026-12-01-000000_create_x";
const UP: &str = "CREATE TABLE x ();";

#[track_caller]
fn refused(folder: &Path, says: &[&str]) {
    let database = TestDatabase::empty();
    let run = on(&database, &["run", "--also", folder.to_str().unwrap()]).exits(2).complains("Nothing was changed.");
    for text in says {
        assert!(run.stderr.contains(text), "{text:?} is not in {}", run.stderr);
    }
    assert_eq!(database.value("SELECT to_regclass('__diesel_schema_migrations') IS NULL"), "t");
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let folder = Folder::new().file("a", "");
    refused(Path::new("/no/such/folder"), &["/no/such/folder: cannot be read"]);
    refused(&folder.path().join("a"), &["is not a folder"]);
    refused(folder.path(), &["holds no migration"]);
}

#[test]
fn a_migration_that_cannot_be_carried_out_is_refused_with_its_place() {
    for (file, content, says) in [
        ("down.sql", "DROP TABLE x;", "/up.sql: is missing"),
        ("metadata.toml", "run_in_transaction = yes", "metadata.toml:1: is not TOML"),
        ("metadata.toml", "run_in_transaction = \"false\"", "gives run_in_transaction a value of type string"),
        ("up.sql", "", "/up.sql: is empty"),
        ("up.sql", "\u{feff}SELECT 1", "/up.sql:1: begins with a byte order mark"),
        ("up.sql", "SELECT 1;\nSELECT '\0'", "/up.sql:2: has a NUL character"),
        ("up.sql", "SELECT 1;\nCOMMIT;", "/up.sql:2: COMMIT is not for a migration to say"),
        (
            "up.sql",
            "\n\nCREATE INDEX CONCURRENTLY i ON x (y)",
            "/up.sql:3: CREATE INDEX CONCURRENTLY cannot run in a transaction",
        ),
        ("up.sql", "\\d", "/up.sql:1: `\\d` is a command of psql"),
    ] {
        let folder = Folder::new();
        let folder = if file == "down.sql" { folder } else { folder.with(GOOD, UP) };
        refused(folder.file(&format!("{GOOD}/{file}"), content).path(), &[says, GOOD]);
    }
    let folder = Folder::new().file(&format!("{GOOD}/up.sql"), b"SELECT 1;\nSELECT '\xff'".as_slice());
    refused(folder.path(), &["up.sql:2: is not UTF-8"]);
    let outside = "run_in_transaction = false";
    let folder = Folder::new().with(GOOD, "VACUUM;\nVACUUM;").file(&format!("{GOOD}/metadata.toml"), outside);
    refused(folder.path(), &["/up.sql:2: is a second statement", GOOD]);
    let folder = Folder::new();
    fs::create_dir_all(folder.path().join(GOOD).join("up.sql")).unwrap();
    refused(folder.path(), &["up.sql: is not a file"]);
    refused(Folder::new().with(&"1".repeat(51), UP).path(), &["has a version of 51 characters"]);
    refused(Folder::new().with("_create_x", UP).path(), &["has no version"]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let folder = Folder::new().with("2026-01-01-000000_a", "").with("2026-01-02-000000_b", "BEGIN;");
    refused(folder.path(), &["2026-01-01-000000_a/up.sql: is empty", "2026-01-02-000000_b/up.sql:1: BEGIN"]);
}

#[test]
fn two_of_one_version_are_refused_with_both_names() {
    let folder = Folder::new().with("2026-01-01-000000_a", UP).with("20260101000000_b", UP);
    refused(folder.path(), &["2026-01-01-000000_a", "20260101000000_b", "have the same version"]);
    let ours = migrations().unwrap().into_iter().map(|ours| ours.name).find(|name| name.contains("-100100-")).unwrap();
    let folder = Folder::new().with("2026-11-22-100100-messenger_add_mine", UP);
    let says = "2026-11-22-100100-messenger_add_mine have the same version";
    refused(folder.path(), &[&format!("messenger-db/{ours} and "), says]);
}

#[test]
fn a_version_that_another_program_has_used_is_refused_with_both_names() {
    let database = TestDatabase::migrated();
    let run = |title: &str, up: &str| {
        let folder = Folder::new().with(&format!("2026-12-01-000000_{title}"), up);
        on(&database, &["run", "--also", folder.path().to_str().unwrap()])
    };
    run("create_x", UP).exits(0);
    run("create_y", "CREATE TABLE y ();")
        .exits(2)
        .complains("2026-12-01-000000_create_y: its version is applied already, as that of 2026-12-01-000000_create_x");
    run("rename_only", UP).exits(0);
}

#[test]
fn what_was_carried_out_by_hand_is_recorded_as_the_advice_says() {
    let database = TestDatabase::migrated();
    database.execute(UP).unwrap();
    let folder = Folder::new().with(GOOD, UP);
    let arguments = ["run", "--also", folder.path().to_str().unwrap()];
    let record = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20261201000000');";
    let run = on(&database, &arguments).exits(1).complains("record it: ");
    assert!(run.stderr.split_whitespace().collect::<Vec<_>>().join(" ").contains(record), "{}", run.stderr);
    database.execute(record).unwrap();
    on(&database, &arguments).exits(0);
}

#[test]
fn what_people_have_in_such_folders_is_no_error() {
    let folder = Folder::new()
        .with(
            "00000000000000_diesel_initial_setup",
            "CREATE FUNCTION diesel_set_updated_at() RETURNS trigger AS '' LANGUAGE plpgsql;",
        )
        .with(GOOD, "-- Nothing but a comment, as Diesel makes it\n")
        .file(&format!("{GOOD}/README.md"), "what it is for")
        .with("1_Straße", "CREATE TABLE own_y ();\r\n")
        .file("README.md", "")
        .file(".keep", "")
        .file(".hidden/notes", "");
    symlink(folder.path().join("1_Straße"), folder.path().join("2_link")).unwrap();
    fs::remove_file(folder.path().join("2_link")).unwrap();
    symlink(folder.path().join("1_Straße/up.sql"), folder.path().join(GOOD).join("down.sql")).unwrap();
    let database = TestDatabase::empty();
    let also = ["--also", folder.path().to_str().unwrap()];
    on(&database, &[&["run"][..], &also].concat()).exits(0);
    on(&database, &[&["pending"][..], &also].concat()).exits(0);
    let list = on(&database, &[&["list"][..], &also].concat()).exits(0);
    assert_eq!(list.stdout.matches("[X]").count(), migrations().unwrap().len() + 2, "{}", list.stdout);
}

#[test]
fn one_without_a_down_is_not_undone_and_nothing_else_either() {
    let folder = Folder::new().with(GOOD, UP).with("2026-12-02-000000_create_y", "CREATE TABLE y ();");
    let folder = folder.file("2026-12-02-000000_create_y/down.sql", "DROP TABLE y;");
    let database = TestDatabase::migrated();
    let also = ["--also", folder.path().to_str().unwrap()];
    on(&database, &[&["run"][..], &also].concat()).exits(0);
    on(&database, &[&["revert", "-n", "2"][..], &also].concat()).exits(1).complains(GOOD).complains("no down.sql");
    assert_eq!(database.value("SELECT to_regclass('y') IS NOT NULL"), "t");
    on(&database, &[&["revert"][..], &also].concat()).exits(0);
}

#[test]
fn a_number_of_own_migrations_never_reverts_one_of_ours() {
    let folder = Folder::new().with(GOOD, UP).file(&format!("{GOOD}/down.sql"), "DROP TABLE x;");
    let database = TestDatabase::migrated();
    let also = ["--also", folder.path().to_str().unwrap()];
    let applied = database.value("SELECT count(*) FROM __diesel_schema_migrations");
    for command in ["revert", "redo"] {
        on(&database, &[&[command][..], &also].concat())
            .exits(2)
            .complains("0 applied")
            .complains("Leave out `--also`");
    }
    on(&database, &[&["run"][..], &also].concat()).exits(0);
    on(&database, &[&["revert", "-n", "2"][..], &also].concat()).exits(2).complains("1 applied, and before it comes");
    on(&database, &[&["revert"][..], &also].concat()).exits(0);
    assert_eq!(database.value("SELECT count(*) FROM __diesel_schema_migrations"), applied);
}

#[test]
fn a_migration_that_is_no_sql_is_refused() {
    struct Opaque;
    impl diesel::migration::MigrationSource<diesel::pg::Pg> for Opaque {
        fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn diesel::migration::Migration<diesel::pg::Pg>>>> {
            Err("of no use".into())
        }
    }
    let refused = TestDatabase::empty().pool().also(&Opaque);
    assert!(matches!(refused, Err(Error::OwnMigrations { problems }) if problems == ["of no use"]));
}

#[test]
fn a_migration_that_a_trigger_or_a_rule_keeps_out_of_the_history_is_taken_back_and_named() {
    let folder = Folder::new().with(GOOD, UP).file(&format!("{GOOD}/down.sql"), "DROP TABLE x;");
    let also = ["--also", folder.path().to_str().unwrap()];
    for table in ["__diesel_schema_migrations", "messenger_db_ledger"] {
        let database = TestDatabase::migrated();
        database.execute(&format!("CREATE RULE aside AS ON INSERT TO {table} DO INSTEAD NOTHING")).unwrap();
        on(&database, &[&["run"][..], &also].concat()).exits(1).complains(&format!("rule aside on {table}"));
        assert_eq!(database.value("SELECT to_regclass('x') IS NULL"), "t");
        database.execute(&format!("DROP RULE aside ON {table}")).unwrap();
        on(&database, &[&["run"][..], &also].concat()).exits(0);
        database
            .execute(&format!(
                "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                 CREATE TRIGGER kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep()"
            ))
            .unwrap();
        on(&database, &[&["revert"][..], &also].concat()).exits(1).complains(&format!("trigger kept on {table}"));
        assert_eq!(database.value("SELECT to_regclass('x') IS NOT NULL"), "t");
    }
}

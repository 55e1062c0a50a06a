//! The command `docs`: the reference of a database. `make snapshots` writes docs/schema.md anew.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::on;
use crate::support::{Run, TestDatabase};

fn file(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema.md")
}

/// The picture of README.
fn picture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures/schema.svg")
}

#[test]
fn a_reference_that_has_no_room_leaves_the_former_one() {
    let database = TestDatabase::migrated();
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (file(&folder, "old.md"), file(&folder, "new.md"));
    fs::write(&old, "as it was").unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).unwrap();
    for name in [&old, &new] {
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            "trap '' XFSZ; ulimit -f 8; exec \"$0\" docs --output \"$1\"",
            env!("CARGO_BIN_EXE_messenger-db"),
            name,
        ]);
        shell.env("DATABASE_URL", database.url());
        Run::of(&mut shell).exits(1).complains("where there is room");
    }
    assert_eq!(fs::read_to_string(&old).unwrap(), "as it was");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    let link = file(&folder, "link.md");
    symlink("old.md", &link).unwrap();
    on(&database, &["docs", "--output", &link]).exits(0);
    assert!(fs::read_to_string(&old).unwrap().len() > 10_000);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&old).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn the_committed_reference_and_its_picture_are_those_of_the_migrations() {
    let database = TestDatabase::migrated();
    let text = on(&database, &["docs"]).exits(0).stdout;
    let drawn = on(&database, &["docs", "--format", "svg"]).exits(0).stdout;
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        fs::write(committed(), &text).unwrap();
        fs::write(picture(), &drawn).unwrap();
    }
    pretty_assertions::assert_eq!(fs::read_to_string(committed()).unwrap(), text);
    assert!(
        fs::read_to_string(picture()).unwrap() == drawn,
        "docs/pictures/schema.svg is stale: make snapshots writes it"
    );
    // A table that is in no subject would stand under "Other tables".
    assert!(!text.contains("Other tables"), "src/reference/subjects.rs lacks a table");
}

#[test]
fn a_stale_file_is_shown_as_a_diff_and_a_current_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::migrated();
    for name in ["schema.md", "schema.html", "schema.svg"] {
        let path = file(&folder, name);
        on(&database, &["docs", "--output", &path]).exits(0);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.starts_with("<!DOCTYPE html>"), name == "schema.html");
        assert_eq!(text.starts_with("<svg xmlns="), name == "schema.svg");
        on(&database, &["docs", "--check", &path]).exits(0);
        fs::write(&path, text.replace('\n', "\r\n")).unwrap();
        on(&database, &["docs", "--check", &path]).exits(0);
    }
    database.execute("COMMENT ON COLUMN users.username IS 'What they are called.'").unwrap();
    for name in ["schema.md", "schema.html"] {
        let run = on(&database, &["docs", "--check", &file(&folder, name)]).exits(4);
        assert!(run.stdout.contains("What they are called."), "{}", run.stdout);
        assert!(run.stdout.contains("--output"), "{}", run.stdout);
    }
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::empty();
    on(&database, &["docs", "--check", &file(&folder, "none.md")]).exits(2).complains("--output");
    on(&database, &["docs", "--output", &file(&folder, "schema.pdf")]).exits(2).complains(".html");
    assert!(!folder.path().join("schema.pdf").exists());
    on(&database, &["docs", "--output", &file(&folder, "none/schema.md")])
        .exits(1)
        .complains("Name a file in a folder");
}

#[test]
fn an_empty_database_has_an_empty_reference() {
    let run = on(&TestDatabase::empty(), &["docs"]).exits(0);
    assert!(run.stdout.starts_with("# Database schema\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("| column |"), "{}", run.stdout);
}

/// What a member of the team may write into names and comments is text in both formats.
#[test]
fn hostile_names_and_comments_are_text() {
    let database = TestDatabase::migrated();
    database
        .execute(
            "CREATE TABLE \"<script>alert(1)</script>|`x`\" (\"a|b\" integer DEFAULT 1, \"]]> \"\"--\" user_id REFERENCES users, t text DEFAULT '`|');
             COMMENT ON TABLE \"<script>alert(1)</script>|`x`\" IS E'<img src=x onerror=alert(1)> [a](javascript:alert(1))\\n# heading';
             COMMENT ON COLUMN \"<script>alert(1)</script>|`x`\".\"a|b\" IS 'one | two';",
        )
        .unwrap_or_else(|error| panic!("{error}"));
    let html = on(&database, &["docs", "--format", "html"]).exits(0).stdout;
    assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
    let svg = on(&database, &["docs", "--format", "svg"]).exits(0).stdout;
    assert!(!svg.contains("<script") && !svg.contains("<img") && svg.contains("&lt;script&gt;"), "{svg}");
    let markdown = on(&database, &["docs"]).exits(0).stdout;
    let outside_code = |line: &&str| !line.contains('`') && !line.trim_start().starts_with('"');
    for line in markdown.lines().filter(outside_code) {
        let line = line.replace("\\<", "").replace("\\]", "");
        assert!(!line.contains("<img") && !line.contains("](javascript") && !line.starts_with("# heading"), "{line}");
    }
    assert!(markdown.contains("| `a\\|b` | `integer` | yes | `1` | one \\| two |"), "{markdown}");
    assert!(markdown.contains("## Other tables"), "{markdown}");
}

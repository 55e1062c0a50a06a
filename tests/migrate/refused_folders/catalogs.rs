//! The build puts the catalogs together, and refuses diffs that do not add up, with their file and line.

use super::{Folder, NAME, check};

const SECOND: &str = "2026-02-01-000000_create_cats";
const FIRST_DIFF: &str = "--- migrations/catalog.txt\n+++ migrations/catalog.txt\n@@ -0,0 +1,3 @@\n+a\n+c\n+-- e\n";
const SECOND_DIFF: &str = "@@ -1 +1 @@\n-a\n+A\n@@ -1,0 +2 @@\n+b\n@@ -3 +3,0 @@\n--- e\n";
const WHOLE: &str = "A\nb\nc\n";

/// Two migrations with these diffs, and the catalog of the newest.
fn with(first: &str, second: &str, whole: &str) -> Folder {
    let folder = Folder::good().migration(SECOND);
    let folder = folder.file(&format!("{NAME}/catalog.diff"), first);
    folder.file(&format!("{SECOND}/catalog.diff"), second).file("catalog.txt", whole)
}

#[track_caller]
fn refused(folder: &Folder, place: &str, says: &str) {
    folder.is_refused(&[(place, says)]);
    assert!(folder.problems()[0].contains("make catalogs"));
}

#[test]
fn each_migration_has_the_catalog_that_the_diffs_up_to_it_add_up_to() {
    // The change of the first line, with a line of context after it, is the same.
    for second in [SECOND_DIFF.to_owned(), "@@ -1,3 +1,3 @@\n-a\n+A\n+b\n c\n--- e\n".to_owned()] {
        let found = check::read(&with(FIRST_DIFF, &second, WHOLE).path("")).unwrap();
        let catalogs: Vec<_> = found.iter().map(|one| one.catalog.as_deref()).collect();
        assert_eq!(catalogs, [Some("a\nc\n-- e\n"), Some(WHOLE)]);
    }
    let unchanged = check::read(&with(FIRST_DIFF, "", "a\nc\n-- e\n").path("")).unwrap();
    assert_eq!(unchanged[1].catalog, unchanged[0].catalog);
}

#[test]
fn a_new_migration_has_no_catalog_until_it_is_written() {
    let folder = with(FIRST_DIFF, "", "a\nc\n-- e\n").without(&format!("{SECOND}/catalog.diff"));
    let found = check::read(&folder.path("")).unwrap();
    assert!(found[0].catalog.is_some() && found[1].catalog.is_none());

    let folder = with(FIRST_DIFF, SECOND_DIFF, WHOLE).without(&format!("{NAME}/catalog.diff"));
    refused(&folder, &format!("{SECOND}/catalog.diff"), &format!("that of {NAME}, which is before it, is missing"));
}

#[test]
fn a_diff_that_does_not_add_up_is_refused_in_its_line() {
    for (second, line, says) in [
        (SECOND_DIFF.replace("-a", "-x"), 2, "`x` is not in the catalog of the migrations before it"),
        (SECOND_DIFF.replace("-1,0 +2", "-2,0 +2"), 4, "is not where"),
        (SECOND_DIFF.replace("-1,0 +2", "-1,0 +3"), 4, "is not where"),
        (SECOND_DIFF.replace("-1,0 +2", "-0,0 +2"), 4, "is not where"),
        (SECOND_DIFF.replace("-3 +3,0", "-9 +3,0"), 6, "is not where"),
        (SECOND_DIFF.replace("-3 +3,0", "-0 +3,0"), 6, "is not where"),
        (SECOND_DIFF.replace("@@ -1 +1 @@", "@@ 1 @@"), 1, "is no hunk"),
        (SECOND_DIFF.replace("+b\n", "+b\n+b\n"), 6, "is no hunk"),
        (SECOND_DIFF.replace("+b\n", "-c\n"), 5, "one line more than its hunk has"),
        (SECOND_DIFF.replace("+b\n", "b\n"), 5, "neither"),
        (SECOND_DIFF.replace("--- e\n", ""), 6, "ends in the middle"),
        ("--- a\n+++ b\n+++ c\n".to_owned(), 3, "is no hunk"),
    ] {
        let folder = with(FIRST_DIFF, &second, WHOLE);
        refused(&folder, &format!("{SECOND}/catalog.diff:{line}"), says);
    }
}

#[test]
fn a_whole_catalog_that_is_another_is_refused_in_its_line() {
    for (whole, line, says) in [
        ("A\nb\n", 3, "which is `c` here"),
        ("A\nb\nc\nd\n", 4, "which is nothing more here"),
        ("A\nB\nc\n", 2, "which is `b` here"),
        ("", 1, "which is `A` here"),
    ] {
        refused(&with(FIRST_DIFF, SECOND_DIFF, whole), &format!("catalog.txt:{line}"), says);
    }
    refused(&with(FIRST_DIFF, SECOND_DIFF, WHOLE).without("catalog.txt"), "catalog.txt:1", "which is `A` here");
    refused(&Folder::good().file("catalog.txt", "a\n"), "catalog.txt:1", "nothing more");
}

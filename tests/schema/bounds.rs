//! docs/bounds.md names constraints and indexes that are there, and every constraint that says how long a value may be.

use std::collections::BTreeSet;

use crate::support::TestDatabase;

/// The upper bounds of lengths. One of a fixed length, such as a hash, is no bound that somebody could meet.
const LENGTHS: &str = r"
    SELECT conname::text FROM pg_constraint
    WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND pg_get_constraintdef(oid) ~ 'length\([^<]*<= \d'";

#[test]
fn the_table_of_bounds_names_what_the_database_checks() {
    let table = include_str!("../../docs/bounds.md");
    let named: BTreeSet<_> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.rsplit('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter(|name| !name.starts_with('…'))
        .map(str::to_owned)
        .collect();
    assert!(named.len() > 20, "{named:?}");
    let database = TestDatabase::migrated();
    let set = |query: &str| database.column(query).into_iter().collect::<BTreeSet<_>>();
    let there =
        set("SELECT conname::text FROM pg_constraint UNION SELECT relname::text FROM pg_class WHERE relkind = 'i'");
    assert_eq!(named.difference(&there).collect::<Vec<_>>(), [""; 0], "named, and not there");
    let lengths = set(LENGTHS);
    assert!(lengths.len() > 20, "{lengths:?}");
    assert_eq!(lengths.difference(&named).collect::<Vec<_>>(), [""; 0], "there, and not named");
}

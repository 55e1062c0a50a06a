//! docs/bounds.md names constraints and indexes that are there, and every constraint that bounds a text.

use std::collections::BTreeSet;

use crate::support::TestDatabase;

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
    let there: BTreeSet<_> = database
        .column("SELECT conname::text FROM pg_constraint UNION SELECT relname::text FROM pg_class WHERE relkind = 'i'")
        .into_iter()
        .collect();
    assert_eq!(named.difference(&there).collect::<Vec<_>>(), [""; 0]);
}

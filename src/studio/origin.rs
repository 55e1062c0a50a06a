//! Finds the migration that made a table, a column, a constraint, an index or a trigger.

use std::collections::BTreeMap;

use crate::migrate::{Migration, parse_fact};

/// The migration that made each part of each object, by the catalogs that the migrations lead to.
#[derive(Debug, Default)]
pub(super) struct Origins {
    parts: BTreeMap<Option<&'static str>, &'static str>,
}

impl Origins {
    /// Of a table or a view, which is called so in a catalog, such as `table users`.
    pub(super) fn of(migrations: &[Migration], object: &str) -> Self {
        let object = format!("{object}:");
        let mut parts = BTreeMap::new();
        for migration in migrations {
            let lines = migration.catalog.unwrap_or_default().lines();
            for line in lines.filter(|line| line.starts_with(&object)) {
                parts.entry(parse_fact(line).part).or_insert(migration.name);
                parts.entry(None).or_insert(migration.name);
            }
        }
        Self { parts }
    }

    /// The name of the migration that made a part, such as `column status`; `None`: the table itself. Nothing when no
    /// migration of this binary did.
    pub(super) fn find(&self, part: Option<&str>) -> Option<&'static str> {
        self.parts.iter().find(|(of, _)| **of == part).map(|(_, name)| *name)
    }
}

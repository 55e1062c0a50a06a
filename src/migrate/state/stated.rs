//! Tells how much a difference matters, by what the migrations state.

use std::collections::BTreeSet;

use crate::migrate::model::allow::AllowedDrift;
use crate::migrate::model::drift::{Difference, Kind};
use crate::migrate::model::migration::Migration;
use crate::migrate::state::fact::{self, Parsed};

/// What the catalogs of the migrations name, at whatever version.
#[derive(Debug, Default)]
pub(crate) struct Stated<'a> {
    /// Each object, such as `table users`.
    pub objects: BTreeSet<&'a str>,
    columns: BTreeSet<(&'a str, &'a str)>,
    allowed: Option<&'a AllowedDrift>,
}

/// What a function may be given to be planned or watched in another way; with a `*` at the end, what begins so.
const TUNING: [&str; 32] = [
    "application_name",
    "auto_explain.*",
    "backend_flush_after",
    "client_min_messages",
    "constraint_exclusion",
    "cost",
    "cpu_*",
    "cursor_tuple_fraction",
    "debug_*",
    "default_statistics_target",
    "effective_*",
    "enable_*",
    "from_collapse_limit",
    "geqo*",
    "gin_fuzzy_search_limit",
    "hash_mem_multiplier",
    "jit*",
    "join_collapse_limit",
    "log_*",
    "logical_decoding_work_mem",
    "maintenance_*",
    "max_parallel_*",
    "min_parallel_*",
    "parallel_*",
    "pg_hint_plan.*",
    "pg_stat_statements.*",
    "plan_cache_mode",
    "random_page_cost",
    "rows",
    "seq_page_cost",
    "track_*",
    "work_mem",
];

impl<'a> Stated<'a> {
    /// What migrations state, and what may differ all the same.
    pub(crate) fn by(migrations: &'a [Migration], allowed: &'a AllowedDrift) -> Self {
        let mut stated = Self { allowed: Some(allowed), ..Self::default() };
        for line in migrations.iter().filter_map(|migration| migration.catalog).flat_map(str::lines) {
            let Parsed { object, part, .. } = fact::parse(line);
            stated.objects.insert(object);
            if let Some(column) = part.filter(|part| part.starts_with("column ")) {
                stated.columns.insert((object, column));
            }
        }
        stated
    }

    /// Whether a difference is allowed.
    pub(crate) fn allows(&self, difference: &Difference) -> bool {
        self.allowed.is_some_and(|allowed| allowed.allows(difference))
    }

    /// How much it matters that a part of an object, or all of it, is not as expected.
    pub(crate) fn kind(&self, object: &str, part: Option<&str>, expected: Option<&str>, found: Option<&str>) -> Kind {
        let Some(part) = part else {
            // What another version makes is in the way of that version's migration. An extension may be there before.
            let is_foreign = expected.is_none() && (object.starts_with("extension ") || !self.objects.contains(object));
            return if is_foreign { Kind::Foreign } else { Kind::Broken };
        };
        let (word, name) = part.split_once(' ').unwrap_or((part, ""));
        let is_tuned = match word {
            "comment" | "statistics" => true,
            "setting" => !object.starts_with("function ") && !object.starts_with("procedure ") || is_tuning(name),
            "index" => expected.is_none() && found.is_some_and(|found| !found.starts_with(&format!("{part} UNIQUE "))),
            // Every statement of the schema names its columns, so that one more is not noticed unless it must be filled.
            "column" => {
                expected.is_none()
                    && !self.columns.contains(&(object, part))
                    && found.is_some_and(|found| !must_be_filled(found))
            }
            _ => false,
        };
        if is_tuned { Kind::Tuned } else { Kind::Broken }
    }
}

fn is_tuning(setting: &str) -> bool {
    TUNING.iter().any(|name| name.strip_suffix('*').map_or(*name == setting, |start| setting.starts_with(start)))
}

/// Whether a row cannot be inserted that does not mention the column.
fn must_be_filled(column: &str) -> bool {
    let has = |word: &str| column.contains(word);
    has(" NOT NULL") && !(has(" DEFAULT ") || has(" GENERATED ") || has(" IDENTITY "))
}

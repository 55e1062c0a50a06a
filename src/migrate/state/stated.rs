//! Tells how much a difference matters, by what the migrations state.

use std::collections::BTreeSet;

use crate::migrate::model::allow::AllowedDrift;
use crate::migrate::model::drift::{Difference, Kind};
use crate::migrate::model::migration::Migration;
use crate::migrate::state::fact::{self, Parsed};

/// What the catalogs of the migrations name, at whatever version.
#[derive(Debug, Default)]
pub(crate) struct Stated<'a> {
    /// Each object, such as `table users`, and each index and constraint with an index, by which the catalog finds those of
    /// other tables that have its name.
    pub objects: BTreeSet<&'a str>,
    columns: BTreeSet<(&'a str, &'a str)>,
    /// The indexes, each with its table.
    indexes: BTreeSet<(&'a str, &'a str)>,
    /// The names of all that.
    names: BTreeSet<(Namespace, &'a str)>,
    allowed: Option<&'a AllowedDrift>,
}

/// Within what a name can be had once in a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Namespace {
    /// Tables, views, sequences, composite types and indexes.
    Relation,
    /// Types, and the type of the rows of each table and view.
    Type,
    /// Functions, procedures and aggregates, with the types of what they are given.
    Routine,
}

/// The name of an object, and where nothing else can have it.
fn named(object: &str) -> (&'static [Namespace], &str) {
    const NAMED: [(&str, &[Namespace]); 15] = [
        ("table ", &[Namespace::Relation, Namespace::Type]),
        ("view ", &[Namespace::Relation, Namespace::Type]),
        ("materialized view ", &[Namespace::Relation, Namespace::Type]),
        ("foreign table ", &[Namespace::Relation, Namespace::Type]),
        ("type ", &[Namespace::Relation, Namespace::Type]),
        ("sequence ", &[Namespace::Relation]),
        ("index ", &[Namespace::Relation]),
        ("enum ", &[Namespace::Type]),
        ("domain ", &[Namespace::Type]),
        ("range ", &[Namespace::Type]),
        ("multirange ", &[Namespace::Type]),
        ("base type ", &[Namespace::Type]),
        ("function ", &[Namespace::Routine]),
        ("procedure ", &[Namespace::Routine]),
        ("aggregate ", &[Namespace::Routine]),
    ];
    let found = NAMED.iter().find_map(|(kind, namespaces)| Some((*namespaces, object.strip_prefix(kind)?)));
    found.unwrap_or((&[], object))
}

/// What a function may be given to be planned or watched in another way; with a `*` at the end, what begins so.
const TUNING: [&str; 31] = [
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
        let catalogs = migrations.iter().filter_map(|migration| migration.catalog);
        for line in
            std::iter::once("").chain(catalogs.clone()).zip(catalogs).flat_map(|(before, now)| added(before, now))
        {
            let Parsed { object, part, fact } = fact::parse(line);
            stated.state(object);
            let Some(part) = part else { continue };
            let definition = fact.strip_prefix(part).unwrap_or_default();
            if part.starts_with("column ") {
                stated.columns.insert((object, part));
            } else if part.starts_with("index ") {
                stated.state(part);
                stated.indexes.insert((object, part));
            } else if let Some(name) = part.strip_prefix("constraint ")
                && [" PRIMARY KEY ", " UNIQUE ", " EXCLUDE "].iter().any(|word| definition.starts_with(word))
            {
                stated.objects.insert(part);
                stated.names.insert((Namespace::Relation, name));
            }
        }
        stated
    }

    fn state(&mut self, object: &'a str) {
        self.objects.insert(object);
        let (namespaces, name) = named(object);
        self.names.extend(namespaces.iter().map(|namespace| (*namespace, name)));
    }

    /// Whether an object has the name of another one that a migration makes, so that both cannot be there.
    fn is_in_the_way(&self, object: &str) -> bool {
        let (namespaces, name) = named(object);
        namespaces.iter().any(|namespace| self.names.contains(&(*namespace, name)))
    }

    /// Whether a difference is allowed.
    pub(crate) fn allows(&self, difference: &Difference) -> bool {
        self.allowed.is_some_and(|allowed| allowed.allows(difference))
    }

    /// How much it matters that a part of an object, or all of it, is not as expected.
    pub(crate) fn kind(&self, object: &str, part: Option<&str>, expected: Option<&str>, found: Option<&str>) -> Kind {
        let Some(part) = part else {
            // What another version makes is in the way of that version's migration. An extension may be there before.
            let is_stated = self.objects.contains(object) || self.is_in_the_way(object);
            let is_foreign = expected.is_none() && (object.starts_with("extension ") || !is_stated);
            return if is_foreign { Kind::Foreign } else { Kind::Broken };
        };
        let (word, name) = part.split_once(' ').unwrap_or((part, ""));
        let is_tuned = match word {
            "comment" | "statistics" => true,
            "setting" => !object.starts_with("function ") && !object.starts_with("procedure ") || is_tuning(name),
            // Half an index of this table is built anew by the migration that makes it; another table's is in its way.
            "index" => {
                expected.is_none()
                    && found.is_some_and(|found| !found.starts_with(&format!("{part} UNIQUE ")))
                    && (self.indexes.contains(&(object, part)) || !self.is_in_the_way(part))
            }
            // Every statement of the schema names its columns, so that one more is not noticed unless it must be filled.
            "column" => {
                expected.is_none()
                    && !self.columns.contains(&(object, part))
                    && found.is_some_and(|found| !must_be_filled(found.strip_prefix(part).unwrap_or(found)))
            }
            _ => false,
        };
        if is_tuned { Kind::Tuned } else { Kind::Broken }
    }
}

/// The lines of a catalog that are not in the one before it, and perhaps some that are. Most are the same, in the same order:
/// they are passed over without a look at where each ends.
fn added<'a>(mut before: &'a str, mut now: &'a str) -> Vec<&'a str> {
    let mut added = Vec::new();
    loop {
        let same = same_lines(before, now);
        (before, now) = (before.get(same..).unwrap_or_default(), now.get(same..).unwrap_or_default());
        let (line, rest) = now.split_once('\n').unwrap_or((now, ""));
        // One line may be gone here.
        match before.split_once('\n') {
            Some((_, next)) if !line.is_empty() && next.strip_prefix(line).is_some_and(|end| end.starts_with('\n')) => {
                before = next;
            }
            _ if now.is_empty() => return added,
            _ => {
                added.push(line);
                now = rest;
            }
        }
    }
}

/// How many bytes the lines have with which both begin.
fn same_lines(one: &str, other: &str) -> usize {
    const CHUNK: usize = 256;
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let chunks = one.chunks_exact(CHUNK).zip(other.chunks_exact(CHUNK));
    let whole = chunks.take_while(|(one, other)| one == other).count() * CHUNK;
    let rest = one.iter().zip(other).skip(whole).take_while(|(one, other)| one == other).count();
    one.get(..whole + rest).and_then(|same| same.iter().rposition(|byte| *byte == b'\n')).map_or(0, |end| end + 1)
}

fn is_tuning(setting: &str) -> bool {
    TUNING.iter().any(|name| name.strip_suffix('*').map_or(*name == setting, |start| setting.starts_with(start)))
}

/// Whether a row cannot be inserted that does not mention the column, by what follows its name.
fn must_be_filled(definition: &str) -> bool {
    let has = |word: &str| fact::outside_quotes(definition, word).is_some();
    has(" NOT NULL") && !(has(" DEFAULT ") || has(" GENERATED ") || has(" IDENTITY "))
}

#[cfg(test)]
mod tests {
    use super::added;

    #[test]
    fn every_line_that_is_new_is_added_whatever_is_gone() {
        let long = format!("{}\n", "x".repeat(600));
        for (before, now, expected) in [
            ("", "", vec![]),
            ("", "a\nb\n", vec!["a", "b"]),
            ("a\nb\n", "a\nb\n", vec![]),
            ("a\nc\n", "a\nb\nc\n", vec!["b"]),
            ("a\nb\nc\n", "a\nc\nd\n", vec!["d"]),
            ("a\nb\n", "a\nbb\n", vec!["bb"]),
            ("ä\n", "ö\nä\n", vec!["ö"]),
        ] {
            let [before, now] = [before, now].map(|text| format!("{long}{text}{long}"));
            assert_eq!(added(&before, &now), expected, "{before} {now}");
        }
    }
}

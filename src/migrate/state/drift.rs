//! How a database differs from what it should be: which part of which object, and whether that matters.

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp, TextDiff, capture_diff_slices};

use crate::migrate::model::drift::{Difference, Drift, Kind};
use crate::migrate::state::catalog::{Fact, Scope};
use crate::migrate::state::fact::{self, Parsed};
use crate::migrate::state::stated::Stated;

impl Drift {
    /// How the catalog that was read differs from the one expected, if it does.
    pub(crate) fn of(
        version: Option<&str>,
        expected: &str,
        facts: &[Fact],
        scope: Scope,
        stated: &Stated<'_>,
    ) -> Option<Self> {
        let found: String = facts.iter().flat_map(|fact| [fact.line.as_str(), "\n"]).collect();
        if found == expected {
            return None;
        }
        let is_strict = scope == Scope::EverySchema;
        let mut differences = differences(expected, &found, stated);
        for difference in &mut differences {
            if (difference.kind == Kind::Broken || is_strict) && stated.allows(difference) {
                difference.kind = Kind::Allowed;
            }
        }
        Some(Self { version: version.map(str::to_owned), expected: expected.to_owned(), found, differences, is_strict })
    }

    /// The differences that count, as `diff -u` shows them: `-` is what should be there, `+` what is. Each line names its
    /// object.
    #[must_use]
    pub fn diff(&self) -> String {
        let counting: BTreeSet<_> = self.counting().map(Difference::key).collect();
        let passed_over: Vec<_> =
            self.differences.iter().filter(|difference| !counting.contains(&difference.key())).collect();
        let parts: BTreeSet<_> = passed_over.iter().map(|difference| difference.key()).collect();
        let whole: BTreeSet<_> = passed_over
            .iter()
            .filter(|difference| difference.part.is_none() && difference.how() != "different")
            .map(|difference| difference.object.as_str())
            .collect();
        let shown = |catalog: &str| -> String {
            let is_shown = |line: &&str| {
                let Parsed { object, part, .. } = fact::parse(line);
                !whole.contains(object) && !parts.contains(&(object, part))
            };
            catalog.lines().filter(is_shown).flat_map(|line| [line, "\n"]).collect()
        };
        let (expected, found) = (shown(&self.expected), shown(&self.found));
        TextDiff::from_lines(expected.as_str(), found.as_str())
            .unified_diff()
            .context_radius(1)
            .header(&self.whose(), "the database")
            .to_string()
    }
}

/// What is said of each part of each object, line by line, and the columns of each object in their order.
struct Parts<'a> {
    facts: BTreeMap<(&'a str, Option<&'a str>), Vec<&'a str>>,
    columns: BTreeMap<&'a str, Vec<&'a str>>,
    objects: BTreeSet<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(catalog: &'a str) -> Self {
        let mut parts = Self { facts: BTreeMap::new(), columns: BTreeMap::new(), objects: BTreeSet::new() };
        for line in catalog.lines() {
            let Parsed { object, fact, part } = fact::parse(line);
            parts.objects.insert(object);
            parts.facts.entry((object, part)).or_default().push(fact);
            if let Some(column) = part.filter(|part| part.starts_with("column ")) {
                parts.columns.entry(object).or_default().push(column);
            }
        }
        parts
    }
}

fn differences(expected: &str, found: &str, stated: &Stated<'_>) -> Vec<Difference> {
    let (expected, found) = (Parts::of(expected), Parts::of(found));
    let is_whole = |object: &str| !expected.objects.contains(object) || !found.objects.contains(object);
    let moved = moved_columns(&expected, &found);
    let mut keys: BTreeSet<_> = expected.facts.keys().chain(found.facts.keys()).copied().collect();
    // An object that is missing or too many is one difference, not one for each of its columns.
    keys = keys.into_iter().map(|(object, part)| (object, if is_whole(object) { None } else { part })).collect();
    let text = |parts: &Parts<'_>, (object, part): (&str, Option<&str>)| -> Option<String> {
        if part.is_none() && is_whole(object) {
            let of_object = parts.facts.range((object, None)..).take_while(|((of, _), _)| *of == object);
            let lines = of_object.flat_map(|(_, lines)| lines).copied();
            return parts.objects.contains(object).then(|| lines.collect::<Vec<_>>().join("\n"));
        }
        parts.facts.get(&(object, part)).map(|lines| lines.join("\n"))
    };
    // Nor is its comment one of its own where the part itself is missing or too many.
    let is_on_one_side = |key: &(&str, Option<&str>)| expected.facts.contains_key(key) != found.facts.contains_key(key);
    keys.retain(|(object, part)| {
        let of = part.and_then(|part| part.strip_prefix("comment on ").or_else(|| fact::after(part, " of ")));
        of.is_none() || !is_on_one_side(&(object, of))
    });
    keys.into_iter()
        .filter_map(|(object, part)| {
            let key = (object, part);
            let (was, is) = (text(&expected, key), text(&found, key));
            let is_moved = part.is_some_and(|part| moved.contains(&(object, part)));
            if was == is && !is_moved {
                return None;
            }
            let kind = stated.kind(object, part, was.as_deref(), is.as_deref());
            Some(Difference {
                kind,
                object: object.to_owned(),
                part: part.map(str::to_owned),
                expected: was,
                found: is,
            })
        })
        .collect()
}

/// The columns that both have, in another order.
fn moved_columns<'a>(expected: &Parts<'a>, found: &Parts<'a>) -> BTreeSet<(&'a str, &'a str)> {
    let mut moved = BTreeSet::new();
    for (object, columns) in &expected.columns {
        let Some(others) = found.columns.get(object) else { continue };
        let common = |columns: &[&'a str], others: &[&'a str]| -> Vec<&'a str> {
            columns.iter().copied().filter(|column| others.contains(column)).collect()
        };
        let (one, other) = (common(columns, others), common(others, columns));
        for op in capture_diff_slices(Algorithm::Myers, &one, &other) {
            if let DiffOp::Equal { .. } = op {
                continue;
            }
            let columns = one.get(op.old_range()).into_iter().flatten();
            moved.extend(columns.map(|column| (*object, *column)));
        }
    }
    moved
}

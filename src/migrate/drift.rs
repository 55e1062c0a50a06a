//! Decides how a database differs from what it should be: line by line of the catalog, and whose objects count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use similar::{ChangeTag, TextDiff};

use super::catalog::{Fact, Scope};

/// How a database's catalog differs from the one it should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The version whose catalog it should have. `None`: that of a database without any migration.
    pub version: Option<String>,
    /// The catalog that it should have.
    pub expected: String,
    /// The catalog that it has, without what is nobody's business here.
    pub found: String,
    /// What differs, by the name of the object.
    pub differences: Vec<Difference>,
}

/// A part of an object that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The object, such as `table users`.
    pub object: String,
    /// Which part of it, such as `column status`. `None`: the object itself.
    pub part: Option<String>,
    /// What it should be. `None`: it should not be there.
    pub expected: Option<String>,
    /// What it is. `None`: it is not there.
    pub found: Option<String>,
}

impl Drift {
    /// How the catalog that was read differs from the one expected, if it does.
    ///
    /// An object that is not expected counts when whoever owns the expected ones owns it, or where there are none, whoever
    /// owns the history. An extension too many never does, unless every schema is looked at: then everything counts.
    pub(super) fn of(version: Option<&str>, expected: &str, facts: &[Fact], scope: Scope) -> Option<Self> {
        let expected_objects: BTreeSet<_> = expected.lines().map(|line| object_and_fact(line).0).collect();
        let is_expected = |fact: &Fact| expected_objects.contains(fact.object.as_str());
        let mut owners: BTreeSet<_> =
            facts.iter().filter(|fact| is_expected(fact)).filter_map(|fact| fact.owner.as_ref()).collect();
        if owners.is_empty() {
            owners.extend(facts.iter().filter_map(|fact| fact.runner.as_ref()));
        }
        let counts = |fact: &&Fact| {
            scope == Scope::EverySchema
                || is_expected(fact)
                || fact.owner.as_ref().is_some_and(|owner| owners.contains(owner))
        };
        let found: String = facts.iter().filter(counts).flat_map(|fact| [fact.line.as_str(), "\n"]).collect();
        if found == expected {
            return None;
        }
        let differences = differences(expected, &found);
        Some(Self { version: version.map(str::to_owned), expected: expected.to_owned(), found, differences })
    }

    /// Whose catalog it should have, in words.
    #[must_use]
    pub fn whose(&self) -> String {
        self.version.as_ref().map_or_else(|| "an empty database".to_owned(), |version| format!("version {version}"))
    }

    /// How many differences there are, in words.
    #[must_use]
    pub fn count(&self) -> String {
        match self.differences.len() {
            1 => "1 difference".to_owned(),
            count => format!("{count} differences"),
        }
    }

    /// The difference as `diff -u` shows it: `-` is what should be there, `+` what is. Each line names its object.
    #[must_use]
    pub fn diff(&self) -> String {
        let expected = self.whose();
        TextDiff::from_lines(self.expected.as_str(), self.found.as_str())
            .unified_diff()
            .context_radius(1)
            .header(&expected, "the database")
            .to_string()
    }
}

/// What it is, and of what, in one line: `missing    table users: index users_pkey`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (&self.expected, &self.found) {
            (Some(_), None) => "missing",
            (None, Some(_)) => "unexpected",
            _ => "different",
        };
        write!(f, "{what:<10} {}", self.object)?;
        self.part.as_ref().map_or(Ok(()), |part| write!(f, ": {part}"))
    }
}

/// An object and what is said of it.
fn object_and_fact(line: &str) -> (&str, &str) {
    line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""))
}

/// The part of a view or a function that has many lines.
const DEFINITION: &str = "definition";

/// The part of an object that a fact is about.
fn part(fact: &str) -> Option<String> {
    let mut words = fact.split(' ');
    match words.next()? {
        kind @ ("column" | "constraint" | "index" | "trigger" | "rule" | "policy" | "statistics" | "mapping") => {
            Some(format!("{kind} {}", words.next()?))
        }
        "definition" | "|" => Some(DEFINITION.to_owned()),
        _ => None,
    }
}

fn differences(expected: &str, found: &str) -> Vec<Difference> {
    let of = |catalog: &str| catalog.lines().map(|line| object_and_fact(line).0.to_owned()).collect::<BTreeSet<_>>();
    let (expected_objects, found_objects) = (of(expected), of(found));
    let mut parts: BTreeMap<_, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    let diff = TextDiff::from_lines(expected, found);
    for change in diff.iter_all_changes() {
        let line = change.value().trim_end_matches('\n');
        let (object, fact) = object_and_fact(line);
        // An object that is missing or too many is one difference, not one for each of its columns.
        let is_whole = !expected_objects.contains(object) || !found_objects.contains(object);
        let part = if is_whole { None } else { part(fact) };
        let (expected, found) = match change.tag() {
            ChangeTag::Equal => continue,
            ChangeTag::Delete => (Some(fact), None),
            ChangeTag::Insert => (None, Some(fact)),
        };
        let difference = parts.entry((object.to_owned(), part)).or_default();
        difference.0.extend(expected);
        difference.1.extend(found);
    }
    // Of a definition there is always some on both sides, whether or not its lines differ there.
    let text = |lines: Vec<&str>, part: Option<&str>| {
        if lines.is_empty() && part != Some(DEFINITION) { None } else { Some(lines.join("\n")) }
    };
    parts
        .into_iter()
        .map(|((object, part), (expected, found))| Difference {
            expected: text(expected, part.as_deref()),
            found: text(found, part.as_deref()),
            object,
            part,
        })
        .collect()
}

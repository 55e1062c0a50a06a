//! Differences as `verify`, `status` and errors print them, kind by kind, and never more than fits on a few screens.

use crate::migrate::{Difference, Drift, Kind};

/// How many differences of a kind are listed.
pub const LISTED: usize = 100;

/// How many foreign objects are named for people.
const NAMED: usize = 5;

/// How many lines of a diff are shown.
const DIFF_LINES: usize = 500;

/// How many characters of a value are shown.
const VALUE: usize = 80;

/// The differences that count, a line each.
pub fn counting(drift: &Drift, at_most: usize) -> Vec<String> {
    let lines = drift.counting().map(|difference| format!("{:<10} {}", difference.how(), difference.label()));
    bounded(lines, at_most.min(LISTED))
}

/// The differences that do not count: what is allowed and what is tuned a line each, what is foreign in one.
pub fn tolerated(drift: &Drift, at_most: usize) -> Vec<String> {
    let at_most = at_most.min(LISTED);
    let mut lines = bounded(drift.of_kind(Kind::Allowed).map(ToString::to_string), at_most);
    if drift.is_strict {
        return lines;
    }
    lines.extend(bounded(
        drift.of_kind(Kind::Tuned).map(|difference| format!("{difference}{}", values(difference))),
        at_most,
    ));
    let count = drift.of_kind(Kind::Foreign).count();
    if count > 0 {
        let mut names: Vec<_> = drift.of_kind(Kind::Foreign).take(NAMED).map(Difference::label).collect();
        if count > NAMED {
            names.push("…".to_owned());
        }
        lines.push(format!("{:<10} {count}: {}", Kind::Foreign.as_str(), names.join(", ")));
    }
    lines
}

/// The diff, no longer than a few screens.
pub fn diff(drift: &Drift) -> String {
    bounded(drift.diff().lines().map(str::to_owned), DIFF_LINES).join("\n")
}

/// Who has perhaps enabled the row security that is found, and how to live with it.
pub fn suspects(drift: &Drift) -> Option<String> {
    let triggers = drift.suspected_event_triggers();
    let first = triggers.first()?;
    let more =
        if triggers.len() > 1 { format!(", or another of {} event triggers", triggers.len()) } else { String::new() };
    Some(format!(
        "Row security was perhaps enabled by the {first}{more}: some platforms do that to each new table. \
         `--allow-drift='table *: row security'` allows it; the owner of the tables is not affected, and other roles need \
         policies."
    ))
}

/// What was tuned to what; of a comment nothing, which is long.
fn values(difference: &Difference) -> String {
    let part = difference.part.as_deref().unwrap_or_default();
    if part.starts_with("comment") {
        return format!(" ({})", difference.how());
    }
    let value = |text: &Option<String>| {
        let value = text.as_deref()?.strip_prefix(part)?.trim_start_matches([':', ' ']);
        let shown: String = value.chars().take(VALUE).collect();
        Some(if shown.len() < value.len() { shown + "…" } else { shown })
    };
    match (value(&difference.expected), value(&difference.found)) {
        (Some(expected), Some(found)) => format!(" = {found} (stated: {expected})"),
        (Some(expected), None) => format!(" (stated: {expected})"),
        (None, Some(found)) if part.starts_with("setting ") => format!(" = {found}"),
        (None, Some(found)) => format!(" {found}"),
        (None, None) => String::new(),
    }
}

fn bounded(lines: impl Iterator<Item = String>, at_most: usize) -> Vec<String> {
    let mut lines = lines.peekable();
    let mut shown: Vec<_> = lines.by_ref().take(at_most).collect();
    if lines.peek().is_some() {
        shown.push(format!("and {} more", lines.count()));
    }
    shown
}

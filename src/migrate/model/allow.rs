//! Parses the differences that an operator allows, and tells which are allowed.

use std::fmt;

use crate::migrate::model::drift::{Difference, Drift};

/// Differences that do not count, by patterns.
///
/// A pattern is compared with the line that `verify` prints for a difference, such as
/// `unexpected table messages: trigger audit_messages`, or with that line from the object on. In it `*` stands for any
/// text, `?` for any character, and `\` takes the meaning from the character after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedDrift {
    patterns: Vec<String>,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadPattern {
    /// The line of the text, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// What a pattern may begin with: the objects of a catalog, and what `verify` says of them.
const BEGINNINGS: [&str; 19] = [
    "aggregate",
    "different",
    "domain",
    "enum",
    "event trigger",
    "extension",
    "foreign table",
    "function",
    "materialized view",
    "missing",
    "procedure",
    "range",
    "sequence",
    "table",
    "text search configuration",
    "type",
    "unexpected",
    "view",
    "allowed",
];

impl AllowedDrift {
    /// Whatever differs.
    #[must_use]
    pub fn everything() -> Self {
        Self { patterns: vec!["*".to_owned()] }
    }

    /// Adds a pattern.
    ///
    /// # Errors
    ///
    /// When it is empty, or can match no difference: it begins with no kind of object, and not with `*` or `?`.
    pub fn add(&mut self, pattern: &str) -> Result<(), BadPattern> {
        let pattern = pattern.split_whitespace().collect::<Vec<_>>().join(" ");
        let bad = |reason| Err(BadPattern { line: 1, reason });
        if pattern.is_empty() {
            return bad("a pattern is missing, such as `table messages: trigger audit*`");
        }
        if pattern.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1 {
            return bad("it ends with a `\\`, which takes the meaning from the character after it");
        }
        let begins = |word: &&str| pattern.strip_prefix(*word).is_some_and(|rest| rest.starts_with([' ', '*', '?']));
        if !pattern.starts_with(['*', '?']) && !BEGINNINGS.iter().any(begins) {
            return bad("it begins with no kind of object, such as `table` or `function`, as `verify` prints it");
        }
        self.patterns.push(pattern);
        Ok(())
    }

    /// Adds the patterns of a text, one a line; empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    ///
    /// As for [`add`](Self::add), of the first line that is none.
    pub fn add_lines(&mut self, text: &str) -> Result<(), BadPattern> {
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                self.add(line).map_err(|bad| BadPattern { line: index + 1, ..bad })?;
            }
        }
        Ok(())
    }

    /// Whether a difference is allowed.
    #[must_use]
    pub fn allows(&self, difference: &Difference) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let lines = lines(difference);
        self.patterns.iter().any(|pattern| lines.iter().any(|line| matches(pattern, line)))
    }

    /// The patterns that match no difference: who wrote them was mistaken, or they are no longer needed.
    #[must_use]
    pub fn without_match(&self, drift: Option<&Drift>) -> Vec<&str> {
        let differences = drift.map(|drift| drift.differences.as_slice()).unwrap_or_default();
        let lines: Vec<_> = differences.iter().flat_map(lines).collect();
        let is_idle = |pattern: &&String| *pattern != "*" && !lines.iter().any(|line| matches(pattern, line));
        self.patterns.iter().filter(is_idle).map(String::as_str).collect()
    }
}

/// One pattern a line.
impl fmt::Display for AllowedDrift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.patterns.iter().try_for_each(|pattern| writeln!(f, "{pattern}"))
    }
}

/// What a pattern may match of a difference.
fn lines(difference: &Difference) -> [String; 2] {
    let label = difference.label().split_whitespace().collect::<Vec<_>>().join(" ");
    [format!("{} {label}", difference.how()), label]
}

/// Whether a pattern matches all of a line, in time that grows with both lengths and not faster.
fn matches(pattern: &str, line: &str) -> bool {
    let (pattern, line): (Vec<char>, Vec<char>) = (pattern.chars().collect(), line.chars().collect());
    let (mut p, mut l) = (0, 0);
    // Where to go on when it does not match: behind the last `*`, with one more character for that.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(character) = line.get(l) {
        let next = match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, l));
                p += 1;
                continue;
            }
            Some('?') => Some(p + 1),
            Some('\\') if pattern.get(p + 1) == Some(character) => Some(p + 2),
            Some(literal) if *literal != '\\' && literal == character => Some(p + 1),
            _ => None,
        };
        match (next, retry) {
            (Some(next), _) => (p, l) = (next, l + 1),
            (None, Some((behind, from))) => {
                retry = Some((behind, from + 1));
                (p, l) = (behind, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|rest| *rest == '*'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::{AllowedDrift, matches};

    #[test]
    fn a_pattern_matches_all_of_a_line() {
        for (pattern, line, is_match) in [
            ("table messages: trigger audit*", "table messages: trigger audit_messages", true),
            ("table messages: trigger audit*", "table messages: trigger spy", false),
            ("table messages", "table messages: trigger spy", false),
            ("table *: row security", "table users: row security", true),
            ("table *: row security", "table users: row security forced", false),
            ("*", "", true),
            ("*a*b*c", "xxaxxbxxbxxc", true),
            ("?", "é", true),
            ("?", "", false),
            ("function f(integer[])", "function f(integer[])", true),
            (r"table a\*b", "table a*b", true),
            (r"table a\*b", "table axb", false),
        ] {
            assert_eq!(matches(pattern, line), is_match, "{pattern} {line}");
        }
        assert!(!matches(&"*a".repeat(1000), &"a".repeat(999)));
    }

    #[test]
    fn a_line_that_can_match_nothing_is_refused_by_its_number() {
        let mut allowed = AllowedDrift::default();
        allowed.add_lines("# The platform's.\r\n\r\ntable *: row security\r\nunexpected  table x\n").unwrap();
        assert_eq!(allowed.to_string(), "table *: row security\nunexpected table x\n");
        for (text, line) in [("table a\nmessages: trigger audit", 2), ("\n\ntable a\\", 3), ("tables a", 1)] {
            assert_eq!(AllowedDrift::default().add_lines(text).unwrap_err().line, line, "{text}");
        }
        assert!(AllowedDrift::default().add(" ").is_err());
    }
}

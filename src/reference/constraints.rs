//! Says in words what a constraint demands.

use super::prose::{Piece, Prose, names};
use super::{Constraint, ConstraintKind};

/// What a constraint demands, in words; an expression that has no words here is given as it is.
pub(crate) fn in_words(constraint: &Constraint) -> Prose {
    if constraint.kind == ConstraintKind::Check && constraint.definition.starts_with("not read: ") {
        return vec![Piece::text(&constraint.definition)];
    }
    let mut prose = match constraint.kind {
        ConstraintKind::Primary => with(names(&constraint.columns), "", identifies(constraint)),
        ConstraintKind::Unique => {
            let together =
                if constraint.columns.len() > 1 { "no two rows have the same " } else { "no two rows share " };
            with(names(&constraint.columns), together, "")
        }
        ConstraintKind::Foreign => foreign_key(constraint),
        ConstraintKind::Check => check(&constraint.definition),
        ConstraintKind::Exclusion => vec![Piece::code(&constraint.definition)],
    };
    if constraint.is_deferred {
        prose.push(Piece::text("; checked at the end of the transaction"));
    }
    if constraint.definition.ends_with("NULLS NOT DISTINCT") {
        prose.push(Piece::text("; empty counts as a value"));
    }
    if constraint.definition.ends_with(" NOT VALID") {
        prose.push(Piece::text("; rows from before it may differ"));
    }
    prose
}

fn identifies(constraint: &Constraint) -> &'static str {
    if constraint.columns.len() > 1 { " together identify a row" } else { " identifies a row" }
}

fn with(mut names: Prose, before: &str, after: &str) -> Prose {
    if !before.is_empty() {
        names.insert(0, Piece::text(before));
    }
    if !after.is_empty() {
        names.push(Piece::text(after));
    }
    names
}

fn foreign_key(constraint: &Constraint) -> Prose {
    let mut prose = names(&constraint.columns);
    let verb = if constraint.columns.len() > 1 { " point at " } else { " points at " };
    prose.push(Piece::text(verb));
    prose.push(Piece::Table(constraint.target.clone().unwrap_or_default()));
    prose.push(Piece::text(" ("));
    prose.extend(names(&constraint.target_columns));
    prose.push(Piece::text(match constraint.on_delete.as_deref() {
        Some("delete") => "); when that row is deleted, this one is too",
        Some("null") => "); when that row is deleted, it becomes empty",
        Some("default") => "); when that row is deleted, it becomes the default",
        _ => "); that row cannot be deleted while this one is there",
    }));
    prose
}

/// What a CHECK demands, such as `CHECK (char_length(name) <= 100)`.
pub(super) fn check(definition: &str) -> Prose {
    let expression = definition.strip_prefix("CHECK (").unwrap_or(definition);
    let expression = expression.trim_end_matches(" NOT VALID").trim_end_matches(" NO INHERIT");
    let expression = expression.strip_suffix(')').unwrap_or(expression);
    if let Some(prose) = times(expression) {
        return prose;
    }
    let stripped = without_casts(expression);
    let clauses = split(&stripped, " AND ");
    if let [low, high] = clauses.as_slice()
        && let Some(prose) = range(low, high)
    {
        return prose;
    }
    let mut prose = Prose::new();
    for (number, clause) in clauses.iter().enumerate() {
        let Some(words) = comparison(clause) else {
            return vec![Piece::text("must hold: "), Piece::code(expression)];
        };
        if number > 0 {
            prose.push(Piece::text(", and "));
        }
        prose.extend(words);
    }
    prose
}

/// For each of several columns, that its time is one that every program can read.
fn times(expression: &str) -> Option<Prose> {
    const FIRST: &str = " >= '0001-01-01 00:00:00+00'::timestamp with time zone";
    const LAST: &str = " <= '9999-12-31 23:59:59.999999+00'::timestamp with time zone";
    let (first, last) = expression.split_once(" AND ")?;
    let first = outer_parentheses_off(first).strip_suffix(FIRST)?;
    let last = outer_parentheses_off(last).strip_suffix(LAST)?;
    let arguments = |call: &str, name: &str| Some(call.strip_prefix(name)?.strip_suffix(')')?.to_owned());
    let columns = match (arguments(first, "LEAST("), arguments(last, "GREATEST(")) {
        (Some(least), Some(greatest)) if least == greatest => least,
        (None, None) if first == last => first.to_owned(),
        _ => return None,
    };
    let columns: Vec<_> = columns.split(", ").map(str::to_owned).collect();
    if !columns.iter().all(|column| is_name(column)) {
        return None;
    }
    let verb = if columns.len() > 1 { " lie in the years 1 to 9999" } else { " lies in the years 1 to 9999" };
    Some(with(names(&columns), "", verb))
}

/// `x >= 1`, `x <= 100`: from 1 to 100.
fn range(low: &str, high: &str) -> Option<Prose> {
    let (low, high) = (Comparison::parse(low)?, Comparison::parse(high)?);
    let is_range = low.left == high.left && low.operator == ">=" && high.operator == "<=";
    if !is_range || !is_number(low.right) || !is_number(high.right) {
        return None;
    }
    let measure = Measure::of(low.left)?;
    let verb = if measure.unit.is_empty() { "is from" } else { "has" };
    let text = format!(" {verb} {} to {}{}", low.right, high.right, measure.unit);
    Some(vec![Piece::code(measure.column), Piece::text(text)])
}

fn comparison(clause: &str) -> Option<Prose> {
    let clause = outer_parentheses_off(clause);
    if let Some(column) = clause.strip_suffix(" IS NOT NULL").filter(|column| is_name(column)) {
        return Some(vec![Piece::code(column), Piece::text(" is given")]);
    }
    if let Some(column) = clause.strip_suffix(" IS NULL").filter(|column| is_name(column)) {
        return Some(vec![Piece::code(column), Piece::text(" is empty")]);
    }
    let Comparison { left, operator, right } = Comparison::parse(clause)?;
    if let Some(list) = right.strip_prefix("ANY (ARRAY[").and_then(|list| list.strip_suffix("])"))
        && operator == "="
        && is_name(left)
    {
        let unquoted = |value: &str| value.trim_matches('\'').to_owned();
        let values: Vec<_> = split(list, ", ").into_iter().map(unquoted).collect();
        let mut prose = vec![Piece::code(left), Piece::text(" is one of ")];
        prose.extend(names(&values));
        return Some(prose);
    }
    if operator == "=" && left.starts_with('(') && right.starts_with('(') {
        let mut prose = comparison(left)?;
        prose.push(Piece::text(" exactly when "));
        prose.extend(comparison(right)?);
        return Some(prose);
    }
    if is_number(right) {
        let measure = Measure::of(left)?;
        let text = match (operator, measure.unit.is_empty()) {
            ("<=", true) => format!(" is at most {right}"),
            (">=", true) => format!(" is at least {right}"),
            (">", true) => format!(" is more than {right}"),
            ("<", true) => format!(" is less than {right}"),
            ("=", true) => format!(" is {right}"),
            ("<=", false) => format!(" has at most {right}{}", measure.unit),
            (">=", false) => format!(" has at least {right}{}", measure.unit),
            (">", false) => format!(" has more than {right}{}", measure.unit),
            ("=", false) => format!(" has {right}{}", measure.unit),
            _ => return None,
        };
        return Some(vec![Piece::code(measure.column), Piece::text(text)]);
    }
    let is_value = right.starts_with('\'') && right.ends_with('\'');
    let text = match operator {
        "~" if is_value => " matches the pattern ",
        "=" if is_value || is_name(right) => " is ",
        "<>" if is_value || is_name(right) => " is not ",
        "<=" if is_name(right) => " is at most ",
        ">=" if is_name(right) => " is at least ",
        "<" if is_name(right) => " is before ",
        ">" if is_name(right) => " is after ",
        _ => return None,
    };
    let right = right.strip_prefix('\'').and_then(|right| right.strip_suffix('\'')).unwrap_or(right);
    is_name(left).then(|| vec![Piece::code(left), Piece::text(text), Piece::code(right)])
}

/// A comparison taken apart.
struct Comparison<'a> {
    left: &'a str,
    operator: &'static str,
    right: &'a str,
}

impl<'a> Comparison<'a> {
    fn parse(clause: &'a str) -> Option<Self> {
        let clause = outer_parentheses_off(clause);
        // The longer first: <= is no <.
        ["<=", ">=", "<>", "=", "<", ">", "~"].into_iter().find_map(|operator| {
            match split(clause, &format!(" {operator} "))[..] {
                [left, right] => Some(Self { left, operator, right }),
                _ => None,
            }
        })
    }
}

/// What is counted of a column.
struct Measure<'a> {
    column: &'a str,
    /// Empty: its value.
    unit: &'static str,
}

impl<'a> Measure<'a> {
    fn of(expression: &'a str) -> Option<Self> {
        let counted = [("char_length(", " characters"), ("octet_length(", " bytes"), ("cardinality(", " entries")];
        let of = counted.iter().find_map(|(function, unit)| {
            let column = expression.strip_prefix(function)?.strip_suffix(')')?;
            Some(Self { column, unit })
        });
        of.or(Some(Self { column: expression, unit: "" })).filter(|measure| is_name(measure.column))
    }
}

fn is_name(text: &str) -> bool {
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '-' || c == '.')
}

fn outer_parentheses_off(text: &str) -> &str {
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    // `(a) = (b)` begins and ends with one, too, and those are no pair.
    inner.filter(|inner| depths(inner).all(|(_, _, depth)| depth >= 0)).unwrap_or(text)
}

/// Each character with its place and how many parentheses are open behind it; -1 behind one that closes what was not
/// opened. What is in quotes opens nothing.
fn depths(text: &str) -> impl Iterator<Item = (usize, char, i32)> {
    let (mut depth, mut is_quoted) = (0, false);
    text.char_indices().map(move |(at, c)| {
        match c {
            '\'' => is_quoted = !is_quoted,
            '(' | '[' if !is_quoted => depth += 1,
            ')' | ']' if !is_quoted => depth -= 1,
            _ => {}
        }
        (at, c, if is_quoted { depth.max(0) + 1 } else { depth })
    })
}

/// The parts between separators that are in no parentheses and no quotes.
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    for (at, _, depth) in depths(text) {
        if depth == 0 && at >= begin && text.get(at..).is_some_and(|rest| rest.starts_with(separator)) {
            parts.extend(text.get(begin..at));
            begin = at + separator.len();
        }
    }
    parts.extend(text.get(begin..));
    parts
}

/// The expression without `::type`.
fn without_casts(expression: &str) -> String {
    let mut parts = expression.split("::");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_in_quotes = text.matches('\'').count() % 2 == 1;
        let part = if is_in_quotes {
            text.push_str("::");
            part
        } else {
            part.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '"').trim_start_matches("[]")
        };
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::prose::Piece;
    use super::check;

    fn words(definition: &str) -> String {
        let text = |piece: Piece| match piece {
            Piece::Text(text) | Piece::Code(text) | Piece::Table(text) => text,
        };
        check(definition).into_iter().map(text).collect()
    }

    #[test]
    fn a_check_is_said_in_words_or_shown_as_it_is() {
        for (definition, expected) in [
            ("CHECK (char_length(name) >= 1 AND char_length(name) <= 100)", "name has 1 to 100 characters"),
            ("CHECK (char_length(avatar_url) <= 500)", "avatar_url has at most 500 characters"),
            ("CHECK (octet_length(token_hash) = 32)", "token_hash has 32 bytes"),
            ("CHECK (member_count >= 0 AND member_count <= 300)", "member_count is from 0 to 300"),
            ("CHECK (seq > 0) NOT VALID", "seq is more than 0"),
            ("CHECK (blocker_id::uuid <> blocked_id::uuid)", "blocker_id is not blocked_id"),
            ("CHECK (username ~ '^[a-z]{3,50}$'::text)", "username matches the pattern ^[a-z]{3,50}$"),
            (
                "CHECK ((status = 'accepted'::contact_status) = (accepted_at IS NOT NULL))",
                "status is accepted exactly when accepted_at is given",
            ),
            ("CHECK (a = 'x AND y'::text AND b IS NOT NULL)", "a is x AND y, and b is given"),
            ("CHECK (lower(a) = b OR c)", "must hold: lower(a) = b OR c"),
            ("CHECK (expires_at > created_at)", "expires_at is after created_at"),
            (
                "CHECK (a >= '0001-01-01 00:00:00+00'::timestamp with time zone AND a <= '9999-12-31 23:59:59.999999+00'::timestamp \
                 with time zone)",
                "a lies in the years 1 to 9999",
            ),
            (
                "CHECK (LEAST(a, b) >= '0001-01-01 00:00:00+00'::timestamp with time zone AND GREATEST(a, b) <= '9999-12-31 \
                 23:59:59.999999+00'::timestamp with time zone)",
                "a and b lie in the years 1 to 9999",
            ),
            (
                "CHECK (a >= '0001-01-01 00:00:00+00'::timestamp with time zone AND b <= '9999-12-31 23:59:59.999999+00'::timestamp \
                 with time zone)",
                "must hold: a >= '0001-01-01 00:00:00+00'::timestamp with time zone AND b <= '9999-12-31 \
                 23:59:59.999999+00'::timestamp with time zone",
            ),
            (
                "CHECK ((seq IS NOT NULL) = (kind = ANY (ARRAY['edited'::text, 'deleted'::text])))",
                "seq is given exactly when kind is one of edited and deleted",
            ),
            ("CHECK (\"position\" >= 0 AND \"position\" <= 4)", "\"position\" is from 0 to 4"),
        ] {
            assert_eq!(words(definition), expected, "{definition}");
        }
    }
}

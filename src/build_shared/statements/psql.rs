//! Writes SQL as psql has to read it, so that the server gets from psql what it gets from the runner.

use super::split;
use super::tokens::{Kind, Token, tokens};

/// What in `sql` psql would take for something else than the server does, and where, in bytes.
#[must_use]
pub fn not_for_psql(sql: &str) -> Option<(usize, &'static str)> {
    if let Some(token) = tokens(sql).find(|token| matches!(token.kind, Kind::Unclosed | Kind::PsqlCommand)) {
        let what = if token.kind == Kind::Unclosed {
            "a quote or a comment that never ends"
        } else {
            "a command of psql, which is no SQL"
        };
        return Some((token.start, what));
    }
    let copies_in = |statement: &str| {
        let mut words = super::keywords(statement);
        words.next().as_deref() == Some("COPY") && words.any(|word| word == "STDIN")
    };
    let copy = split(sql).into_iter().find(|statement| copies_in(statement.text))?;
    Some((copy.start, "COPY FROM STDIN, to which the runner gives no data"))
}

/// `sql` for psql: every statement ended, and no colon taken for the beginning of a variable.
///
/// `as_one`: as the one query that the runner makes of it. Otherwise psql sends statement by statement, which a person
/// reads more easily.
#[must_use]
pub fn for_psql(sql: &str, as_one: bool) -> String {
    let tokens: Vec<_> = tokens(sql).collect();
    let mut script = String::with_capacity(sql.len() + 2);
    let mut colons = 0_usize;
    let mut is_ended = true;
    for (token, next) in tokens.iter().zip(tokens.iter().skip(1).map(Some).chain([None])) {
        colons = if token.text == ":" { colons + 1 } else { 0 };
        // Two colons are a cast to psql; a third may begin a variable.
        let begins_a_variable = colons % 2 == 1 && next.is_some_and(may_name_a_variable);
        if begins_a_variable || (as_one && token.kind == Kind::Semicolon) {
            script.push('\\');
        }
        match token.text.as_bytes() {
            [b'e' | b'E', b'\'', ..] if token.kind == Kind::Quoted => script.push_str(&on_one_line(token.text)),
            _ => script.push_str(token.text),
        }
        if token.kind != Kind::Blank {
            is_ended = token.kind == Kind::Semicolon;
        }
    }
    // The last line may be a comment.
    script.push_str(if is_ended && !as_one { "\n" } else { "\n;\n" });
    script
}

/// A string with backslashes that goes on behind a line break, as one. psql reads line by line, and takes what follows for a
/// string without backslashes.
fn on_one_line(string: &str) -> String {
    let mut joined = String::with_capacity(string.len());
    let mut rest = string;
    while let Some(at) = rest.find(['\'', '\\']) {
        let (before, found) = rest.split_at(at);
        joined.push_str(before);
        let next = found.chars().nth(1).map_or(0, char::len_utf8);
        let is_opening = joined.len() == 1;
        if !is_opening && found.starts_with('\'') && next > 0 && !found.starts_with("''") {
            // Between a quote that is not the last and the next are white space and comments.
            rest = past_the_break(found);
            continue;
        }
        let length = if is_opening { 1 } else { 1 + next };
        joined.push_str(found.get(..length).unwrap_or(found));
        rest = found.get(length..).unwrap_or_default();
    }
    joined + rest
}

/// What follows the opening quote behind a line break, from the closing quote before it on.
fn past_the_break(closing: &str) -> &str {
    let mut rest = closing.get(1..).unwrap_or_default();
    while let Some(comment) = rest.trim_ascii_start().strip_prefix("--") {
        rest = comment.find(['\n', '\r']).and_then(|end| comment.get(end..)).unwrap_or_default();
    }
    rest.trim_start().strip_prefix('\'').unwrap_or_default()
}

/// Whether psql takes a colon before this for the beginning of a variable: `:name`, `:'name'`, `:"name"`, `:{?name}`.
fn may_name_a_variable(token: &Token<'_>) -> bool {
    token.text.starts_with(|first: char| first.is_alphanumeric() || !first.is_ascii() || "_'\"{".contains(first))
}

#[cfg(test)]
mod tests {
    use super::{for_psql, not_for_psql};

    #[test]
    fn every_statement_is_ended_once_whatever_is_at_the_end() {
        for (sql, expected) in [
            ("SELECT 1", "SELECT 1\n;\n"),
            ("SELECT 1;", "SELECT 1;\n"),
            ("SELECT 1 -- a;", "SELECT 1 -- a;\n;\n"),
            ("SELECT 1; -- a", "SELECT 1; -- a\n"),
            ("SELECT 1 /* ; */\r\n", "SELECT 1 /* ; */\r\n\n;\n"),
            ("SELECT ';'", "SELECT ';'\n;\n"),
            ("SELECT $$;$$", "SELECT $$;$$\n;\n"),
            ("-- nothing", "-- nothing\n"),
        ] {
            assert_eq!(for_psql(sql, false), expected);
        }
        assert_eq!(for_psql("SELECT ';'; SELECT 2; -- a", true), "SELECT ';'\\; SELECT 2\\; -- a\n;\n");
    }

    #[test]
    fn no_colon_begins_a_variable() {
        for (sql, expected) in [
            ("SELECT a[1:n], a[ : n], 1::int", "SELECT a[1\\:n], a[ : n], 1::int\n;\n"),
            ("SELECT a[1::int:n], a[1:'2'], a[:\"n\"]", "SELECT a[1::int\\:n], a[1\\:'2'], a[\\:\"n\"]\n;\n"),
            ("SELECT ':n', \":n\", $$:n$$ -- :n", "SELECT ':n', \":n\", $$:n$$ -- :n\n;\n"),
            ("SELECT a[1:::n]", "SELECT a[1::\\:n]\n;\n"),
        ] {
            assert_eq!(for_psql(sql, false), expected);
        }
    }

    #[test]
    fn a_string_with_backslashes_is_on_one_line() {
        for (sql, expected) in [
            ("SELECT E'a'\n  '\\'b;'", "SELECT E'a\\'b;'\n;\n"),
            ("SELECT e'a''b\\\\'\r\n-- it's\n-- more\n\t'c' , 'd'\n'e'", "SELECT e'a''b\\\\c' , 'd'\n'e'\n;\n"),
            ("SELECT E'', E'a', E'é\\é'", "SELECT E'', E'a', E'é\\é'\n;\n"),
        ] {
            assert_eq!(for_psql(sql, false), expected);
        }
    }

    #[test]
    fn what_psql_would_do_instead_is_found() {
        for (sql, at) in [
            ("SELECT 1;\n\\! rm -rf /", Some(10)),
            ("SELECT 1 \\gexec", Some(9)),
            ("COPY t FROM STDIN", Some(0)),
            ("SELECT 1; copy t (a) from /* a */ stdin", Some(10)),
            ("SELECT 'a", Some(7)),
            ("SELECT E'\\\\', '\\'", None),
            ("COPY t TO STDOUT", None),
        ] {
            assert_eq!(not_for_psql(sql).map(|(start, _)| start), at, "{sql}");
        }
    }
}

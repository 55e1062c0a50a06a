//! Splits SQL into statements as psql and the server's lexer do.

mod position;
mod psql;
mod resumable;
#[cfg(test)]
mod tests;
mod tokens;

pub use position::{line_and_column, offset_of_position};
pub use psql::{for_psql, not_for_psql};
pub use resumable::{Resumable, resumable, without_concurrently};
use tokens::{Kind, Token, tokens};

/// One statement, without the comments around it and without the semicolon that ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The statement, from its first significant character to its last.
    pub text: &'a str,
    /// Where `text` begins in what was split, in bytes.
    pub start: usize,
}

/// Splits a file into its statements, in their order and in time linear in its length; empty ones are left out.
///
/// Never fails: what the server would refuse, such as a quote that never closes, ends up in some statement.
/// Commands of psql are not carried out; each is a statement of its own, `text` beginning with its backslash.
#[must_use]
pub fn split(sql: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut reading = Reading::default();
    for token in tokens(sql) {
        match token.kind {
            Kind::Blank => {}
            Kind::Semicolon if reading.may_end() => {
                statements.extend(std::mem::take(&mut reading).statement(sql));
            }
            Kind::PsqlCommand => {
                statements.extend(std::mem::take(&mut reading).statement(sql));
                let (text, start) = (token.text.trim_ascii_end(), token.start);
                statements.push(Statement { text, start });
            }
            _ => reading.push(&token),
        }
    }
    statements.extend(reading.statement(sql));
    statements
}

/// The keywords and unquoted names in `sql`, in their order and in upper case, past comments, strings and
/// quoted identifiers.
pub fn keywords(sql: &str) -> impl Iterator<Item = String> {
    tokens(sql).filter(|token| token.kind == Kind::Word).map(|token| token.text.to_ascii_uppercase())
}

/// Whether `sql` is one statement that works CONCURRENTLY: nobody waits for it while it waits for transactions of others.
#[must_use]
pub fn works_concurrently(sql: &str) -> bool {
    let [statement] = *split(sql) else { return false };
    let mut words = keywords(statement.text);
    let first = words.next().unwrap_or_default();
    ["CREATE", "DROP", "REINDEX", "ALTER"].contains(&first.as_str()) && words.any(|word| word == "CONCURRENTLY")
}

/// What `sql` is made of, past white space and comments: keywords and unquoted names in upper case, strings and quoted
/// names with their quotes, and every other character by itself.
pub fn significant(sql: &str) -> impl Iterator<Item = String> {
    tokens(sql).filter(|token| token.kind != Kind::Blank).map(|token| match token.kind {
        Kind::Word => token.text.to_ascii_uppercase(),
        _ => token.text.to_owned(),
    })
}

/// Where a string, a quoted identifier or a comment begins that never ends, in bytes, if there is one.
#[must_use]
pub fn unclosed(sql: &str) -> Option<usize> {
    tokens(sql).find(|token| token.kind == Kind::Unclosed).map(|token| token.start)
}

/// The statement being read, and what of it is still open.
#[derive(Default)]
struct Reading<'a> {
    /// From where to where its significant text goes, in bytes.
    span: Option<(usize, usize)>,
    creates: bool,
    parentheses: usize,
    /// How many `BEGIN ATOMIC` and `CASE` wait for their `END`.
    bodies: usize,
    previous: &'a str,
}

impl<'a> Reading<'a> {
    /// Whether a semicolon here ends the statement: not in CREATE RULE's parentheses, nor in a function's body.
    fn may_end(&self) -> bool {
        self.parentheses == 0 && self.bodies == 0
    }

    fn push(&mut self, token: &Token<'a>) {
        let end = token.start + token.text.len();
        self.creates |= self.span.is_none() && token.text.eq_ignore_ascii_case("CREATE");
        self.span = Some((self.span.map_or(token.start, |(start, _)| start), end));
        match token.kind {
            Kind::Open => self.parentheses += 1,
            Kind::Close => self.parentheses = self.parentheses.saturating_sub(1),
            Kind::Word if self.creates && self.parentheses == 0 => self.follow_body(token.text),
            _ => {}
        }
        self.previous = token.text;
    }

    /// Only CREATE FUNCTION and CREATE PROCEDURE have an SQL body, and only a body counts its CASEs: outside of
    /// one, BEGIN and END are about transactions.
    fn follow_body(&mut self, word: &str) {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        let after = |text: &str| self.previous.eq_ignore_ascii_case(text);
        if self.bodies == 0 {
            self.bodies = usize::from(is("ATOMIC") && after("BEGIN"));
        } else if after("AS") || after(".") {
            // A column may be called `end` here, without quotes.
        } else if is("CASE") {
            self.bodies += 1;
        } else if is("END") {
            self.bodies -= 1;
        }
    }

    fn statement(self, sql: &'a str) -> Option<Statement<'a>> {
        let (start, end) = self.span?;
        let text = sql.get(start..end)?;
        Some(Statement { text, start })
    }
}

//! Recognises statements whose effect a later attempt can look up: concurrent index builds and drops, `ADD VALUE`.

use super::tokens::{Kind, Token, tokens};

/// What a single statement makes or drops outside of a transaction. Names are as they are written, quotes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumable<'a> {
    /// `CREATE INDEX CONCURRENTLY`.
    CreateIndex {
        /// Whether it is UNIQUE.
        unique: bool,
        /// The index.
        name: &'a str,
        /// The table, with its schema if that is written.
        table: &'a str,
        /// The table alone.
        table_name: &'a str,
        /// All that follows the table: method, columns, condition.
        definition: &'a str,
    },
    /// `DROP INDEX CONCURRENTLY`.
    DropIndex {
        /// The index, with its schema if that is written.
        name: &'a str,
    },
    /// `ALTER TYPE … ADD VALUE`.
    AddValue {
        /// The type, with its schema if that is written.
        name: &'a str,
        /// The label, a string with its quotes.
        label: &'a str,
    },
}

/// Reads a statement without the comments around it. `None`: it is no such statement, or written in a way that is not
/// understood here.
#[must_use]
pub fn resumable(statement: &str) -> Option<Resumable<'_>> {
    let mut words =
        Words { sql: statement, rest: tokens(statement).filter(|token| token.kind != Kind::Blank).collect() };
    words.rest.reverse();
    if words.take_all(&["DROP", "INDEX", "CONCURRENTLY"]) {
        words.take_all(&["IF", "EXISTS"]);
        return words.name().map(|(name, _)| Resumable::DropIndex { name });
    }
    if words.take_all(&["ALTER", "TYPE"]) {
        let (name, _) = words.name()?;
        if !words.take_all(&["ADD", "VALUE"]) {
            return None;
        }
        words.take_all(&["IF", "NOT", "EXISTS"]);
        let label = words.rest.pop().filter(|token| token.kind == Kind::Quoted && !token.text.ends_with('"'))?;
        return Some(Resumable::AddValue { name, label: label.text });
    }
    let unique = words.take_all(&["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY"]);
    if !unique && !words.take_all(&["CREATE", "INDEX", "CONCURRENTLY"]) {
        return None;
    }
    words.take_all(&["IF", "NOT", "EXISTS"]);
    let (name, last) = words.name()?;
    // Without a name the server gives one, another with each attempt.
    if name != last || name.eq_ignore_ascii_case("ON") || !words.take_all(&["ON"]) {
        return None;
    }
    words.take_all(&["ONLY"]);
    let (table, table_name) = words.name()?;
    let definition = statement.get(words.rest.last()?.start..)?;
    Some(Resumable::CreateIndex { unique, name, table, table_name, definition })
}

/// The same index built or dropped by a statement that a transaction may hold: `sql` without its CONCURRENTLY, blank in its
/// place so that every other character stays where it is. `None`: `sql` is not one such statement alone.
#[must_use]
pub fn without_concurrently(sql: &str) -> Option<String> {
    let [statement] = *super::split(sql) else { return None };
    let (Resumable::CreateIndex { .. } | Resumable::DropIndex { .. }) = resumable(statement.text)? else { return None };
    let keyword = tokens(sql)
        .find(|token| token.kind == Kind::Word && token.text.eq_ignore_ascii_case("CONCURRENTLY"))
        .map(|token| token.start..token.start + token.text.len())?;
    let mut plain = sql.to_owned();
    plain.replace_range(keyword.clone(), &" ".repeat(keyword.len()));
    Some(plain)
}

/// The tokens that are still to be read, the next one last.
struct Words<'a> {
    sql: &'a str,
    rest: Vec<Token<'a>>,
}

impl<'a> Words<'a> {
    /// Takes these keywords, all or none.
    fn take_all(&mut self, keywords: &[&str]) -> bool {
        let next = self.rest.iter().rev();
        let matching =
            next.zip(keywords).take_while(|(token, keyword)| token.text.eq_ignore_ascii_case(keyword)).count();
        let all = matching == keywords.len();
        if all {
            self.rest.truncate(self.rest.len() - matching);
        }
        all
    }

    /// Takes a name with what qualifies it; gives the whole, and the last part alone.
    fn name(&mut self) -> Option<(&'a str, &'a str)> {
        let is_name =
            |token: &Token<'_>| token.kind == Kind::Word || (token.kind == Kind::Quoted && token.text.starts_with('"'));
        let first = self.rest.pop().filter(is_name)?;
        let mut last = first;
        while self.rest.last().is_some_and(|token| token.text == ".") {
            self.rest.pop();
            last = self.rest.pop().filter(is_name)?;
        }
        Some((self.sql.get(first.start..last.start + last.text.len())?, last.text))
    }
}

#[cfg(test)]
mod tests {
    use super::{Resumable, resumable, without_concurrently};

    #[test]
    fn an_index_is_read_with_its_table_and_what_follows_however_it_is_written() {
        let expected = Resumable::CreateIndex {
            unique: false,
            name: "cats_name_idx",
            table: "cats",
            table_name: "cats",
            definition: "(name) WHERE lives > 0",
        };
        for sql in [
            "CREATE INDEX CONCURRENTLY cats_name_idx ON cats (name) WHERE lives > 0",
            "create index concurrently if not exists cats_name_idx on only cats (name) WHERE lives > 0",
            "CREATE INDEX /* why */ CONCURRENTLY cats_name_idx\n  ON cats -- these\n  (name) WHERE lives > 0",
        ] {
            assert_eq!(resumable(sql), Some(expected), "{sql}");
        }
        assert_eq!(
            resumable(r#"CREATE UNIQUE INDEX CONCURRENTLY "A ""b""" ON "My schema" . "Cats" USING gin (a)"#),
            Some(Resumable::CreateIndex {
                unique: true,
                name: r#""A ""b""""#,
                table: r#""My schema" . "Cats""#,
                table_name: r#""Cats""#,
                definition: "USING gin (a)",
            })
        );
    }

    #[test]
    fn an_index_that_is_dropped_and_a_label_that_is_added_are_read() {
        for sql in ["DROP INDEX CONCURRENTLY s.an_idx", "DROP INDEX CONCURRENTLY IF EXISTS s.an_idx CASCADE"] {
            assert_eq!(resumable(sql), Some(Resumable::DropIndex { name: "s.an_idx" }), "{sql}");
        }
        for sql in ["ALTER TYPE mood ADD VALUE 'so''so'", "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'so''so' BEFORE 'x'"]
        {
            assert_eq!(resumable(sql), Some(Resumable::AddValue { name: "mood", label: "'so''so'" }), "{sql}");
        }
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        for sql in [
            "CREATE INDEX cats_name_idx ON cats (name)",
            "CREATE INDEX CONCURRENTLY ON cats (name)",
            "CREATE INDEX CONCURRENTLY s.cats_name_idx ON cats (name)",
            r#"CREATE INDEX CONCURRENTLY U&"cats" ON cats (name)"#,
            "CREATE INDEX CONCURRENTLY cats_name_idx ON cats",
            "DROP INDEX cats_name_idx",
            "ALTER TYPE mood RENAME VALUE 'a' TO 'b'",
            "ALTER TYPE mood ADD VALUE",
            "VACUUM",
            "",
        ] {
            assert_eq!(resumable(sql), None, "{sql}");
        }
    }

    #[test]
    fn an_index_has_a_form_for_a_transaction_with_everything_in_its_place() {
        let sql = "-- CONCURRENTLY, because.\nCREATE INDEX concurrently i ON t (\"CONCURRENTLY\");";
        let plain = "-- CONCURRENTLY, because.\nCREATE INDEX              i ON t (\"CONCURRENTLY\");";
        assert_eq!(without_concurrently(sql).as_deref(), Some(plain));
        assert!(without_concurrently("DROP INDEX CONCURRENTLY i").is_some());
        for sql in [
            "CREATE INDEX i ON t (a)",
            "ALTER TYPE mood ADD VALUE 'a'",
            "VACUUM",
            "SELECT 1; DROP INDEX CONCURRENTLY i",
        ] {
            assert_eq!(without_concurrently(sql), None, "{sql}");
        }
    }
}

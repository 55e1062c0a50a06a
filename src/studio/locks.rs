//! Tells which locks a statement of a migration takes, from its words alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::build_shared::statements;
use crate::migrate::Migration;

/// What a lock on a table keeps others from, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lock {
    /// `ROW EXCLUSIVE`: rows are written.
    RowExclusive,
    /// `SHARE UPDATE EXCLUSIVE`.
    ShareUpdateExclusive,
    /// `SHARE`.
    Share,
    /// `SHARE ROW EXCLUSIVE`.
    ShareRowExclusive,
    /// `ACCESS EXCLUSIVE`.
    AccessExclusive,
}

impl Lock {
    /// As SQL calls it.
    pub(super) const fn mode(self) -> &'static str {
        match self {
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    /// What others notice.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::RowExclusive => "reads and writes go on, but for the rows that it changes",
            Self::ShareUpdateExclusive => "reads and writes go on",
            Self::Share | Self::ShareRowExclusive => "reads go on, writes wait",
            Self::AccessExclusive => "reads and writes wait",
        }
    }
}

/// The strongest lock of each table that is there before, until the migration ends; and how many tables it makes.
pub(super) fn of_migration(migration: &Migration) -> (BTreeMap<String, Lock>, BTreeSet<String>) {
    let (mut locks, mut made) = (BTreeMap::new(), BTreeSet::new());
    for statement in statements::split(migration.up) {
        let words: Vec<_> = statements::significant(statement.text).collect();
        made.extend(created_table(&words));
        for (table, lock) in of_statement(&words) {
            let strongest = locks.entry(table).or_insert(lock);
            *strongest = lock.max(*strongest);
        }
    }
    locks.retain(|table, _| !made.contains(table));
    (locks, made)
}

fn created_table(words: &[String]) -> Option<String> {
    let words = without(words, &["UNLOGGED", "IF", "NOT", "EXISTS"]);
    match words.as_slice() {
        [create, table, rest @ ..] if create == "CREATE" && table == "TABLE" => name(rest),
        _ => None,
    }
}

fn of_statement(words: &[String]) -> Vec<(String, Lock)> {
    let has = |word: &str| words.iter().any(|found| found == word);
    let after =
        |word: &str| words.iter().position(|found| found == word).and_then(|at| words.get(at + 1..)).and_then(name);
    let one = |table: Option<String>, lock| table.map(|table| (table, lock)).into_iter().collect();
    let short =
        without(words, &["IF", "NOT", "EXISTS", "ONLY", "UNIQUE", "CONCURRENTLY", "OR", "REPLACE", "CONSTRAINT"]);
    let kind: Vec<_> = short.iter().take(2).map(String::as_str).collect();
    let rest = short.get(2..).unwrap_or_default();
    match kind.as_slice() {
        ["CREATE", "TABLE"] => referenced(words),
        ["CREATE", "INDEX"] => {
            one(after_on(words), if has("CONCURRENTLY") { Lock::ShareUpdateExclusive } else { Lock::Share })
        }
        ["CREATE", "TRIGGER"] => one(after("ON"), Lock::ShareRowExclusive),
        ["ALTER", "TABLE"] => {
            let is_foreign_key = has("FOREIGN") || has("REFERENCES");
            let lock = if has("VALIDATE") || has("STATISTICS") || (has("SET") && has("FILLFACTOR")) {
                Lock::ShareUpdateExclusive
            } else if is_foreign_key && has("CONSTRAINT") && !has("COLUMN") {
                Lock::ShareRowExclusive
            } else {
                Lock::AccessExclusive
            };
            let mut locks: Vec<_> = one(name(rest), lock);
            locks.extend(referenced(words));
            locks
        }
        ["DROP" | "TRUNCATE", "TABLE"] => one(name(rest), Lock::AccessExclusive),
        ["COMMENT", "ON"] => match short.get(2).map(String::as_str) {
            Some("TABLE") => one(short.get(3..).and_then(name), Lock::ShareUpdateExclusive),
            Some("COLUMN") => one(short.get(3).map(|table| table.to_lowercase()), Lock::ShareUpdateExclusive),
            _ => Vec::new(),
        },
        ["INSERT", "INTO"] | ["DELETE", "FROM"] => one(name(rest), Lock::RowExclusive),
        ["UPDATE" | "TRUNCATE", _] => {
            let lock = if kind.first() == Some(&"UPDATE") { Lock::RowExclusive } else { Lock::AccessExclusive };
            one(short.get(1..).and_then(name), lock)
        }
        _ => Vec::new(),
    }
}

/// The tables that are pointed at, which are locked while a foreign key is made.
fn referenced(words: &[String]) -> Vec<(String, Lock)> {
    let found = words.iter().enumerate().filter(|(_, word)| *word == "REFERENCES");
    found.filter_map(|(at, _)| Some((name(words.get(at + 1..)?)?, Lock::ShareRowExclusive))).collect()
}

/// The table of `CREATE INDEX … ON table`.
fn after_on(words: &[String]) -> Option<String> {
    let at = words.iter().position(|word| word == "ON")?;
    name(&without(words.get(at + 1..)?, &["ONLY"]))
}

fn without(words: &[String], noise: &[&str]) -> Vec<String> {
    // Only among the first words: further on they may be names.
    let (first, rest) = words.split_at(words.len().min(8));
    first.iter().filter(|word| !noise.contains(&word.as_str())).chain(rest).cloned().collect()
}

/// The name that the words begin with: of a table in a schema, the table's.
fn name(words: &[String]) -> Option<String> {
    let plain = |word: &String| match word.strip_prefix('"').and_then(|word| word.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => word.to_lowercase(),
    };
    match words {
        [_, dot, table, ..] if dot == "." => Some(plain(table)),
        [table, ..] => Some(plain(table)),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locks(sql: &str) -> Vec<(String, Lock)> {
        of_statement(&statements::significant(sql).collect::<Vec<_>>())
    }

    #[test]
    fn the_lock_of_each_kind_of_statement_is_known() {
        for (sql, table, lock) in [
            ("CREATE TABLE a (b integer REFERENCES users (id))", "users", Lock::ShareRowExclusive),
            ("CREATE UNIQUE INDEX i ON users (id)", "users", Lock::Share),
            ("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON public.users (id)", "users", Lock::ShareUpdateExclusive),
            ("ALTER TABLE users ADD COLUMN c text", "users", Lock::AccessExclusive),
            ("ALTER TABLE IF EXISTS ONLY users VALIDATE CONSTRAINT c", "users", Lock::ShareUpdateExclusive),
            (
                "CREATE OR REPLACE TRIGGER t BEFORE UPDATE ON \"Users\" FOR EACH ROW EXECUTE FUNCTION f()",
                "Users",
                Lock::ShareRowExclusive,
            ),
            ("COMMENT ON COLUMN users.id IS 'x'", "users", Lock::ShareUpdateExclusive),
            ("DROP TABLE IF EXISTS users", "users", Lock::AccessExclusive),
            ("UPDATE users SET a = 1", "users", Lock::RowExclusive),
            ("INSERT INTO users VALUES (1)", "users", Lock::RowExclusive),
        ] {
            assert_eq!(locks(sql), [(table.to_owned(), lock)], "{sql}");
        }
        assert_eq!(locks("CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'"), []);
        let fk = locks("ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES users (id) NOT VALID");
        assert_eq!(fk, [("a".to_owned(), Lock::ShareRowExclusive), ("users".to_owned(), Lock::ShareRowExclusive)]);
    }
}

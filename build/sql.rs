//! Checks the files of SQL for what cannot work in a migration, whatever the database holds.

use super::Problem;
use super::entry::Entry;
use super::locks::long_waits;
use super::rules::{not_for_a_migration, not_in_a_transaction};
use super::session::outlives_the_migration;
use super::statements::{split, unclosed};

/// What is wrong with up.sql or down.sql; `purpose` says what to write into one that has no SQL.
pub fn problems(file: &Entry, purpose: &str, run_in_transaction: Option<bool>) -> Vec<Problem> {
    match file.text() {
        Ok(sql) => [of_text(file, &sql, purpose), of_statements(file, &sql, run_in_transaction)].concat(),
        Err(problem) => vec![problem],
    }
}

fn of_text(file: &Entry, sql: &str, purpose: &str) -> Vec<Problem> {
    let refuse = |wrong: &str, instead: &str| Problem::new(&file.place, wrong, instead);
    let mut problems = Vec::new();
    if sql.trim().is_empty() {
        problems.push(refuse("is empty", purpose));
    } else if split(sql).is_empty() {
        problems.push(refuse("has no statement in it, only comments", purpose));
    }
    if sql.starts_with('\u{feff}') {
        let wrong = "begins with a byte order mark, a syntax error to the server";
        problems.push(refuse(wrong, "save it as UTF-8 without one").at(sql, 0));
    }
    if let Some(at) = sql.find('\0') {
        problems.push(refuse("has a NUL character, which no query can hold", "delete it").at(sql, at));
    }
    if let Some(at) = unclosed(sql) {
        problems.push(refuse("has a quote or a comment that begins here and never ends", "end it").at(sql, at));
    }
    problems
}

fn of_statements(file: &Entry, sql: &str, run_in_transaction: Option<bool>) -> Vec<Problem> {
    let statements = split(sql);
    let mut problems = Vec::new();
    for statement in &statements {
        let mut refuse = |wrong: String, instead: &str| {
            problems.push(Problem::new(&file.place, wrong, instead).at(sql, statement.start));
        };
        let refusal = not_for_a_migration(statement.text).or_else(|| outlives_the_migration(statement.text));
        if let Some((wrong, instead)) = refusal {
            refuse(wrong, instead);
        } else if let Some(name) = not_in_a_transaction(statement.text) {
            if run_in_transaction == Some(true) {
                let wrong = format!("{name} cannot run in a transaction, and this migration runs in one");
                refuse(wrong, "write `run_in_transaction = false` into metadata.toml beside this file");
            }
            // Whatever metadata.toml says: several statements in one query are a transaction to the server.
            if statements.len() > 1 {
                let wrong =
                    format!("{name} cannot run beside other statements, which the server makes one transaction");
                refuse(wrong, "move the others into a migration of their own");
            }
        }
    }
    problems.extend(
        long_waits(sql, file.name == "down.sql")
            .into_iter()
            .map(|wait| Problem::new(&file.place, wait.wrong, wait.instead).at(sql, wait.start)),
    );
    problems
}

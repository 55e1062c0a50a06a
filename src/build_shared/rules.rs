//! Rules for statements: those that no migration can hold, and those that need no transaction.

use super::statements::keywords;

/// What is wrong with a statement, and what to do instead.
pub type Refusal = (String, &'static str);

/// Why a statement cannot be in a migration at all.
pub fn not_for_a_migration(statement: &str) -> Option<Refusal> {
    if statement.starts_with('\\') {
        let command = statement.split_ascii_whitespace().next().unwrap_or_default();
        return Some((format!("`{command}` is a command of psql, not SQL"), "write the SQL itself"));
    }
    let words: Vec<String> = keywords(statement).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let has = |first: &str, second: &str| words.windows(2).any(|pair| pair == [first, second]);
    let transaction = match words.as_slice() {
        ["COPY", ..] if has("FROM", "STDIN") || has("TO", "STDOUT") => {
            let wrong = "COPY stops Diesel, which skips the rest of the file and reports success".to_owned();
            return Some((wrong, "write INSERT"));
        }
        ["START", "TRANSACTION", ..] => "START TRANSACTION",
        ["PREPARE", "TRANSACTION", ..] => "PREPARE TRANSACTION",
        [word @ ("BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE"), ..] => word,
        _ => return None,
    };
    let wrong = format!("{transaction} is not for a migration to say: the runner opens and ends its transaction");
    Some((wrong, "delete it, and to have no transaction write `run_in_transaction = false` into metadata.toml"))
}

/// The name of a statement that the server refuses to run in a transaction.
///
/// Not among them: REFRESH MATERIALIZED VIEW CONCURRENTLY, and ALTER TYPE … ADD VALUE.
pub fn not_in_a_transaction(statement: &str) -> Option<&'static str> {
    let words: Vec<String> = keywords(statement).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let name = match words.as_slice() {
        ["CREATE", "INDEX", "CONCURRENTLY", ..] | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", ..] => {
            "CREATE INDEX CONCURRENTLY"
        }
        ["DROP", "INDEX", "CONCURRENTLY", ..] => "DROP INDEX CONCURRENTLY",
        ["REINDEX", options @ ..] => return reindex(options),
        ["ALTER", "TABLE", .., "CONCURRENTLY"] if words.contains(&"DETACH") => "DETACH PARTITION CONCURRENTLY",
        ["VACUUM", ..] => "VACUUM",
        ["CLUSTER"] => "CLUSTER",
        ["ALTER", "SYSTEM", ..] => "ALTER SYSTEM",
        ["CREATE", "DATABASE", ..] => "CREATE DATABASE",
        ["DROP", "DATABASE", ..] => "DROP DATABASE",
        ["CREATE", "TABLESPACE", ..] => "CREATE TABLESPACE",
        ["DROP", "TABLESPACE", ..] => "DROP TABLESPACE",
        _ => return None,
    };
    Some(name)
}

fn reindex(options: &[&str]) -> Option<&'static str> {
    if options.contains(&"CONCURRENTLY") {
        return Some("REINDEX CONCURRENTLY");
    }
    options.iter().find_map(|word| match *word {
        "INDEX" | "TABLE" => Some(None),
        "SCHEMA" => Some(Some("REINDEX SCHEMA")),
        "DATABASE" => Some(Some("REINDEX DATABASE")),
        "SYSTEM" => Some(Some("REINDEX SYSTEM")),
        _ => None,
    })?
}

//! Finds statements that make everybody wait for as long as an existing table is big.
//!
//! A table that the same file creates is empty and nobody else's, so that anything may be done to it.

use super::statements::{Statement, significant, split};

/// A statement that must not be in a migration, and what to write instead.
pub struct Wait {
    /// Where the statement begins, in bytes.
    pub start: usize,
    /// What is wrong.
    pub wrong: String,
    /// What to do instead.
    pub instead: String,
}

/// What is wrong, what to do instead, and the rule of squawk by whose name a statement can be excepted.
type Rule = (&'static str, &'static str, Option<&'static str>);

const INDEX: Rule = (
    "CREATE INDEX makes writers wait while it reads the whole table",
    "build it with CREATE INDEX CONCURRENTLY, in a migration of its own",
    Some("require-concurrent-index-creation"),
);
const DROPPED_INDEX: Rule = (
    "DROP INDEX waits for everybody who uses the table, and makes everybody after it wait",
    "write DROP INDEX CONCURRENTLY, in a migration of its own",
    Some("require-concurrent-index-deletion"),
);
const CHECKED: Rule = (
    "a new CHECK or FOREIGN KEY makes writers wait while it reads the whole table",
    "add it by ADD CONSTRAINT … NOT VALID, and VALIDATE it in a migration after this one",
    Some("constraint-missing-not-valid"),
);
const VALIDATED: Rule = (
    "VALIDATE CONSTRAINT reads the whole table under the lock that adding the constraint took in the same transaction",
    "validate it in a migration after this one",
    Some("constraint-missing-not-valid"),
);
const UNIQUE: Rule = (
    "a new UNIQUE, PRIMARY KEY or EXCLUDE makes everybody wait while its index is built",
    "build the index CONCURRENTLY in a migration before this one, and write ADD CONSTRAINT … USING INDEX",
    Some("disallowed-unique-constraint"),
);
const NOT_NULL: Rule = (
    "SET NOT NULL makes everybody wait while it reads the whole table",
    "validate a CHECK (… IS NOT NULL) in a migration before this one, which spares the reading, and say so",
    Some("adding-not-nullable-field"),
);
const TYPE: Rule = (
    "another type makes everybody wait while the table is written anew",
    "add a column of that type, fill it in batches, and drop the old one in a release after this one",
    Some("changing-column-type"),
);
const FILLED: Rule = (
    "a column that is computed for each row makes everybody wait while the table is written anew",
    "add it empty, and fill it in batches",
    Some("adding-field-with-default"),
);
const REWRITE: Rule = (
    "this makes everybody wait while the table is written anew",
    "create another table, and move the rows in batches",
    None,
);
const REINDEX: Rule = (
    "REINDEX makes writers wait while it reads the whole table",
    "write CONCURRENTLY, in a migration of its own",
    None,
);
const REFRESH: Rule = (
    "REFRESH MATERIALIZED VIEW makes readers wait while the view is computed",
    "write REFRESH MATERIALIZED VIEW CONCURRENTLY",
    None,
);

/// The statements of `sql` for which others would wait for long. Undoing may drop an index, for a moment.
pub fn long_waits(sql: &str, is_down: bool) -> Vec<Wait> {
    let mut file = File::default();
    let mut end = 0;
    let mut waits = Vec::new();
    for Statement { text, start } in split(sql) {
        let tokens: Vec<String> = significant(text).collect();
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let remarks = sql.get(end..start + text.len()).unwrap_or_default();
        end = start + text.len();
        for (wrong, instead, rule) in file.read(&tokens) {
            if rule.is_some_and(|rule| is_excepted(remarks, rule)) || (is_down && wrong == DROPPED_INDEX.0) {
                continue;
            }
            let or = rule.map(|rule| format!(", or say above it `-- squawk-ignore {rule} -- REASON`"));
            let instead = format!("{instead}{}", or.unwrap_or_default());
            waits.push(Wait { start, wrong: wrong.to_owned(), instead });
        }
    }
    waits
}

fn is_excepted(remarks: &str, rule: &str) -> bool {
    remarks.lines().filter_map(|line| line.split_once("squawk-ignore")).any(|(_, rules)| {
        let (rules, reason) = rules.split_once("--").unwrap_or((rules, ""));
        rules.split([',', ' ']).any(|name| name == rule) && !reason.trim().is_empty()
    })
}

/// What a file has made so far.
#[derive(Default)]
struct File {
    created: Vec<String>,
    not_valid: Vec<String>,
}

impl File {
    fn is_new(&self, name: Option<&str>) -> bool {
        name.is_some_and(|name| self.created.contains(&named(name)))
    }

    fn read(&mut self, tokens: &[&str]) -> Vec<Rule> {
        let rule = match tokens {
            ["CREATE", "INDEX", rest @ ..] | ["CREATE", "UNIQUE", "INDEX", rest @ ..] => self.index(rest),
            ["CREATE", rest @ ..] => {
                self.create(rest);
                None
            }
            ["DROP", "INDEX", "CONCURRENTLY", ..] => None,
            ["DROP", "INDEX", rest @ ..] => {
                let all = rest.split(|token| *token == ",").all(|index| self.is_new(relation(index)));
                (!all).then_some(DROPPED_INDEX)
            }
            ["ALTER", "TABLE", rest @ ..] => return self.alter(rest),
            ["ALTER", "DOMAIN", rest @ ..] if !self.is_new(relation(rest)) => {
                let adds = rest.contains(&"ADD") && rest.contains(&"CHECK") && !has(rest, &["NOT", "VALID"]);
                if adds { Some(CHECKED) } else { has(rest, &["SET", "NOT", "NULL"]).then_some(NOT_NULL) }
            }
            ["VACUUM", rest @ ..] => rest.contains(&"FULL").then_some(REWRITE),
            ["CLUSTER", rest @ ..] => (!self.mentions_new(rest)).then_some(REWRITE),
            ["REINDEX", rest @ ..] => (!rest.contains(&"CONCURRENTLY") && !self.mentions_new(rest)).then_some(REINDEX),
            ["REFRESH", "MATERIALIZED", "VIEW", rest @ ..] => {
                (rest.first() != Some(&"CONCURRENTLY") && !self.is_new(relation(rest))).then_some(REFRESH)
            }
            _ => None,
        };
        rule.into_iter().collect()
    }

    fn mentions_new(&self, tokens: &[&str]) -> bool {
        tokens.iter().any(|token| self.is_new(Some(token)))
    }

    fn create(&mut self, rest: &[&str]) {
        let kind = rest.iter().take(3).position(|word| ["TABLE", "DOMAIN", "VIEW"].contains(word));
        if let Some(name) = kind.and_then(|kind| relation(rest.get(kind + 1..)?)) {
            self.created.push(named(name));
        }
    }

    fn index(&mut self, rest: &[&str]) -> Option<Rule> {
        let on = rest.iter().position(|token| *token == "ON")?;
        if let Some(name) = relation(rest.get(..on)?) {
            self.created.push(named(name));
        }
        let is_quick = rest.first() == Some(&"CONCURRENTLY") || self.is_new(relation(rest.get(on + 1..)?));
        (!is_quick).then_some(INDEX)
    }

    fn alter(&mut self, rest: &[&str]) -> Vec<Rule> {
        if self.is_new(relation(rest)) {
            return Vec::new();
        }
        // The first word that begins an action follows the name of the table.
        let is_action = |token: &&str| ["ADD", "ALTER", "SET", "VALIDATE"].contains(token);
        let Some(start) = rest.iter().position(is_action) else { return Vec::new() };
        let actions = actions(rest.get(start..).unwrap_or_default());
        actions.into_iter().filter_map(|action| self.action(action)).collect()
    }

    fn action(&mut self, action: &[&str]) -> Option<Rule> {
        match action {
            ["ADD", "CONSTRAINT", name, kind @ ..] => {
                let rule = constraint(kind);
                if rule.is_none() && has(kind, &["NOT", "VALID"]) {
                    self.not_valid.push(named(name));
                }
                rule
            }
            ["ADD", kind @ ("CHECK" | "FOREIGN" | "UNIQUE" | "PRIMARY" | "EXCLUDE"), rest @ ..] => {
                let kind: Vec<_> = std::iter::once(*kind).chain(rest.iter().copied()).collect();
                constraint(&kind)
            }
            ["ADD", column @ ..] => column_rule(column),
            ["ALTER", "COLUMN", _, rest @ ..] | ["ALTER", _, rest @ ..] => match rest {
                ["TYPE", ..] | ["SET", "DATA", "TYPE", ..] => Some(TYPE),
                ["SET", "NOT", "NULL"] => Some(NOT_NULL),
                _ => None,
            },
            ["SET", "TABLESPACE" | "LOGGED" | "UNLOGGED", ..] | ["SET", "ACCESS", "METHOD", ..] => Some(REWRITE),
            ["VALIDATE", "CONSTRAINT", name] => self.not_valid.contains(&named(name)).then_some(VALIDATED),
            _ => None,
        }
    }
}

fn constraint(kind: &[&str]) -> Option<Rule> {
    match kind {
        ["CHECK" | "FOREIGN", ..] => (!has(kind, &["NOT", "VALID"])).then_some(CHECKED),
        ["UNIQUE", "USING", "INDEX", ..] | ["PRIMARY", "KEY", "USING", "INDEX", ..] => None,
        ["UNIQUE" | "PRIMARY" | "EXCLUDE", ..] => Some(UNIQUE),
        _ => None,
    }
}

fn column_rule(column: &[&str]) -> Option<Rule> {
    let has_word = |words: &[&str]| column.iter().skip(1).any(|token| words.contains(token));
    let default = column.iter().position(|token| *token == "DEFAULT").and_then(|at| column.get(at + 1..));
    // now() is the same for every row, and so is computed once.
    let computed = matches!(default, Some([name, "(", ..]) if *name != "NOW" && *name != "(");
    if has_word(&["UNIQUE", "PRIMARY"]) {
        Some(UNIQUE)
    } else if has_word(&["CHECK", "REFERENCES"]) {
        Some(CHECKED)
    } else if computed || has_word(&["STORED", "IDENTITY", "SERIAL", "BIGSERIAL", "SMALLSERIAL"]) {
        Some(FILLED)
    } else {
        None
    }
}

/// The actions of ALTER TABLE, which commas separate.
fn actions<'a>(tokens: &'a [&'a str]) -> Vec<&'a [&'a str]> {
    let mut depth = 0_usize;
    let is_comma = |token: &&str| {
        match *token {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == ","
    };
    tokens.split(is_comma).collect()
}

/// The last part of the name that stands here, past what may stand before it.
fn relation<'a>(tokens: &[&'a str]) -> Option<&'a str> {
    let mut rest = tokens.iter().skip_while(|token| {
        ["IF", "NOT", "EXISTS", "ONLY", "TABLE", "CONCURRENTLY", "VIEW", "MATERIALIZED"].contains(token)
    });
    let mut name = rest.next()?;
    while rest.next() == Some(&".") {
        name = rest.next()?;
    }
    Some(name)
}

/// A name as the server has it.
fn named(token: &str) -> String {
    match token.strip_prefix('"').and_then(|token| token.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => token.to_ascii_lowercase(),
    }
}

fn has(tokens: &[&str], sought: &[&str]) -> bool {
    tokens.windows(sought.len()).any(|found| found == sought)
}

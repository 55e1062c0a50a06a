//! Finds statements whose effect outlives their migration in the session, where the next migration would meet it.

use super::rules::Refusal;
use super::statements::significant;

/// Why a statement would change the session for the migrations after it, and what to write instead.
///
/// A body of DO is read like PL/pgSQL. What SQL that is put together at run time does, nobody can tell.
pub fn outlives_the_migration(statement: &str) -> Option<Refusal> {
    let tokens: Vec<String> = significant(statement).collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    if let ["DO", ..] = *tokens {
        return tokens.iter().find_map(|token| body(token)).and_then(|body| in_body(&body));
    }
    of_statement(&tokens).or_else(|| if defines(&tokens) { None } else { of_calls(&tokens) })
}

/// Whether what is called in the statement is called later, by whoever uses what it defines.
fn defines(tokens: &[&str]) -> bool {
    let is_executed = |first: &&&str| matches!(**first, "CREATE" | "ALTER" | "COMMENT");
    tokens.first().as_ref().is_some_and(is_executed) && !tokens.contains(&"TABLE") && !tokens.contains(&"MATERIALIZED")
}

fn of_statement(tokens: &[&str]) -> Option<Refusal> {
    let (name, instead) = match tokens {
        ["SET", "LOCAL" | "CONSTRAINTS" | "TRANSACTION", ..] => return None,
        ["SET", "SESSION", "CHARACTERISTICS", ..] => ("SET SESSION CHARACTERISTICS", "write SET TRANSACTION"),
        ["SET", ..] => ("SET without LOCAL", "write SET LOCAL, which ends with the migration"),
        ["RESET", ..] => ("RESET", "write SET LOCAL … TO DEFAULT, which ends with the migration"),
        ["DISCARD", ..] => ("DISCARD", "delete it; the runner puts the session back after each migration"),
        ["LISTEN", ..] => ("LISTEN", "delete it"),
        ["UNLISTEN", ..] => ("UNLISTEN", "delete it"),
        ["LOAD", ..] => ("LOAD", "delete it; what calls a function of the library loads it"),
        ["PREPARE", ..] => ("PREPARE", "write the statement itself"),
        ["DECLARE", ..] if has(tokens, &["WITH", "HOLD"]) => ("DECLARE … WITH HOLD", "delete WITH HOLD"),
        ["CREATE", rest @ ..] if is_temporary(rest) && !has(rest, &["ON", "COMMIT", "DROP"]) => {
            ("a temporary object", "make it a temporary table with ON COMMIT DROP")
        }
        _ => return None,
    };
    Some(refusal(name, instead))
}

fn refusal(name: &str, instead: &'static str) -> Refusal {
    (format!("{name} would be there for the migrations after this one too"), instead)
}

fn is_temporary(after_create: &[&str]) -> bool {
    let mut words = after_create.iter().filter(|word| !["OR", "REPLACE", "LOCAL", "GLOBAL"].contains(word));
    words.next().is_some_and(|word| ["TEMP", "TEMPORARY"].contains(word))
}

/// Functions that change the session.
fn of_calls(tokens: &[&str]) -> Option<Refusal> {
    let mut rest = tokens;
    while let [name, tail @ ..] = rest {
        rest = tail;
        if tail.first() != Some(&"(") {
            continue;
        }
        let name = name.trim_matches('"').to_ascii_lowercase();
        if name == "set_config" && !matches!(arguments(tail).get(2).copied(), Some(["TRUE"])) {
            let instead = "write true for its third argument, which ends with the migration";
            return Some(refusal("set_config(…, false)", instead));
        }
        if ["pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared"]
            .contains(&name.as_str())
        {
            return Some(refusal(&format!("the lock of {name}"), "take it with pg_advisory_xact_lock and its like"));
        }
    }
    None
}

/// The arguments of a call, from its opening parenthesis on.
fn arguments<'a>(call: &'a [&'a str]) -> Vec<&'a [&'a str]> {
    let (mut depth, mut start, mut arguments) = (0_usize, 1, Vec::new());
    for (at, token) in call.iter().enumerate() {
        match *token {
            "(" => depth += 1,
            ")" if depth == 1 => {
                arguments.extend(call.get(start..at));
                break;
            }
            ")" => depth = depth.saturating_sub(1),
            "," if depth == 1 => {
                arguments.extend(call.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    arguments
}

/// What is between the quotes of a string.
fn body(token: &str) -> Option<String> {
    if let Some(text) = token.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return Some(text.replace("''", "'"));
    }
    let tag = token.get(..=token.get(1..)?.find('$')? + 1).filter(|tag| tag.starts_with('$'))?;
    Some(token.strip_prefix(tag)?.strip_suffix(tag)?.to_owned())
}

fn in_body(body: &str) -> Option<Refusal> {
    let tokens: Vec<String> = significant(body).collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let begins =
        |before: Option<&&str>| before.is_none_or(|before| [";", "BEGIN", "THEN", "ELSE", "LOOP"].contains(before));
    let statements = (0..tokens.len()).filter(|at| begins(at.checked_sub(1).and_then(|before| tokens.get(before))));
    let mut found = statements.filter_map(|at| {
        let statement = tokens.get(at..).unwrap_or_default();
        of_statement(statement.split(|token| *token == ";").next().unwrap_or_default())
    });
    found.next().or_else(|| of_calls(&tokens))
}

fn has(tokens: &[&str], sought: &[&str]) -> bool {
    tokens.windows(sought.len()).any(|found| found == sought)
}

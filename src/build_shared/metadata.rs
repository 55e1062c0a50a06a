//! Reads metadata.toml strictly, where Diesel guesses.

use toml::de::{DeTable, DeValue};

use super::entry::Entry;
use super::problem::Problem;

const KEY: &str = "run_in_transaction";

/// Whether the migration runs in a transaction, unless that cannot be told.
pub fn run_in_transaction(file: &Entry, problems: &mut Vec<Problem>) -> Option<bool> {
    let text = file.text().map_err(|problem| problems.push(problem)).ok()?;
    let refuse = |wrong: String, instead: &str| Problem::new(&file.place, wrong, instead);
    let table = match DeTable::parse(&text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let wrong = format!("is not TOML, which Diesel takes for {KEY} = true: {}", error.message());
            let start = error.span().map_or(0, |span| span.start);
            problems.push(refuse(wrong, "write `run_in_transaction = false`, or delete the file").at(&text, start));
            return None;
        }
    };
    for key in table.keys().filter(|key| key.get_ref() != KEY) {
        let wrong = format!("has the key `{}`, which Diesel passes over", key.get_ref());
        problems.push(refuse(wrong, "delete it; the only key is run_in_transaction").at(&text, key.span().start));
    }
    let Some(value) = table.get(KEY) else {
        let wrong = format!("does not say {KEY}, which Diesel takes for false");
        problems.push(refuse(wrong, "write `run_in_transaction = false`, or delete the file"));
        return None;
    };
    if let DeValue::Boolean(answer) = value.get_ref() {
        return Some(*answer);
    }
    let wrong = format!("gives {KEY} a value of type {}, which Diesel takes for true", value.get_ref().type_str());
    problems.push(refuse(wrong, "write true or false, without quotes").at(&text, value.span().start));
    None
}

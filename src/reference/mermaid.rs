//! Writes diagrams of the tables in Mermaid's language, which GitHub and many other viewers draw.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Constraint, Reference, Subject, Table};

/// All tables and how they point at each other, without columns.
#[must_use]
pub fn overview(reference: &Reference) -> String {
    let tables: Vec<_> = reference.tables.iter().collect();
    diagram(&tables, &[])
}

/// The tables of a subject with their columns, and the tables of others that they point at.
pub(super) fn of_subject(subject: &Subject<'_>) -> String {
    diagram(&subject.tables, &subject.tables)
}

/// Lines for what the tables point at, and the columns of some.
fn diagram(tables: &[&Table], with_columns: &[&Table]) -> String {
    let mut text = "erDiagram\n".to_owned();
    let mut named = BTreeSet::new();
    for table in tables {
        for key in table.foreign_keys() {
            let target = key.target.as_deref().unwrap_or_default();
            named.extend([target, &table.name]);
            let columns = key.columns.join(", ");
            let line =
                format!("{} {} {} : {}", quoted(target), ends(table, key), quoted(&table.name), quoted(&columns));
            // Writing into a String does not fail.
            let _ = writeln!(text, "    {line}");
        }
    }
    for table in with_columns {
        let _ = writeln!(text, "    {} {{", quoted(&table.name));
        for column in &table.columns {
            let marks = table.marks(&column.name).join(", ");
            let line = format!("{} {} {marks}", word(&short(&column.r#type)), word(&column.name));
            let _ = writeln!(text, "        {}", line.trim_end());
        }
        let _ = writeln!(text, "    }}");
    }
    let shown = with_columns.iter().map(|table| table.name.as_str()).collect::<BTreeSet<_>>();
    let is_alone = |table: &&&Table| !named.contains(table.name.as_str()) && !shown.contains(table.name.as_str());
    for table in tables.iter().filter(|table| is_alone(table) && table.kind == "table") {
        let _ = writeln!(text, "    {}", quoted(&table.name));
    }
    text
}

/// How many rows there are at each end, in crow's feet.
fn ends(table: &Table, key: &Constraint) -> &'static str {
    match (table.may_be_empty(&key.columns), table.is_unique(&key.columns)) {
        (false, false) => "||--o{",
        (false, true) => "||--o|",
        (true, false) => "|o--o{",
        (true, true) => "|o--o|",
    }
}

/// A type as people abbreviate it.
pub(super) fn short(name: &str) -> String {
    name.replace("timestamp with time zone", "timestamptz")
        .replace("timestamp without time zone", "timestamp")
        .replace("character varying", "varchar")
}

fn quoted(text: &str) -> String {
    // Of what stands in quotes, Mermaid refuses these.
    let clean = text.replace('"', "'").replace(['%', '\\'], "_");
    format!("\"{}\"", clean.replace(char::is_control, " "))
}

/// What Mermaid takes for the type or the name of a column.
fn word(text: &str) -> String {
    let clean: String =
        text.chars().map(|c| if c.is_alphanumeric() || "_-[]()".contains(c) { c } else { '_' }).collect();
    // PK, FK and UK are marks of Mermaid's, in either case.
    let first = clean.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let is_mark = ["PK", "FK", "UK"].iter().any(|mark| first.eq_ignore_ascii_case(mark));
    if clean.starts_with(|c: char| c.is_alphabetic()) && !is_mark { clean } else { format!("x{clean}") }
}

#[cfg(test)]
mod tests {
    use super::{quoted, word};

    #[test]
    fn what_mermaid_refuses_is_replaced() {
        assert_eq!(quoted("100% \\ \"a\"\n"), "\"100_ _ 'a' \"");
        assert_eq!(
            ["pk", "FK-x", "Uk", "pk_id", "key", "1st", "a%b"].map(word),
            ["xpk", "xFK-x", "xUk", "pk_id", "key", "x1st", "a_b"]
        );
    }
}

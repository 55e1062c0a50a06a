//! Writes the reference as Markdown.

use std::fmt::Write as _;

use super::prose::{Piece, Prose};
use super::{Column, Reference, Table, constraints, mermaid, subjects};

/// The reference as Markdown, with diagrams in Mermaid's language.
#[must_use]
pub fn markdown(reference: &Reference) -> String {
    let mut text = "# Database schema\n\nWritten by `messenger-db docs` from a database; do not edit.\n".to_owned();
    let subjects = subjects(reference);
    heading(&mut text, 2, "Contents");
    for subject in &subjects {
        let links: Vec<_> = subject.tables.iter().map(|table| link(&table.name)).collect();
        line(&mut text, &format!("* [{}](#{}): {}", subject.name, anchor(subject.name), links.join(", ")));
    }
    if !reference.types.is_empty() {
        line(&mut text, "* [Types](#types)");
    }
    if !reference.functions.is_empty() {
        line(&mut text, "* [Functions](#functions)");
    }
    heading(&mut text, 2, "All tables");
    line(&mut text, &format!("```mermaid\n{}```", mermaid::overview(reference)));
    for subject in &subjects {
        heading(&mut text, 2, subject.name);
        if subject.tables.iter().any(|table| table.kind == "table") {
            line(&mut text, &format!("```mermaid\n{}```", mermaid::of_subject(subject)));
        }
        for table in &subject.tables {
            describe(&mut text, table);
        }
    }
    types(&mut text, reference);
    functions(&mut text, reference);
    text
}

fn describe(text: &mut String, table: &Table) {
    heading(text, 3, &code(&table.name));
    let kind = if table.kind == "table" { String::new() } else { format!("A {}. ", table.kind) };
    line(text, &format!("{kind}{}", table.comment.as_deref().map_or_else(String::new, plain)));
    line(text, "\n| column | type | may be empty | default | |\n| --- | --- | --- | --- | --- |");
    for column in &table.columns {
        line(text, &row(table, column));
    }
    list(
        text,
        "Constraints",
        table.constraints.iter().map(|constraint| {
            let why = constraint.comment.as_deref().map_or_else(String::new, |comment| format!(" {}", plain(comment)));
            format!("{}: {}.{why}", code(&constraint.name), prose(&constraints::in_words(constraint)))
        }),
    );
    list(
        text,
        "Indexes",
        table.indexes.iter().map(|index| {
            let unique = if index.is_unique { "unique, " } else { "" };
            item(&index.name, &format!("{unique}{}", code(&index.definition)), index.comment.as_deref())
        }),
    );
    list(
        text,
        "Triggers",
        table
            .triggers
            .iter()
            .map(|trigger| item(&trigger.name, &code(&trigger.definition), trigger.comment.as_deref())),
    );
}

fn row(table: &Table, column: &Column) -> String {
    let marks: Vec<_> = table.marks(&column.name).into_iter().map(|mark| format!(" {mark}")).collect();
    let cells = [
        format!("{}{}", code(&column.name), marks.concat()),
        code(&column.r#type),
        if column.is_nullable { "yes".to_owned() } else { String::new() },
        column.default.as_deref().map_or_else(String::new, code),
        column.comment.as_deref().map_or_else(String::new, plain),
    ];
    format!("| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

fn types(text: &mut String, reference: &Reference) {
    if reference.types.is_empty() {
        return;
    }
    heading(text, 2, "Types");
    for of in &reference.types {
        let mut what = match &of.base {
            Some(base) => format!("{} that stands on its own", code(base)),
            None => of.labels.iter().map(|label| code(label)).collect::<Vec<_>>().join(", "),
        };
        for check in &of.checks {
            let _ = write!(what, "; {}", prose(&constraints::check(check)));
        }
        line(text, &format!("* {}", item(&of.name, &what, of.comment.as_deref())));
    }
}

fn functions(text: &mut String, reference: &Reference) {
    if reference.functions.is_empty() {
        return;
    }
    heading(text, 2, "Functions");
    for function in &reference.functions {
        let result = function.result.as_deref().map_or_else(String::new, |result| format!(" → {}", code(result)));
        let call = format!("{}({})", function.name, function.arguments);
        let comment = function.comment.as_deref().map_or_else(String::new, plain);
        line(text, &format!("* {}{result}: {comment}", code(&call)));
    }
}

fn item(name: &str, what: &str, comment: Option<&str>) -> String {
    let comment = comment.map_or_else(String::new, |comment| format!(". {}", plain(comment)));
    format!("{}: {what}{comment}", code(name))
}

fn list(text: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<_> = items.collect();
    if !items.is_empty() {
        line(text, &format!("\n{title}:\n"));
        for item in items {
            line(text, &format!("* {item}"));
        }
    }
}

fn heading(text: &mut String, level: usize, title: &str) {
    line(text, &format!("\n{} {title}\n", "#".repeat(level)));
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end_matches(' '));
    text.push('\n');
}

fn link(name: &str) -> String {
    format!("[{}](#{})", code(name), anchor(name))
}

/// The anchor that GitHub gives a heading.
fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().chars().filter(|c| c.is_alphanumeric() || "_- ".contains(*c)).collect::<String>();
    kept.replace(' ', "-")
}

fn prose(pieces: &Prose) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Code(text) => code(text),
        Piece::Table(name) => link(name),
    };
    pieces.iter().map(piece).collect()
}

/// As code, whatever it has in it.
fn code(text: &str) -> String {
    let text = one_line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// As text, in which nothing is markup.
fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for c in one_line(text).chars() {
        if "\\`*_{}[]<>~#&".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

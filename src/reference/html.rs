//! Writes the reference as one page of HTML, with its style and its diagrams in it.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::diagram::{self, Detail};
use super::prose::{Piece, Prose};
use super::{Column, Reference, Subject, Table, constraints, subjects};

/// The reference as one page of HTML. It needs no other file, no script and no network.
#[must_use]
pub fn html(reference: &Reference) -> String {
    let subjects = subjects(reference);
    let tables: Vec<_> = reference.tables.iter().filter(|table| table.kind == "table").collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Database schema" }
                style { (PreEscaped(super::STYLE)) }
            }
            body {
                main {
                    h1 { "Database schema" }
                    p { "Written by " code { "messenger-db docs" } " from a database." }
                    (contents(&subjects, reference))
                    h2 id="all" { "All tables" }
                    div class="scroll" tabindex="0" { (diagram::svg(&tables, Detail::Name)) }
                    @for subject in &subjects { (of_subject(subject)) }
                    (types(reference))
                    (functions(reference))
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn contents(subjects: &[Subject<'_>], reference: &Reference) -> Markup {
    html! {
        nav aria-label="Contents" {
            @for subject in subjects {
                h4 { a href=(format!("#{}", anchor(subject.name))) { (subject.name) } }
                ul { @for table in &subject.tables { li { (link(&table.name)) } } }
            }
            p {
                @if !reference.types.is_empty() { a href="#types" { "Types" } " " }
                @if !reference.functions.is_empty() { a href="#functions" { "Functions" } }
            }
        }
    }
}

fn of_subject(subject: &Subject<'_>) -> Markup {
    html! {
        h2 id=(anchor(subject.name)) { (subject.name) }
        div class="scroll" tabindex="0" { (diagram::svg(&subject.tables, Detail::Columns)) }
        @for table in &subject.tables { (describe(table)) }
    }
}

fn describe(table: &Table) -> Markup {
    html! {
        h3 id=(format!("table-{}", table.name)) { code { (table.name) } @if table.kind != "table" { " " small { (table.kind) } } }
        @if let Some(comment) = &table.comment { p { (comment) } }
        div class="scroll" tabindex="0" {
            table {
                thead { tr { th { "column" } th { "type" } th { "may be empty" } th { "default" } th { "meaning" } } }
                tbody { @for column in &table.columns { (row(table, column)) } }
            }
        }
        (list("Constraints", table.constraints.iter().map(|constraint| html! {
            code { (constraint.name) } ": " (prose(&constraints::in_words(constraint))) "."
            @if let Some(comment) = &constraint.comment { " " (comment) }
        })))
        (list("Indexes", table.indexes.iter().map(|index| html! {
            code { (index.name) } ": " @if index.is_unique { "unique, " } code { (index.definition) } (after(index.comment.as_ref()))
        })))
        (list("Triggers", table.triggers.iter().map(|trigger| html! {
            code { (trigger.name) } ": " code { (trigger.definition) } (after(trigger.comment.as_ref()))
        })))
    }
}

fn row(table: &Table, column: &Column) -> Markup {
    html! {
        tr {
            td { code { (column.name) } @for mark in table.marks(&column.name) { " " span class="mark" { (mark) } } }
            td { code { (column.r#type) } }
            td { @if column.is_nullable { "yes" } }
            td { @if let Some(default) = &column.default { code { (default) } } }
            td { @if let Some(comment) = &column.comment { (comment) } }
        }
    }
}

fn types(reference: &Reference) -> Markup {
    html! {
        @if !reference.types.is_empty() {
            h2 id="types" { "Types" }
            ul {
                @for of in &reference.types {
                    li {
                        code { (of.name) } ": "
                        @match &of.base {
                            Some(base) => { code { (base) } " that stands on its own" }
                            None => { @for (number, label) in of.labels.iter().enumerate() { @if number > 0 { ", " } code { (label) } } }
                        }
                        @for check in &of.checks { "; " (prose(&constraints::check(check))) }
                        (after(of.comment.as_ref()))
                    }
                }
            }
        }
    }
}

fn functions(reference: &Reference) -> Markup {
    html! {
        @if !reference.functions.is_empty() {
            h2 id="functions" { "Functions" }
            ul {
                @for function in &reference.functions {
                    li {
                        code { (function.name) "(" (function.arguments) ")" }
                        @if let Some(result) = &function.result { " → " code { (result) } }
                        @if let Some(comment) = &function.comment { ": " (comment) }
                    }
                }
            }
        }
    }
}

fn after(comment: Option<&String>) -> Markup {
    html! { @if let Some(comment) = comment { ". " (comment) } }
}

fn list(title: &str, items: impl Iterator<Item = Markup>) -> Markup {
    let items: Vec<_> = items.collect();
    html! {
        @if !items.is_empty() {
            h4 { (title) }
            ul { @for item in &items { li { (item) } } }
        }
    }
}

fn prose(pieces: &Prose) -> Markup {
    html! {
        @for piece in pieces {
            @match piece {
                Piece::Text(text) => (text),
                Piece::Code(text) => code { (text) },
                Piece::Table(name) => (link(name)),
            }
        }
    }
}

fn link(name: &str) -> Markup {
    html! { a href=(format!("#table-{name}")) { code { (name) } } }
}

fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

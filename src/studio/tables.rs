//! Pages "Tables" and one of each table: what it is made of, by which migration, and what the server measures of it.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::address::Address;
use super::catalog::{self, IndexMeasures, Measures};
use super::database::Database;
use super::diagram;
use super::failure::Failure;
use super::held;
use super::layout::{self, Section};
use super::origin::Origins;
use super::secret::is_secret;
use super::words;
use crate::reference::{Constraint, Piece, Reference, Table, in_words, subjects};

/// The page of a table.
pub(super) fn address(table: &str) -> Address {
    Address::new(&["tables", table])
}

/// The page with every table, by subject.
pub(super) fn list(database: &Database) -> Result<Markup, Failure> {
    let reference = database.reference()?;
    let (measures, held) = database.read(|conn| Ok((catalog::tables(conn)?, held::read(conn)?)))?;
    let body = html! {
        h1 { "Tables" }
        (held::notice(&held))
        p { "Rows are the server's estimate. " a href="/diagram" { "The diagram" } " shows how the tables point at each other." }
        @for subject in subjects(&reference) {
            h2 { (subject.name) }
            (layout::table(
                subject.name,
                &["table", "rows", "table and wide values", "indexes", "HOT updates", "what for"],
                &subject.tables.iter().map(|table| line(table, measures.get(&table.name), &held)).collect::<Vec<_>>(),
            ))
        }
        (types(&reference))
    };
    Ok(layout::page("Tables", Some(Section::Tables), None, &body))
}

fn line(table: &Table, measures: Option<&Measures>, held: &[held::Held]) -> Markup {
    let size = |bytes: Option<i64>| bytes.map(words::bytes).unwrap_or_default();
    html! {
        tr {
            th scope="row" { a href=(address(&table.name)) { code { (table.name) } } @if table.kind != "table" { " " (table.kind) } (held::mark(held, &table.name)) }
            td class="number" { (measures.and_then(|of| of.rows).map(words::number).unwrap_or_default()) }
            td class="number" { (size(measures.and_then(|of| of.bytes))) }
            td class="number" { (size(measures.and_then(|of| of.index_bytes))) }
            td class="number" { (measures.and_then(hot).unwrap_or_default()) }
            td {
                (table.comment.as_deref().unwrap_or_default())
                @if measures.is_some_and(|of| of.readable.is_empty()) { " " em { "Your role may not read its rows." } }
            }
        }
    }
}

/// The share of updates that changed no index.
pub(super) fn hot(measures: &Measures) -> Option<String> {
    words::share(measures.hot?, measures.updates?)
}

fn types(reference: &Reference) -> Markup {
    html! {
        @if !reference.types.is_empty() {
            h2 { "Types" }
            ul {
                @for of in &reference.types {
                    li {
                        code { (of.name) } ": "
                        @match &of.base {
                            Some(base) => { code { (base) } " that stands on its own" }
                            None => { @for (number, label) in of.labels.iter().enumerate() { @if number > 0 { ", " } code { (label) } } }
                        }
                        @if let Some(comment) = &of.comment { ". " (comment) }
                    }
                }
            }
        }
    }
}

/// The page of one table.
pub(super) fn one(database: &Database, name: &str) -> Result<Markup, Failure> {
    let reference = database.reference()?;
    let table = find(&reference, name)?;
    let (measures, indexes, held) =
        database.read(|conn| Ok((catalog::tables(conn)?, catalog::indexes(conn)?, held::read(conn)?)))?;
    let held: Vec<_> = held.into_iter().filter(|of| of.table == table.name).collect();
    let kind = if table.kind == "table" { "table" } else { "view" };
    let origins = Origins::of(database.runner.migrations(), &format!("{kind} {name}"));
    let indexes: Vec<_> = indexes.into_iter().filter(|index| index.table == table.name).collect();
    let measured = measures.get(&table.name);
    let body = html! {
        h1 { code { (table.name) } @if table.kind != "table" { " " (table.kind) } }
        (held::notice(&held))
        @if let Some(comment) = &table.comment { p { (comment) } }
        p {
            a href=(Address::new(&["data", name])) { "Its rows" } " · "
            a href=(Address::new(&["diagram"]).with("table", name)) { "Diagram with its neighbours" }
        }
        @if let Some(measured) = measured { (measured_facts(measured, origins.find(None))) }
        (columns(table, measured, &origins))
        (constraints(table, &origins))
        (pointing_at(&reference, table))
        (listed_indexes(&indexes, &origins))
        (triggers(table, &origins))
        h2 { "Neighbours" }
        (diagram::around(&reference, table))
    };
    Ok(layout::page(&table.name, Some(Section::Tables), None, &body))
}

/// The table of that name, which is one of the current schema.
pub(super) fn find<'a>(reference: &'a Reference, name: &str) -> Result<&'a Table, Failure> {
    reference
        .tables
        .iter()
        .find(|table| table.name == name)
        .ok_or_else(|| Failure::not_found("table of that name in the schema"))
}

fn measured_facts(measured: &Measures, origin: Option<&str>) -> Markup {
    let number = |value: Option<i64>| html! { (value.map_or_else(|| "not known".to_owned(), words::number)) };
    let size = |value: Option<i64>| html! { (value.map_or_else(|| "not known".to_owned(), words::bytes)) };
    let dead = measured.dead.zip(measured.live).and_then(|(dead, live)| words::share(dead, dead + live));
    let mut facts = vec![
        ("Made by", html! { (origin.unwrap_or("no migration of this binary")) }),
        ("Rows, estimated", number(measured.rows)),
        ("Table and wide values", size(measured.bytes)),
        ("Indexes", size(measured.index_bytes)),
        ("Air, estimated", size(measured.bloat_bytes)),
        ("Dead rows", html! { (number(measured.dead)) @if let Some(dead) = dead { " (" (dead) ")" } }),
        ("HOT updates", html! { (hot(measured).unwrap_or_else(|| "none yet".to_owned())) }),
        (
            "Inserted, updated, deleted",
            html! { (number(measured.inserts)) ", " (number(measured.updates)) ", " (number(measured.deletes)) },
        ),
        ("Full scans, index scans", html! { (number(measured.full_scans)) ", " (number(measured.index_scans)) }),
        ("Vacuumed", html! { (measured.vacuumed.as_deref().unwrap_or("never")) }),
        ("Analysed", html! { (measured.analyzed.as_deref().unwrap_or("never")) }),
    ];
    if measured.bytes.is_none() {
        facts.truncate(1);
    }
    layout::facts(&facts)
}

fn columns(table: &Table, measured: Option<&Measures>, origins: &Origins) -> Markup {
    let rows: Vec<_> = table
        .columns
        .iter()
        .map(|column| {
            let is_readable = measured.is_none_or(|measured| measured.readable.contains(&column.name));
            html! {
                tr {
                    th scope="row" { code { (column.name) } @for mark in table.marks(&column.name) { " " span class="mark" { (mark) } } }
                    td { code { (column.r#type) } }
                    td { @if column.is_nullable { "yes" } @else { "no" } }
                    td { @if let Some(default) = &column.default { code { (default) } } }
                    td {
                        (column.comment.as_deref().unwrap_or_default())
                        @if is_secret(&column.name) { " " em { "Never shown." } }
                        @if !is_readable { " " em { "Your role may not read it." } }
                    }
                    td { (made_by(origins, "column", &column.name)) }
                }
            }
        })
        .collect();
    html! {
        h2 { "Columns" }
        (layout::table(
            format!("Columns of {}", table.name),
            &["column", "type", "may be empty", "default", "meaning", "made by"],
            &rows,
        ))
    }
}

fn made_by(origins: &Origins, what: &str, name: &str) -> Markup {
    html! { @if let Some(migration) = origins.find(Some(&format!("{what} {name}"))) { small { (short(migration)) } } }
}

/// The name of a migration without its time and mark.
fn short(migration: &str) -> &str {
    let name = without_time(migration);
    name.strip_prefix("messenger_").unwrap_or(name)
}

fn without_time(migration: &str) -> &str {
    migration
        .splitn(5, '-')
        .last()
        .and_then(|rest| rest.split_once('-').map(|(_, rest)| rest).or(Some(rest)))
        .unwrap_or(migration)
}

fn constraints(table: &Table, origins: &Origins) -> Markup {
    let rows: Vec<_> = table
        .constraints
        .iter()
        .map(|constraint| {
            html! {
                tr {
                    th scope="row" { code { (constraint.name) } }
                    td { (words_of(constraint)) }
                    td { (constraint.comment.as_deref().unwrap_or_default()) }
                    td { (made_by(origins, "constraint", &constraint.name)) }
                }
            }
        })
        .collect();
    html! {
        h2 { "Constraints" }
        (layout::table(
            format!("Constraints of {}", table.name),
            &["constraint", "demands", "why", "made by"],
            &rows,
        ))
    }
}

fn words_of(constraint: &Constraint) -> Markup {
    html! {
        @for piece in in_words(constraint) {
            @match piece {
                Piece::Text(text) => (text),
                Piece::Code(text) => code { (text) },
                Piece::Table(name) => a href=(address(&name)) { code { (name) } },
            }
        }
    }
}

/// The foreign keys of other tables that point here.
fn pointing_at(reference: &Reference, table: &Table) -> Markup {
    let mut found: BTreeMap<&str, Vec<&Constraint>> = BTreeMap::new();
    for other in &reference.tables {
        for key in other.foreign_keys().filter(|key| key.target.as_deref() == Some(&table.name)) {
            found.entry(&other.name).or_default().push(key);
        }
    }
    html! {
        @if !found.is_empty() {
            h2 { "Pointed at by" }
            ul {
                @for (name, keys) in found {
                    li {
                        a href=(address(name)) { code { (name) } } ": "
                        @for (number, key) in keys.iter().enumerate() { @if number > 0 { "; " } code { (key.columns.join(", ")) } }
                    }
                }
            }
        }
    }
}

fn listed_indexes(indexes: &[IndexMeasures], origins: &Origins) -> Markup {
    let rows: Vec<_> = indexes
        .iter()
        .map(|index| {
            html! {
                tr {
                    th scope="row" { code { (index.name) } }
                    td { @if index.is_unique { "unique, " } code { (index.definition) } @if !index.is_valid { " " strong class="bad" { "invalid" } } }
                    td class="number" { (index.bytes.map(words::bytes).unwrap_or_default()) }
                    td class="number" { (index.scans.map(words::number).unwrap_or_default()) }
                    td { (index.purpose().unwrap_or(if index.is_constraint { "Keeps the constraint of its name." } else { "" })) }
                    td { (made_by(origins, "index", &index.name)) }
                }
            }
        })
        .collect();
    html! {
        h2 { "Indexes" }
        (layout::table("Indexes", &["index", "of", "size", "scans", "used by", "made by"], &rows))
    }
}

fn triggers(table: &Table, origins: &Origins) -> Markup {
    html! {
        @if !table.triggers.is_empty() {
            h2 { "Triggers" }
            ul {
                @for trigger in &table.triggers {
                    li {
                        code { (trigger.name) } ": " code { (trigger.definition) }
                        @if let Some(comment) = &trigger.comment { ". " (comment) }
                        " " (made_by(origins, "trigger", &trigger.name))
                    }
                }
            }
        }
    }
}

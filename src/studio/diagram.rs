//! Page "Diagram": the tables and how they point at each other, all of them, of a subject, or of a table with its neighbours.

use maud::{Markup, html};

use super::address::Address;
use super::database::Database;
use super::failure::Failure;
use super::form::Parameters;
use super::held;
use super::layout::{self, Section};
use super::tables;
use crate::reference::diagram::{self, Detail};
use crate::reference::{Reference, Table, subjects};

/// The sizes that can be chosen, in hundredths.
const ZOOMS: [u32; 5] = [50, 75, 100, 150, 200];

/// What is drawn.
struct Drawing<'a> {
    title: String,
    tables: Vec<&'a Table>,
    detail: Detail,
}

/// The page.
pub(super) fn page(database: &Database, parameters: &Parameters) -> Result<Markup, Failure> {
    let reference = database.reference()?;
    let (subject, table) = (parameters.get("subject"), parameters.get("table"));
    let with_others = parameters.get("others").is_some();
    let zoom = parameters.parse::<u32>("zoom")?.unwrap_or(100).clamp(10, 400);
    let sought = parameters.get("find").unwrap_or_default().to_lowercase();
    let drawing = drawing(&reference, subject, table, with_others)?;
    let is_found = |table: &Table| {
        let has = |name: &str| name.to_lowercase().contains(&sought);
        !sought.is_empty() && (has(&table.name) || table.columns.iter().any(|column| has(&column.name)))
    };
    let found: Vec<_> = drawing.tables.iter().filter(|table| is_found(table)).collect();
    let here = |zoom: u32| {
        let address = Address::new(&["diagram"]).with("zoom", &zoom.to_string());
        let given = [
            ("subject", subject),
            ("table", table),
            ("others", with_others.then_some("1")),
            ("find", parameters.get("find")),
        ];
        given
            .iter()
            .filter_map(|(name, value)| Some((name, (*value)?)))
            .fold(address, |address, (name, value)| address.with(name, value))
    };
    let body = html! {
        h1 { (drawing.title) }
        (held::notice(&held::of(database)))
        (choices(&reference, subject, table, with_others))
        form method="get" action="/diagram" class="row" {
            @for (name, value) in [("subject", subject), ("table", table), ("others", with_others.then_some("1"))] {
                @if let Some(value) = value { input type="hidden" name=(name) value=(value); }
            }
            label for="find" { "Find a table or a column" }
            input id="find" name="find" type="search" value=(parameters.get("find").unwrap_or_default());
            button { "Find" }
        }
        @if !sought.is_empty() {
            p role="status" {
                (words_of(found.len())) " "
                @for table in found { a href=(tables::address(&table.name)) { code { (table.name) } } " " }
            }
        }
        p class="row" {
            "Size: "
            @for choice in ZOOMS {
                a href=(here(choice)) aria-current=[(choice == zoom).then_some("true")] { (choice) " %" }
            }
        }
        (drawn(&drawing, f64::from(zoom) / 100.0, &is_found))
    };
    Ok(layout::page(&drawing.title, Some(Section::Diagram), None, &body))
}

fn words_of(found: usize) -> String {
    if found == 0 {
        "Nothing is called so.".to_owned()
    } else {
        format!("{} found and marked:", super::words::count(found, "table", "tables"))
    }
}

fn drawing<'a>(
    reference: &'a Reference,
    subject: Option<&str>,
    table: Option<&str>,
    with_others: bool,
) -> Result<Drawing<'a>, Failure> {
    if let Some(name) = table {
        let table = tables::find(reference, name)?;
        return Ok(Drawing {
            title: format!("{name} and its neighbours"),
            tables: neighbours(reference, table),
            detail: Detail::Columns,
        });
    }
    let subjects = subjects(reference);
    if let Some(name) = subject {
        let subject = subjects
            .into_iter()
            .find(|of| of.name == name)
            .ok_or_else(|| Failure::not_found("subject of that name"))?;
        return Ok(Drawing { title: subject.name.to_owned(), tables: subject.tables, detail: Detail::Columns });
    }
    let is_shown = |of: &crate::reference::Subject<'_>| with_others || of.name != crate::reference::OTHERS;
    let tables: Vec<_> =
        subjects.into_iter().filter(is_shown).flat_map(|of| of.tables).filter(|table| table.kind == "table").collect();
    Ok(Drawing { title: "All tables".to_owned(), tables, detail: Detail::Name })
}

fn choices(reference: &Reference, subject: Option<&str>, table: Option<&str>, with_others: bool) -> Markup {
    let subjects = subjects(reference);
    let has_others = subjects.iter().any(|of| of.name == crate::reference::OTHERS);
    let is_all = subject.is_none() && table.is_none();
    html! {
        nav aria-label="What is drawn" class="row" {
            a href="/diagram" aria-current=[(is_all && !with_others).then_some("true")] { "All" }
            @if has_others {
                a href="/diagram?others=1" aria-current=[(is_all && with_others).then_some("true")] { "All, with those of the service" }
            }
            @for of in &subjects {
                a href=(Address::new(&["diagram"]).with("subject", of.name)) aria-current=[(subject == Some(of.name)).then_some("true")] {
                    (of.name)
                }
            }
        }
    }
}

/// A table, those that it points at, and those that point at it.
fn neighbours<'a>(reference: &'a Reference, table: &'a Table) -> Vec<&'a Table> {
    let points = |from: &Table, to: &Table| from.foreign_keys().any(|key| key.target.as_deref() == Some(&to.name));
    reference
        .tables
        .iter()
        .filter(|other| other.name == table.name || points(table, other) || points(other, table))
        .collect()
}

/// A table and its neighbours, as a picture.
pub(super) fn around(reference: &Reference, table: &Table) -> Markup {
    let drawing = Drawing { title: String::new(), tables: neighbours(reference, table), detail: Detail::Columns };
    drawn(&drawing, 1.0, &|of| of.name == table.name)
}

fn drawn(drawing: &Drawing<'_>, scale: f64, is_marked: &dyn Fn(&Table) -> bool) -> Markup {
    let link = |table: &Table| tables::address(&table.name).into_string();
    html! {
        div class="scroll canvas" tabindex="0" role="region" aria-label="Diagram" {
            (diagram::linked(&drawing.tables, drawing.detail, scale, &link, is_marked))
        }
    }
}

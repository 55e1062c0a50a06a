//! Pages "Data": the rows of a table, by key and with filters, one row with what it points at and what points at it, and one
//! value whole.

mod filter;
mod shape;
mod single;

use maud::{Markup, html};

use super::address::Address;
use super::catalog;
use super::database::{Database, Row};
use super::failure::Failure;
use super::form::Parameters;
use super::held;
use super::layout::{self, Section};
use super::words;
use crate::reference::{Constraint, Reference, Table, subjects};

use filter::{Filter, OPERATORS};
use shape::Shape;
pub(super) use single::{row, value};

/// Rows on a page.
const PAGE: usize = 50;

/// How many characters of a value stand on one line: as many as a key has, and a time with its zone.
const ONE_LINE: usize = 40;

/// How many characters of a value are shown in a list, and bytes of one that is no text.
const CUT: usize = 160;

/// The page with every table, to choose one.
pub(super) fn list(database: &Database) -> Result<Markup, Failure> {
    let reference = database.reference()?;
    let (measures, held) = database.read(|conn| Ok((catalog::tables(conn)?, held::read(conn)?)))?;
    let body = html! {
        h1 { "Data" }
        (held::notice(&held))
        p { "Choose a table. Rows are shown in the order of their key; hashes of passwords and tokens are never shown." }
        @for subject in subjects(&reference) {
            h2 { (subject.name) }
            ul {
                @for table in &subject.tables {
                    @let measured = measures.get(&table.name);
                    li {
                        a href=(address(&table.name)) { code { (table.name) } } (held::mark(&held, &table.name))
                        @if let Some(rows) = measured.and_then(|of| of.rows) { " about " (words::number(rows)) " rows" }
                        @if measured.is_none_or(|of| of.readable.is_empty()) { " " em { "Your role may not read its rows." } }
                    }
                }
            }
        }
    };
    Ok(layout::page("Data", Some(Section::Data), None, &body))
}

/// The rows of a table.
pub(super) fn address(table: &str) -> Address {
    Address::new(&["data", table])
}

/// An address that leads to the rows that have these values.
fn filtered(table: &str, filters: &[Filter]) -> Address {
    filters.iter().fold(address(table), |address, filter| filter.add_to(address))
}

/// The page of the rows of a table.
pub(super) fn rows(database: &Database, name: &str, parameters: &Parameters) -> Result<Markup, Failure> {
    let reference = database.reference()?;
    let table = super::tables::find(&reference, name)?;
    let filters = filter::read(parameters, table)?;
    let after = parameters.get("after").map(filter::read_key).transpose()?;
    let is_descending = parameters.get("order") == Some("desc");
    let (shape, statement, found, seconds) = database.read(|conn| {
        let shape = Shape::read(conn, table)?;
        let statement = shape.page(&filters, after.as_deref(), is_descending, CUT, PAGE + 1)?;
        let begun = std::time::Instant::now();
        let found = statement.rows(conn)?;
        Ok((shape, statement, found, begun.elapsed()))
    })?;
    let shown: Vec<_> = found.iter().take(PAGE).collect();
    let next = (found.len() > PAGE).then(|| shown.last().map(|row| &row.key)).flatten().filter(|key| !key.is_empty());
    let here = |is_descending: bool| {
        let address = filtered(name, &filters);
        if is_descending { address.with("order", "desc") } else { address }
    };
    let body = html! {
        h1 { "Rows of " a href=(super::tables::address(name)) { code { (name) } } }
        @if let Some(comment) = &table.comment { p { (comment) } }
        (notes(table, &shape))
        (applied(name, &filters))
        (form(table, &shape, &filters, is_descending))
        (listed(&reference, table, &shape, &shown))
        nav class="row" aria-label="Pages" {
            @if after.is_some() { a href=(here(is_descending)) { "First page" } }
            @if let Some(key) = next { a href=(here(is_descending).with("after", &filter::write_key(key))) rel="next" { "Next page" } }
            @else if found.len() > PAGE { span class="soft" { "There are more rows; a filter finds others. Without a key there are no pages." } }
            @if shape.has_key() {
                a href=(here(!is_descending)) { @if is_descending { "From the first" } @else { "From the last" } }
            }
        }
        details {
            summary { "The statement, which took " (words::duration(seconds)) }
            pre tabindex="0" { code id="statement" { (statement.shown()) } }
        }
    };
    Ok(layout::page(&format!("Rows of {name}"), Some(Section::Data), None, &body))
}

fn notes(table: &Table, shape: &Shape) -> Markup {
    html! {
        @if !shape.secret.is_empty() {
            p class="soft" { "Never shown: " (shape.secret.join(", ")) "." }
        }
        @if !shape.unreadable.is_empty() {
            p class="bad" { "The role " (shape.role) " may not read: " (shape.unreadable.join(", ")) "." }
        }
        @if !shape.has_key() && table.kind == "table" {
            p class="soft" { "The table has no key, so that its rows have no order and no pages." }
        }
    }
}

/// The filters that are on, each with a link that takes it away.
fn applied(name: &str, filters: &[Filter]) -> Markup {
    html! {
        @if !filters.is_empty() {
            ul class="row" aria-label="Filters" {
                @for (number, filter) in filters.iter().enumerate() {
                    @let others: Vec<_> = filters.iter().enumerate().filter(|(other, _)| *other != number).map(|(_, filter)| filter.clone()).collect();
                    li { code { (filter) } " " a href=(filtered(name, &others)) { "without" } }
                }
            }
        }
    }
}

fn form(table: &Table, shape: &Shape, filters: &[Filter], is_descending: bool) -> Markup {
    html! {
        form method="get" action=(address(&table.name)) class="row" {
            @for filter in filters {
                input type="hidden" name="c" value=(filter.column);
                input type="hidden" name="o" value=(filter.operator.name());
                input type="hidden" name="v" value=(filter.value);
            }
            @if is_descending { input type="hidden" name="order" value="desc"; }
            label for="c" { "Column" }
            select id="c" name="c" {
                @for column in &shape.columns { option value=(column.name) { (column.name) } }
            }
            label for="o" { "is" }
            select id="o" name="o" {
                @for operator in OPERATORS { option value=(operator.name()) { (operator.words()) } }
            }
            label for="v" { "Value" }
            input id="v" name="v" autocomplete="off";
            button { "Filter" }
        }
        @if shape.is_large() {
            p class="soft" {
                "The table is large. A filter begins with a column that an index begins with: "
                @for (number, columns) in shape.index_starts().iter().enumerate() {
                    @if number > 0 { ", " } code { (columns) }
                }
                ". Others go with it."
            }
        }
    }
}

fn listed(reference: &Reference, table: &Table, shape: &Shape, rows: &[&Row]) -> Markup {
    let mut heads: Vec<_> = shape.columns.iter().map(|column| column.name.as_str()).collect();
    if shape.has_key() {
        heads.insert(0, "row");
    }
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            html! {
                tr {
                    @if shape.has_key() { td class="exact" { a href=(single::address(&table.name, shape, row)) { "show" } } }
                    @for (column, cell) in shape.columns.iter().zip(&row.cells) {
                        td class=(class_of(cell.as_deref())) {
                            (cell_of(cell.as_deref(), link(reference, table, shape, row, &column.name).as_ref()))
                        }
                    }
                }
            }
        })
        .collect();
    layout::table(format!("Rows of {}", table.name), &heads, &lines)
}

/// How a value is laid out: keys, numbers, times and other short ones stand on one line, whatever the width of the window, and
/// the table scrolls; long ones are broken within a column that is wide enough to keep the row low.
fn class_of(value: Option<&str>) -> &'static str {
    let is_long = value.is_some_and(|value| value.contains('\n') || value.chars().nth(ONE_LINE).is_some());
    if is_long { "long" } else { "exact" }
}

/// A value as a list shows it: cut, and as a link where it points at a row.
fn cell_of(value: Option<&str>, link: Option<&Address>) -> Markup {
    let Some(value) = value else { return html! { span class="null" { "null" } } };
    let end = value.char_indices().nth(CUT).map(|(at, _)| at);
    let shown = end.and_then(|end| value.get(..end)).unwrap_or(value);
    html! {
        @if let Some(link) = link { a href=(link) { (shown) } } @else { (shown) }
        @if end.is_some() { span class="soft" title="cut; the row shows all of it" { "…" } }
    }
}

/// Where the column of a row points to. Only from the first column of a key, and only when all of it is there.
fn link(reference: &Reference, table: &Table, shape: &Shape, row: &Row, column: &str) -> Option<Address> {
    let key = table.foreign_keys().find(|key| key.columns.first().is_some_and(|first| first == column))?;
    target(reference, key, &|name| shape.value(row, name))
}

/// The row that a foreign key points at, from the values of the row that has it.
fn target(reference: &Reference, key: &Constraint, value: &dyn Fn(&str) -> Option<String>) -> Option<Address> {
    let target = reference.tables.iter().find(|table| Some(&table.name) == key.target.as_ref())?;
    let filters =
        key.columns.iter().zip(&key.target_columns).map(|(own, other)| Some(Filter::equal(other, &value(own)?)));
    Some(filtered(&target.name, &filters.collect::<Option<Vec<_>>>()?))
}

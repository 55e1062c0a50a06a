//! One row, with what it points at and what points at it; and one value, whole.

use maud::{Markup, html};

use super::super::address::Address;
use super::super::database::{Database, Row, Statement};
use super::super::failure::Failure;
use super::super::form::Parameters;
use super::super::layout::{self, Section};
use super::super::tables;
use super::filter::{self, Filter, Operator};
use super::shape::Shape;
use super::{filtered, target};
use crate::migrate::quoted;
use crate::reference::{Column, Reference, Table};

/// How many characters of a value the page of a row shows.
const SHOWN: usize = 20_000;

/// The page of a row, which its key names.
pub(super) fn address(table: &str, shape: &Shape<'_>, row: &Row) -> Address {
    let values = shape.key().into_iter().filter_map(|column| Some((shape.value(row, &column)?, column)));
    let address = Address::new(&["data", table, "row"]);
    values.fold(address, |address, (value, column)| Filter::equal(&column, &value).add_to(address))
}

/// The page.
pub(in crate::studio) fn row(database: &Database, name: &str, parameters: &Parameters) -> Result<Markup, Failure> {
    let reference = database.reference()?;
    let table = tables::find(&reference, name)?;
    let filters = filter::read(parameters, table)?;
    let (shape, found) = database.read(|conn| {
        let shape = Shape::read(conn, table)?;
        refuse_unless_key(&shape, &filters)?;
        let found = shape.page(&filters, None, false, SHOWN, 1)?.rows(conn)?;
        Ok((shape, found))
    })?;
    let found = found.into_iter().next().ok_or_else(|| Failure::not_found("such row"))?;
    let value = |column: &str| -> Option<String> {
        let place = shape.columns.iter().position(|of| of.name == column)?;
        let value = found.cells.get(place)?.clone()?;
        (value.chars().count() <= SHOWN).then_some(value)
    };
    let body = html! {
        h1 { "A row of " a href=(super::address(name)) { code { (name) } } }
        p { @for filter in &filters { code { (filter) } " " } }
        @if !shape.secret.is_empty() { p class="soft" { "Never shown: " (shape.secret.join(", ")) "." } }
        @if !shape.unreadable.is_empty() {
            p class="bad" { "The role " (shape.role) " may not read: " (shape.unreadable.join(", ")) "." }
        }
        dl class="facts wide" {
            @for (column, cell) in shape.columns.iter().zip(&found.cells) {
                div {
                    dt { code { (column.name) } " " small { (column.r#type) } }
                    dd { (whole(name, column, cell.as_deref(), &filters)) }
                }
            }
        }
        (points_at(&reference, table, &value))
        (pointed_at_by(&reference, table, &value))
    };
    Ok(layout::page(&format!("A row of {name}"), Some(Section::Data), None, &body))
}

/// A row is named by its key, and by nothing else.
fn refuse_unless_key(shape: &Shape<'_>, filters: &[Filter]) -> Result<(), Failure> {
    let key = shape.key();
    let has =
        |column: &String| filters.iter().any(|filter| filter.column == *column && filter.operator == Operator::Equal);
    if key.is_empty() || !key.iter().all(has) {
        return Err(Failure::bad_request(
            "This address does not name a row by its key.",
            "Follow a link to a row instead of writing its address.",
        ));
    }
    Ok(())
}

/// A value: JSON is folded when it is long, and what is too long even here leads to a page of its own.
fn whole(table: &str, column: &Column, value: Option<&str>, filters: &[Filter]) -> Markup {
    let Some(value) = value else { return html! { span class="null" { "null" } } };
    let end = value.char_indices().nth(SHOWN).map(|(at, _)| at);
    let shown = end.and_then(|end| value.get(..end)).unwrap_or(value);
    let is_json = column.r#type.starts_with("json");
    let pretty = if is_json && end.is_none() {
        serde_json::from_str::<serde_json::Value>(value)
            .ok()
            .and_then(|value| serde_json::to_string_pretty(&value).ok())
    } else {
        None
    };
    let is_long = shown.len() > 200 || shown.contains('\n');
    html! {
        @match &pretty {
            Some(pretty) => details open[!is_long] { summary { "JSON" } pre tabindex="0" { (pretty) } },
            None if is_long => pre tabindex="0" { (shown) @if end.is_some() { "…" } },
            None => span class="value" { (shown) },
        }
        @if end.is_some() {
            @let address = Address::new(&["data", table, "value", &column.name]);
            a href=(filters.iter().fold(address, |address, filter| filter.add_to(address))) { "The whole value, as text" }
        }
    }
}

/// The rows that this one points at.
fn points_at(reference: &Reference, table: &Table, value: &dyn Fn(&str) -> Option<String>) -> Markup {
    let links: Vec<_> = table.foreign_keys().filter_map(|key| Some((key, target(reference, key, value)?))).collect();
    html! {
        @if !links.is_empty() {
            h2 { "Points at" }
            ul {
                @for (key, link) in links {
                    li {
                        code { (key.columns.join(", ")) } ": "
                        a href=(link) { "the row of " (key.target.as_deref().unwrap_or_default()) }
                    }
                }
            }
        }
    }
}

/// The rows of other tables that point at this one.
fn pointed_at_by(reference: &Reference, table: &Table, value: &dyn Fn(&str) -> Option<String>) -> Markup {
    let keys = reference.tables.iter().flat_map(|other| other.foreign_keys().map(move |key| (other, key)));
    let to_here = keys.filter(|(_, key)| key.target.as_deref() == Some(&table.name));
    let links: Vec<_> = to_here
        .filter_map(|(other, key)| {
            let filters = key
                .columns
                .iter()
                .zip(&key.target_columns)
                .map(|(theirs, own)| Some(Filter::equal(theirs, &value(own)?)));
            Some((other, key, filtered(&other.name, &filters.collect::<Option<Vec<_>>>()?)))
        })
        .collect();
    html! {
        @if !links.is_empty() {
            h2 { "Pointed at by" }
            ul {
                @for (other, key, link) in links {
                    li { a href=(link) { "rows of " (other.name) } ", by " code { (key.columns.join(", ")) } }
                }
            }
        }
    }
}

/// One value of a row, as text and whole.
pub(in crate::studio) fn value(
    database: &Database,
    name: &str,
    column: &str,
    parameters: &Parameters,
) -> Result<String, Failure> {
    let reference = database.reference()?;
    let table = tables::find(&reference, name)?;
    let filters = filter::read(parameters, table)?;
    database.read(|conn| {
        let shape = Shape::read(conn, table)?;
        refuse_unless_key(&shape, &filters)?;
        if !shape.columns.iter().any(|of| of.name == column) {
            return Err(Failure::not_found("column of that name that may be shown"));
        }
        let mut statement = Statement::new(&format!(
            "SELECT ARRAY[t.{}::text]::text[] AS cells, ARRAY[]::text[] AS key FROM {} AS t WHERE ",
            quoted(column),
            quoted(name)
        ));
        for (number, filter) in filters.iter().enumerate() {
            if number > 0 {
                statement.push(" AND ");
            }
            filter.write(table, &mut statement);
        }
        statement.push(" LIMIT 1");
        let found = statement.rows(conn)?.into_iter().next().ok_or_else(|| Failure::not_found("such row"))?;
        Ok(found.cells.into_iter().next().flatten().unwrap_or_default())
    })
}

//! Draws tables and how they point at each other, as SVG.
//!
//! A table stands to the right of every table that it points at, as far as that is possible, and near them. Lines end in
//! crow's feet. The picture has no script and no reference to another file; colours come from the page's CSS variables, or
//! are black on white without a page.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Table, mermaid};

/// The width of a character of the font, and the height of a line, in pixels.
const CHARACTER: f64 = 7.3;
const LINE: f64 = 18.0;
const PADDING: f64 = 8.0;
/// Between two boxes.
const GAP: f64 = 26.0;
/// Between two columns of boxes.
const AISLE: f64 = 90.0;
/// A column of boxes is at most so high, unless one box is higher.
const TALLEST: f64 = 1_400.0;

/// How much of a table is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Its name.
    Name,
    /// Its name and its columns.
    Columns,
}

/// A table where it stands.
struct Drawn<'a> {
    table: &'a Table,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// Draws tables, each a link to `#table-NAME`, and the foreign keys between them.
#[must_use]
pub fn svg(tables: &[&Table], detail: Detail) -> Markup {
    linked(tables, detail, 1.0, &|table| format!("#table-{}", table.name), &|_| false)
}

/// Draws tables, each a link to somewhere, larger or smaller; those that are marked stand out.
pub(crate) fn linked(
    tables: &[&Table],
    detail: Detail,
    scale: f64,
    link: &dyn Fn(&Table) -> String,
    is_marked: &dyn Fn(&Table) -> bool,
) -> Markup {
    let drawn = place(tables, detail);
    let width = drawn.values().map(|table| table.x + table.width).fold(0.0, f64::max) + 40.0;
    let height = drawn.values().map(|table| table.y + table.height).fold(0.0, f64::max) + 20.0;
    let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
    let label = format!("Diagram of {}", names.join(", "));
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {width:.0} {height:.0}"))
            width=(format!("{:.0}", width * scale)) height=(format!("{:.0}", height * scale)) role="group" aria-label=(label) class="diagram" {
            @for table in drawn.values() {
                @for key in table.table.foreign_keys() {
                    @if let Some(target) = key.target.as_deref().and_then(|target| drawn.get(target)) {
                        (line(table, target, key.columns.first().map_or("", String::as_str), detail))
                    }
                }
            }
            @for table in drawn.values() { (one(table, detail, &link(table.table), is_marked(table.table))) }
        }
    }
}

fn one(drawn: &Drawn<'_>, detail: Detail, link: &str, is_marked: bool) -> Markup {
    let Drawn { table, x, y, width, height } = drawn;
    html! {
        a href=(link) class=[is_marked.then_some("marked")] {
            title { (table.comment.as_deref().unwrap_or(&table.name)) }
            rect class=(if table.kind == "table" { "table" } else { "view" }) x=(pixels(*x)) y=(pixels(*y)) width=(pixels(*width))
                height=(pixels(*height)) rx="4" {}
            text class="name" x=(pixels(x + PADDING)) y=(pixels(y + LINE)) { (table.name) }
            @if detail == Detail::Columns {
                @for (number, column) in table.columns.iter().enumerate() {
                    @let at = y + top(number) + 13.0;
                    text x=(pixels(x + PADDING)) y=(pixels(at)) {
                        tspan class=(if table.marks(&column.name).contains(&"PK") { "key" } else { "column" }) { (column.name) }
                    }
                    text class="type" text-anchor="end" x=(pixels(x + width - PADDING)) y=(pixels(at)) {
                        (mermaid::short(&column.r#type)) @if column.is_nullable { "?" }
                    }
                }
            }
        }
    }
}

/// From the column that points to the table that is pointed at.
fn line(from: &Drawn<'_>, to: &Drawn<'_>, column: &str, detail: Detail) -> Markup {
    let number = from.table.columns.iter().position(|found| found.name == column).unwrap_or(0);
    let inside = if detail == Detail::Columns { top(number) + LINE / 2.0 } else { from.height / 2.0 };
    let (start_y, end_y) = (from.y + inside, to.y + LINE / 2.0 + PADDING / 2.0);
    let is_right = from.x > to.x + to.width;
    let is_left = from.x + from.width < to.x;
    // Beside each other it goes straight across; above each other, around on the right.
    let (start_x, end_x) = if is_right {
        (from.x, to.x + to.width)
    } else if is_left {
        (from.x + from.width, to.x)
    } else {
        (from.x + from.width, to.x + to.width)
    };
    let (out, back) = (if is_right { -1.0 } else { 1.0 }, if is_left { -1.0 } else { 1.0 });
    let bend = if is_right || is_left { ((start_x - end_x).abs() / 2.0).max(30.0) } else { 36.0 };
    let path = format!(
        "M{start_x:.1} {start_y:.1} C{:.1} {start_y:.1} {:.1} {end_y:.1} {end_x:.1} {end_y:.1}",
        start_x + out * bend,
        end_x + back * bend,
    );
    let foot = format!(
        "M{start_x:.1} {:.1} L{:.1} {start_y:.1} L{start_x:.1} {:.1}",
        start_y - 5.0,
        start_x + out * 9.0,
        start_y + 5.0
    );
    let bar = format!("M{:.1} {:.1} v10", end_x + back * 6.0, end_y - 5.0);
    html! { path class="line" d=(path) {} path class="line" d=(foot) {} path class="line" d=(bar) {} }
}

/// Where a column's line begins under the top of its box.
#[allow(clippy::cast_precision_loss, reason = "a table has at most 1,600 columns")]
fn top(number: usize) -> f64 {
    LINE + PADDING + number as f64 * LINE
}

fn pixels(value: f64) -> String {
    format!("{value:.1}")
}

/// Where each table stands, by name.
fn place<'a>(tables: &[&'a Table], detail: Detail) -> BTreeMap<&'a str, Drawn<'a>> {
    let mut drawn = BTreeMap::new();
    let mut x = 10.0;
    let mut heights: BTreeMap<&str, f64> = BTreeMap::new();
    for column in columns(tables) {
        let mut sized: Vec<_> = column.into_iter().map(|table| (table, size(table, detail))).collect();
        // Near what it points at; among equals by name.
        let middle = |table: &Table| {
            let targets = table.foreign_keys().filter_map(|key| heights.get(key.target.as_deref()?)).copied();
            let (count, sum) = targets.fold((0.0, 0.0), |(count, sum), height| (count + 1.0, sum + height));
            if count > 0.0 { sum / count } else { 0.0 }
        };
        sized.sort_by(|(a, _), (b, _)| middle(a).total_cmp(&middle(b)).then_with(|| a.name.cmp(&b.name)));
        let (mut y, mut widest) = (10.0, 0.0_f64);
        for (table, (width, height)) in sized {
            if y > 10.0 && y + height > TALLEST {
                x += widest + AISLE;
                (y, widest) = (10.0, 0.0);
            }
            heights.insert(&table.name, y);
            drawn.insert(table.name.as_str(), Drawn { table, x, y, width, height });
            y += height + GAP;
            widest = widest.max(width);
        }
        x += widest + AISLE;
    }
    drawn
}

#[allow(clippy::cast_precision_loss, reason = "names are short, and a table has at most 1,600 columns")]
fn size(table: &Table, detail: Detail) -> (f64, f64) {
    let characters = |text: &str| text.chars().count();
    let of_columns =
        table.columns.iter().map(|column| characters(&column.name) + characters(&mermaid::short(&column.r#type)) + 3);
    let (widest, lines) = match detail {
        Detail::Name => (0, 0),
        Detail::Columns => (of_columns.max().unwrap_or(0), table.columns.len()),
    };
    let width = widest.max(characters(&table.name)) as f64 * CHARACTER + 2.0 * PADDING;
    let height = LINE + PADDING + if lines > 0 { lines as f64 * LINE + PADDING / 2.0 } else { 0.0 };
    (width, height)
}

/// The tables by how long the longest way is to a table that points at none; a way that comes back counts to there.
fn columns<'a>(tables: &[&'a Table]) -> Vec<Vec<&'a Table>> {
    let by_name: BTreeMap<&str, &Table> = tables.iter().map(|table| (table.name.as_str(), *table)).collect();
    let mut depths: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for table in tables {
        depth(table, &by_name, &mut depths);
    }
    let mut columns = vec![Vec::new(); tables.len().max(1)];
    for table in tables {
        let depth = depths.get(table.name.as_str()).copied().flatten().unwrap_or(0);
        if let Some(column) = columns.get_mut(depth) {
            column.push(*table);
        }
    }
    columns.retain(|column| !column.is_empty());
    columns
}

/// `None` in the map: on the way now.
fn depth<'a>(
    table: &'a Table,
    tables: &BTreeMap<&str, &'a Table>,
    depths: &mut BTreeMap<&'a str, Option<usize>>,
) -> usize {
    if let Some(known) = depths.get(table.name.as_str()) {
        return known.unwrap_or(0);
    }
    depths.insert(&table.name, None);
    let mut deepest = 0;
    for key in table.foreign_keys() {
        let target =
            key.target.as_deref().and_then(|target| tables.get(target)).filter(|target| target.name != table.name);
        if let Some(target) = target
            && depths.get(target.name.as_str()) != Some(&None)
        {
            deepest = deepest.max(depth(target, tables, depths) + 1);
        }
    }
    depths.insert(&table.name, Some(deepest));
    deepest
}

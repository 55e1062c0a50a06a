//! Draws where each table of the schema stands, in columns that fit on one screen of a terminal.

use std::collections::BTreeMap;

use clap::builder::styling::AnsiColor;

use super::database::Database;
use super::output::{Output, styled};
use crate::migrate::{self, Comparison, Kind, Migration, TableSize, Unknown, Verification};

/// The characters of a table: a mark, its name, its rows, its bytes and a bar.
const CELL: usize = 38;
const NAME: usize = 18;
const BAR: usize = 4;
/// Between two tables on a line.
const GAP: usize = 3;

/// How a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Differs,
    Pending,
    Tolerated,
    Unknown,
    Right,
}

impl State {
    const ALL: [Self; 5] = [Self::Right, Self::Differs, Self::Pending, Self::Tolerated, Self::Unknown];

    /// The mark, with its colour, and what it means.
    fn mark(self) -> (String, &'static str) {
        let (color, mark, meaning) = match self {
            Self::Differs => (AnsiColor::Red, "✗", "differs"),
            Self::Pending => (AnsiColor::Cyan, "+", "a migration is pending"),
            Self::Tolerated => (AnsiColor::Yellow, "~", "tuned or allowed"),
            Self::Unknown => (AnsiColor::BrightBlack, "?", "not known"),
            Self::Right => (AnsiColor::Green, "✓", "as it should be"),
        };
        (styled(color.on_default(), mark), meaning)
    }
}

/// A table, and how it stands.
struct Cell<'a> {
    name: &'a str,
    state: State,
    size: Option<&'a TableSize>,
}

/// Draws the tables, if the result is for a terminal. Where their sizes cannot be read, there is no picture.
pub fn show(database: &Database, found: &Verification, output: &Output) {
    let Some(width) = output.width() else { return };
    // Reading a size would wait for who holds a table for himself.
    if matches!(found.catalog, Comparison::Unknown(Unknown::Locked(_))) {
        return;
    }
    let Ok(sizes) = migrate::table_sizes(&database.pool) else { return };
    let Ok(migrations) = migrate::migrations() else { return };
    for line in drawn(&cells(found, &sizes, &migrations), width) {
        output.line(&line);
    }
}

/// The lines of each table in a catalog.
fn tables(catalog: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut tables: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in catalog.lines() {
        if let Some((name, rest)) = line.strip_prefix("table ").and_then(|line| line.split_once(':')) {
            tables.entry(name).or_default().push(rest);
        }
    }
    tables
}

/// The tables of the schema as it is in the database, and those that pending migrations make, the largest first.
fn cells<'a>(found: &'a Verification, sizes: &'a [TableSize], migrations: &'a [Migration]) -> Vec<Cell<'a>> {
    let catalog_of =
        |migration: Option<&'a Migration>| migration.and_then(|of| of.catalog).map(tables).unwrap_or_default();
    let newest = migrations.iter().rev().find(|migration| found.status.row(migration).is_some());
    let (now, later) = (catalog_of(newest), catalog_of(migrations.last()));
    let is_known = found.catalog.is_clean() || found.catalog.drift().is_some();
    let state = |name: &str| {
        let object = format!("table {name}");
        let of_table =
            || found.catalog.drift().into_iter().flat_map(|drift| &drift.differences).filter(|of| of.object == object);
        if of_table().any(|difference| difference.kind == Kind::Broken) {
            State::Differs
        } else if !found.status.pending.is_empty() && now.get(name) != later.get(name) {
            State::Pending
        } else if !is_known {
            State::Unknown
        } else if of_table().next().is_some() {
            State::Tolerated
        } else {
            State::Right
        }
    };
    let is_ours = |name: &str| now.contains_key(name) || later.contains_key(name);
    let there = sizes.iter().filter(|size| is_ours(&size.name)).map(|size| (size.name.as_str(), Some(size)));
    let missing = now.keys().chain(later.keys().filter(|name| !now.contains_key(*name))).copied();
    let missing = missing.filter(|name| sizes.iter().all(|size| size.name != *name)).map(|name| (name, None));
    there.chain(missing).map(|(name, size)| Cell { name, state: state(name), size }).collect()
}

/// The picture: what the marks mean, then the tables, downwards in as many columns as the terminal has place for.
fn drawn(cells: &[Cell<'_>], width: usize) -> Vec<String> {
    if cells.is_empty() {
        return Vec::new();
    }
    let sizes = || cells.iter().filter_map(|cell| cell.size).map(|size| size.bytes);
    let (all, largest) = (sizes().sum(), sizes().max().unwrap_or(0));
    let meanings = State::ALL.into_iter().filter(|state| cells.iter().any(|cell| cell.state == *state)).map(|state| {
        let (mark, meaning) = state.mark();
        format!("{mark} {meaning}")
    });
    let meanings = meanings.collect::<Vec<_>>().join("  ");
    let mut lines = vec![format!("tables    {}, {}  {meanings}", cells.len(), bytes(all))];
    let columns = ((width + GAP) / (CELL + GAP)).max(1);
    let height = cells.len().div_ceil(columns);
    for line in 0..height {
        let line: Vec<_> = cells.iter().skip(line).step_by(height).map(|cell| one(cell, largest)).collect();
        lines.push(line.join(&" ".repeat(GAP)).trim_end().to_owned());
    }
    lines
}

fn one(cell: &Cell<'_>, largest: u64) -> String {
    let (mark, _) = cell.state.mark();
    let mut name: String = cell.name.chars().take(NAME).collect();
    if name.len() < cell.name.len() {
        name.pop();
        name.push('…');
    }
    let rows = cell.size.and_then(|size| size.rows).map(count).unwrap_or_default();
    let size = cell.size.map(|size| bytes(size.bytes)).unwrap_or_default();
    let bar = bar(cell.size.map_or(0, |size| size.bytes), largest);
    format!("{mark} {name:<NAME$}{rows:>6}{size:>7} {bar:<BAR$}")
}

/// How large it is beside the largest, in eighths of a character; something is never nothing.
fn bar(bytes: u64, largest: u64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = usize::try_from(u128::from(bytes) * (8 * BAR as u128) / u128::from(largest.max(1))).unwrap_or(0);
    let eighths = if bytes > 0 { eighths.max(1) } else { 0 };
    "█".repeat(eighths / 8) + PARTS.get(eighths % 8).copied().unwrap_or_default()
}

/// A number in five characters at most: `999`, `1.2k`, `34M`.
fn count(number: u64) -> String {
    short(number, 1_000, &["", "k", "M", "G", "T", "P", "E"])
}

/// A size in six characters at most: `8 kB`, `1.2 MB`, `34 GB`.
fn bytes(number: u64) -> String {
    short(number, 1_024, &[" B", " kB", " MB", " GB", " TB", " PB", " EB"])
}

fn short(number: u64, step: u64, units: &[&str]) -> String {
    let mut unit = 1;
    let mut units = units.iter();
    let mut name = units.next().copied().unwrap_or_default();
    // What would be written with four digits is written in the next unit.
    while number / unit >= 1_000 {
        let Some(next) = units.next() else { break };
        (unit, name) = (unit * step, *next);
    }
    let tenths = u128::from(number) * 10 / u128::from(unit);
    if unit == 1 || tenths >= 100 {
        format!("{}{name}", tenths / 10)
    } else {
        format!("{}.{}{name}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::{bar, bytes, count, short};

    #[test]
    fn numbers_stay_short() {
        assert_eq!([0, 999, 1_000, 1_234, 99_999, 1_000_000].map(count), ["0", "999", "1.0k", "1.2k", "99k", "1.0M"]);
        assert_eq!([0, 8_192, 1_023_999, 1 << 30].map(bytes), ["0 B", "8.0 kB", "999 kB", "1.0 GB"]);
        let longest = |units: u64| {
            (0..64).map(|bit| short((1 << bit) - 1, units, &["", "k", "M", "G", "T", "P", "E"]).len()).max()
        };
        assert!(longest(1_000) <= Some(4) && longest(1_024) <= Some(4));
    }

    #[test]
    fn a_bar_is_as_long_as_its_share_and_something_is_never_nothing() {
        assert_eq!(
            [(0, 8), (1, 1_000_000), (8, 8), (4, 8), (0, 0)].map(|(part, all)| bar(part, all)),
            ["", "▏", "████", "██", ""]
        );
        assert_eq!(bar(u64::MAX, u64::MAX), "████");
    }
}

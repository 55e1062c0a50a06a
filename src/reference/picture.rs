//! Writes the diagram of all tables as one picture, with its style in it.

use super::Reference;
use super::diagram::{self, Detail};

/// What the picture has beside the style of the page.
const PAPER: &str = "svg { background: var(--paper); }";

/// The tables by their names, and the foreign keys between them, as one SVG file. It needs no other file, and is light or
/// dark as the reader's system is.
#[must_use]
pub fn svg(reference: &Reference) -> String {
    let tables: Vec<_> = reference.tables.iter().filter(|table| table.kind == "table").collect();
    let picture = diagram::svg(&tables, Detail::Name).into_string();
    let (begin, rest) = picture.split_once('>').unwrap_or((&picture, ""));
    format!("{begin}>\n<style>\n{}{PAPER}\n</style>\n{rest}\n", super::STYLE)
}

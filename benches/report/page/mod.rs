//! The page: a section for each program that measures, with its plots and its tables. No script, no other file.

#![allow(clippy::cast_precision_loss, reason = "numbers here are small")]

mod axis;
mod figures;
mod lines;
mod runs;
mod spread;

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// What each program has left. `None`: it was not run.
#[derive(Debug, Default)]
pub struct Summaries {
    /// Of `make bench`.
    pub bench: Option<figures::Bench>,
    /// Of `make bench-search`.
    pub search: Option<figures::Bench>,
    /// Of `make bench-studio`.
    pub studio: Option<figures::Bench>,
    /// Of `make load`.
    pub load: Option<runs::Load>,
    /// Of `make soak`.
    pub soak: Option<runs::Soak>,
}

/// The page as HTML.
pub fn page(summaries: &Summaries) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "What it costs" }
                style { (PreEscaped(concat!(include_str!("../../../src/colours.css"), include_str!("report.css")))) }
            }
            body {
                main {
                    h1 { "What it costs" }
                    p { "Each section is of the last run of its program on this machine; benches/README.md says what is measured and how." }
                    (section("bench", "Operations", "make bench", summaries.bench.as_ref().map(figures::section)))
                    (section("load", "Load", "make load", summaries.load.as_ref().map(runs::load)))
                    (section("soak", "Soak", "make soak", summaries.soak.as_ref().map(runs::soak)))
                    (section("studio", "Pages of the studio", "make bench-studio", summaries.studio.as_ref().map(figures::section)))
                    (section("search", "Candidates for the search index", "make bench-search", summaries.search.as_ref().map(figures::section)))
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn section(id: &str, title: &str, command: &str, content: Option<Markup>) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) }
            @match content {
                Some(content) => (content),
                None => p { "Not measured here. " code { (command) } " measures it." },
            }
        }
    }
}

/// A table that scrolls by itself on a narrow screen. The first column names the row, the others are numbers or words.
fn table(caption: &str, columns: &[&str], rows: &[Vec<String>]) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (number, cell) in row.iter().enumerate() {
                                @if number == 0 { th scope="row" { (cell) } } @else { td class=[class_of(cell)] { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn class_of(cell: &str) -> Option<&'static str> {
    match cell {
        "yes" => Some("good"),
        "no" => Some("bad"),
        _ if cell.starts_with(|first: char| first.is_ascii_digit()) => Some("number"),
        _ => None,
    }
}

/// A number with three significant digits, or with thousands set apart.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 1_000.0 => {
            let digits = format!("{value:.0}");
            let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("-", digits));
            let mut grouped = String::new();
            for (place, digit) in digits.chars().enumerate() {
                if place > 0 && (digits.len() - place).is_multiple_of(3) {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            format!("{sign}{grouped}")
        }
        large if large >= 100.0 => format!("{value:.0}"),
        large if large >= 10.0 => format!("{value:.1}"),
        large if large >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

//! The frame of every page: title, navigation, main part.

use std::fmt;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::hidden;

/// A part of the studio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Standing,
    Tables,
    Diagram,
    Data,
    People,
    Health,
}

const SECTIONS: [(Section, &str, &str); 6] = [
    (Section::Standing, "/", "Where it stands"),
    (Section::Tables, "/tables", "Tables"),
    (Section::Diagram, "/diagram", "Diagram"),
    (Section::Data, "/data", "Data"),
    (Section::People, "/people", "People"),
    (Section::Health, "/health", "Health"),
];

/// A whole page; `refresh` has the browser load it again after so many seconds.
pub(super) fn page(title: &str, section: Option<Section>, refresh: Option<u32>, body: &Markup) -> Markup {
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if let Some(seconds) = refresh { meta http-equiv="refresh" content=(seconds); }
                title { (title) " · messenger-db studio" }
                link rel="stylesheet" href="/assets/studio.css";
                script src="/assets/studio.js" defer {}
            }
            body {
                a class="skip" href="#main" { "Skip to the page" }
                header {
                    nav aria-label="Studio" {
                        @for (of, address, name) in SECTIONS {
                            a href=(address) aria-current=[(section == Some(of)).then_some("page")] { (name) }
                        }
                    }
                }
                main id="main" tabindex="-1" { (body) }
            }
        }
    };
    PreEscaped(hidden::shown(whole.into_string()))
}

/// A table that scrolls by itself when it is wide.
pub(super) fn table(caption: impl fmt::Display, heads: &[&str], rows: &[Markup]) -> Markup {
    let caption = caption.to_string();
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for row in rows { (row) }
                    @if rows.is_empty() { tr { td colspan=(heads.len()) class="soft" { "Nothing." } } }
                }
            }
        }
    }
}

/// Names and values beside each other.
pub(super) fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! { dl class="facts" { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } } }
}

//! A plot of ratios: each a dot in a bar that half of its rounds lie in, on a line from the least round to the largest.

use maud::{Markup, html};

use super::axis::{Axis, label};

/// A row of the plot.
pub struct Row {
    /// What stands before it.
    pub name: String,
    /// What stands behind it.
    pub note: String,
    /// Where the dot is.
    pub value: f64,
    /// What each round gave; empty where there were none.
    pub rounds: Vec<f64>,
    /// Whether its goal is met. `None`: it has none.
    pub is_met: Option<bool>,
}

const LINE: f64 = 24.0;
const LEFT: f64 = 310.0;
const RIGHT: f64 = 690.0;
const WIDTH: f64 = 900.0;

/// Rows on a logarithmic axis, with a line at 1, which is the goal or the other contender.
pub fn plot(title: &str, at_one: &str, rows: &[Row]) -> Markup {
    let values = rows.iter().flat_map(|row| row.rounds.iter().copied().chain([row.value])).chain([1.0]);
    let x = Axis::log(values, (LEFT, RIGHT));
    let (height, bottom) = (rows.len() as f64 * LINE + 56.0, rows.len() as f64 * LINE + 20.0);
    html! {
        figure {
            figcaption { strong { (title) } }
            div class="scroll" tabindex="0" role="region" aria-label=(title) {
                svg class="plot" viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label=(described(title, rows)) {
                    @for tick in x.ticks() {
                        line class="grid" x1=(px(x.at(tick))) x2=(px(x.at(tick))) y1="16" y2=(px(bottom)) {}
                        text x=(px(x.at(tick))) y=(px(bottom + 16.0)) text-anchor="middle" { (label(tick)) }
                    }
                    line class="one" x1=(px(x.at(1.0))) x2=(px(x.at(1.0))) y1="14" y2=(px(bottom)) {}
                    text class="soft" x=(px(x.at(1.0))) y="10" text-anchor="middle" { (at_one) }
                    @for (number, row) in rows.iter().enumerate() { (one(row, number, x)) }
                }
            }
        }
    }
}

fn one(row: &Row, number: usize, x: Axis) -> Markup {
    let y = number as f64 * LINE + 32.0;
    let class = match row.is_met {
        Some(true) => "met",
        Some(false) => "missed",
        None => "free",
    };
    html! {
        g class=(class) {
            title { (row.name) ": " (row.note) }
            text x=(LEFT - 10.0) y=(px(y + 4.0)) text-anchor="end" { (row.name) }
            text class="soft" x=(RIGHT + 10.0) y=(px(y + 4.0)) { (row.note) }
            @if let Some([least, low, high, most]) = quartiles(&row.rounds) {
                line class="range" x1=(px(x.at(least))) x2=(px(x.at(most))) y1=(px(y)) y2=(px(y)) {}
                rect class="half" x=(px(x.at(low))) y=(px(y - 5.0)) width=(px((x.at(high) - x.at(low)).max(1.0))) height="10" rx="2" {}
            }
            @if row.is_met == Some(false) {
                // Another shape too, for those who do not tell the colours apart.
                path class="dot" d=(format!("M{} {}l6 6l-6 6l-6 -6z", px(x.at(row.value)), px(y - 6.0))) {}
            } @else {
                circle class="dot" cx=(px(x.at(row.value))) cy=(px(y)) r="4.5" {}
            }
        }
    }
}

/// The least, the quartiles and the largest.
fn quartiles(rounds: &[f64]) -> Option<[f64; 4]> {
    let mut each: Vec<_> = rounds.iter().copied().filter(|round| round.is_finite()).collect();
    each.sort_by(f64::total_cmp);
    let at = |index: usize| each.get(index).copied();
    Some([at(0)?, at(each.len() / 4)?, at(each.len() * 3 / 4)?, at(each.len().checked_sub(1)?)?])
}

fn described(title: &str, rows: &[Row]) -> String {
    let each = rows.iter().map(|row| {
        let met = match row.is_met {
            Some(true) => ", met",
            Some(false) => ", missed",
            None => "",
        };
        format!("{}: {}{met}", row.name, row.note)
    });
    format!("{title}. {}", each.collect::<Vec<_>>().join("; "))
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

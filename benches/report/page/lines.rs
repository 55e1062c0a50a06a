//! A plot of what happens over time: a line for each series, second by second.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::axis::{Axis, label};

/// What is drawn as a line: a value for each second, `None` where there was nothing to measure.
#[derive(Debug, serde::Deserialize)]
pub struct Series {
    pub name: String,
    pub values: Vec<Option<f64>>,
}

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 884.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 256.0;

/// Lines over seconds. A logarithmic axis is for latencies, which differ by factors.
pub fn plot(title: &str, unit: &str, is_log: bool, series: &[Series]) -> Markup {
    let values = || series.iter().flat_map(|series| series.values.iter().copied().flatten());
    let y = if is_log { Axis::log(values(), (BOTTOM, TOP)) } else { Axis::linear(values(), (BOTTOM, TOP)) };
    let seconds = series.iter().map(|series| series.values.len()).max().unwrap_or(0);
    let x = Axis::seconds(seconds.saturating_sub(1) as f64, (LEFT, RIGHT));
    html! {
        figure {
            figcaption { strong { (title) } ", " (unit) }
            ul class="legend" {
                @for (number, series) in series.iter().enumerate() {
                    li {
                        svg width="28" height="10" aria-hidden="true" { path class=(format!("line s{}", number % 5)) d="M0 5H28" {} }
                        " " (series.name)
                    }
                }
            }
            div class="scroll" tabindex="0" role="region" aria-label=(title) {
                svg class="plot" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(described(title, unit, series)) {
                    @for tick in y.ticks() {
                        line class="grid" x1=(LEFT) x2=(RIGHT) y1=(px(y.at(tick))) y2=(px(y.at(tick))) {}
                        text x=(LEFT - 8.0) y=(px(y.at(tick) + 4.0)) text-anchor="end" { (label(tick)) }
                    }
                    @for tick in x.ticks() {
                        line class="grid" x1=(px(x.at(tick))) x2=(px(x.at(tick))) y1=(TOP) y2=(BOTTOM) {}
                        text x=(px(x.at(tick))) y=(BOTTOM + 18.0) text-anchor="middle" { (label(tick)) }
                    }
                    text x=(px(f64::midpoint(LEFT, RIGHT))) y=(HEIGHT - 6.0) text-anchor="middle" { "second" }
                    @for (number, series) in series.iter().enumerate() {
                        path class=(format!("line s{}", number % 5)) d=(path(&series.values, x, y)) { title { (series.name) } }
                    }
                }
            }
        }
    }
}

/// The line; it is broken where there is no value.
fn path(values: &[Option<f64>], x: Axis, y: Axis) -> String {
    let mut path = String::new();
    let mut is_begun = false;
    for (second, value) in values.iter().enumerate() {
        let Some(value) = value else {
            is_begun = false;
            continue;
        };
        let at = x.at(second as f64);
        let letter = if is_begun { "L" } else { "M" };
        // Writing to a String does not fail.
        let _ = write!(path, "{letter}{} {}", px(at), px(y.at(*value)));
        if !is_begun {
            // A point alone would not be seen.
            path += "h0.1";
        }
        is_begun = true;
    }
    path
}

/// The plot in words, for those who do not see it.
fn described(title: &str, unit: &str, series: &[Series]) -> String {
    let each = series.iter().map(|series| {
        let values = || series.values.iter().copied().flatten();
        let (least, most) =
            values().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), value| (a.min(value), b.max(value)));
        if least > most {
            return format!("{}: nothing", series.name);
        }
        format!("{}: from {} to {}", series.name, super::number(least), super::number(most))
    });
    format!("{title}, {unit}. {}", each.collect::<Vec<_>>().join("; "))
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

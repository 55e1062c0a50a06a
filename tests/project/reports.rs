//! The page that `make report` draws.

use serde_json::{Value, json};

#[path = "../../benches/report/page/mod.rs"]
mod page;

const HOSTILE: &str = "\"><script src=https://example.org/x.js></script>&";

fn figures() -> Value {
    json!({
        "machine": { "postgresql": "15.20", "cpu": HOSTILE, "cores": 2, "taken_at": "2026-11-26T12:00:00Z" },
        "figures": [
            { "key": "history_page", "value": 0.375, "unit": "ratio", "goal": 0.4, "direction": "at least", "met": false,
              "note": HOSTILE, "rounds": [0.36, 0.37, 0.375, 0.38, 0.39] },
            { "key": "migrate_empty", "value": 1.124, "unit": "ratio", "goal": 1.5, "direction": "at most", "met": true,
              "note": "98.1 ms over 87.2 ms", "rounds": [] },
            { "key": "without_goal", "value": 6.626, "unit": "ratio", "goal": null, "direction": null, "met": null, "note": "" },
            { "key": "bytes_per_message", "value": 23_442.0, "unit": "bytes", "goal": null, "direction": null, "met": null, "note": "" },
            { "key": "not_a_number", "value": null, "unit": "ratio", "goal": 1.0, "direction": "at least", "met": false, "note": "" },
        ],
        "failed": ["send"],
    })
}

fn load() -> Value {
    json!({
        "postgresql": "15.20", "taken_at": "2026-11-26T12:00:00Z", "users": 1000, "rate": 1000, "seconds": 3, "goal_p99_ms": 50.0,
        "met": true, "errors": { HOSTILE: 2 },
        "operations": [{ "operation": "messages::send", "due_per_second": 1000.0, "done_per_second": 998.2, "p50_ms": 1.5, "p95_ms": 3.0,
                   "p99_ms": 9.25, "p99_9_ms": 20.0, "max_ms": 41.0 }],
        "each_second": {
            "counts": [{ "name": "all", "values": [6000, 6100, 5900] }],
            "latency_ms": [{ "name": "p50", "values": [1.5, null, 2.5] }, { "name": "p99", "values": [9.0, null, 12.0] }],
        },
    })
}

fn soak() -> Value {
    json!({
        "taken_at": "2026-11-26T12:00:00Z", "users": 20, "devices": 28, "servers": 2, "rate": 10, "seconds": 10, "written": 98,
        "deliveries": 410, "p50_ms": 4.0, "p99_ms": 30.0, "p99_9_ms": 40.0, "failures": [HOSTILE], "devices_compared": 28,
        "devices_wrong": 1, "met": false, "each_second": { "counts": [], "latency_ms": [] }, "online": { "name": HOSTILE, "values": [28] },
    })
}

/// The page of what is given; what is left out was not measured.
fn drawn(bench: Option<Value>, load: Option<Value>, soak: Option<Value>) -> String {
    page::page(&page::Summaries {
        bench: bench.map(|of| serde_json::from_value(of).unwrap()),
        search: None,
        studio: None,
        load: load.map(|of| serde_json::from_value(of).unwrap()),
        soak: soak.map(|of| serde_json::from_value(of).unwrap()),
    })
}

#[test]
fn the_page_needs_nothing_else_and_has_both_colour_schemes() {
    let page = drawn(Some(figures()), Some(load()), Some(soak()));
    for part in ["<script", "<link", "<img", "<iframe", "<a ", "@import", "url("] {
        assert!(!page.contains(part), "{part} is in {page}");
    }
    assert!(
        page.contains("&lt;script src=https://example.org") && page.contains("prefers-color-scheme: dark"),
        "{page}"
    );
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
}

#[test]
fn each_figure_is_drawn_beside_its_goal_and_each_run_second_by_second() {
    let page = drawn(Some(figures()), Some(load()), Some(soak()));
    for text in [
        "1 of 3 goals are met",
        "their figures are missing: send",
        "history_page: 0.375 (≥ 0.4), missed",
        "migrate_empty: 1.12 (≤ 1.5), met",
        "without_goal: 6.63",
        "23,442 bytes",
        "all: from 5,900 to 6,100",
        "p99: from 9.00 to 12.0",
        "1 were wrong",
    ] {
        assert!(page.contains(text), "{text:?} is not in {page}");
    }
    // A missed goal lies left of the line, a goal that is met right of it.
    let plot = page.split("class=\"one\"").nth(1).unwrap();
    let number = |text: &str| text.split(['"', ' ']).next().unwrap().parse::<f64>().unwrap();
    let line = number(plot.split("x1=\"").nth(1).unwrap());
    let missed = number(plot.split("class=\"dot\" d=\"M").nth(1).unwrap());
    let met = number(plot.split("cx=\"").nth(1).unwrap());
    assert!(missed < line && line < met, "{missed} {line} {met}");
    // Where nothing was sent, the line is broken: two begin.
    let latencies = page.split("p50: from 1.50").nth(1).unwrap().split(" d=\"M").nth(1).unwrap();
    assert!(latencies.split('"').next().unwrap().contains('M'), "{latencies}");
}

#[test]
fn what_was_not_measured_is_said_to_be_so() {
    let page = drawn(None, None, None);
    for command in ["make bench", "make load", "make soak", "make bench-search", "make bench-studio"] {
        assert!(page.contains(&format!("<code>{command}</code> measures it")), "{page}");
    }
}

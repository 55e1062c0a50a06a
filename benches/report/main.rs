//! `make report`: draws what the benches and the soak measured last, as one page: `target/reports/index.html`.
//!
//! It reads the `summary.json` that each of them leaves, so the page can be drawn again without measuring.

#![allow(clippy::unwrap_used, reason = "a report that cannot be drawn should say so at once")]

mod page;

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new("target").to_owned(), PathBuf::from);
    let summaries = page::Summaries {
        bench: summary(&target, "bench"),
        search: summary(&target, "bench-search"),
        studio: summary(&target, "bench-studio"),
        load: summary(&target, "load"),
        soak: summary(&target, "soak"),
    };
    let folder = target.join("reports");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("index.html");
    fs::write(&file, page::page(&summaries)).unwrap();
    println!("{}", file.display());
}

/// What was measured, if it was.
fn summary<T: serde::de::DeserializeOwned>(target: &Path, folder: &str) -> Option<T> {
    let file = target.join(folder).join("summary.json");
    let text = fs::read_to_string(&file).ok()?;
    match serde_json::from_str(&text) {
        Ok(summary) => Some(summary),
        Err(error) => {
            eprintln!("{} is not drawn, measure anew: {error}", file.display());
            None
        }
    }
}

//! What a bench says at the end: a table for people, and `summary.json` for programs.

use std::fs;
use std::path::{Path, PathBuf};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Value, json};

use super::Figure;

/// All figures of a bench.
pub struct Summary {
    machine: Value,
    figures: Vec<Figure>,
}

impl Summary {
    /// Without figures yet.
    pub fn new(server: &str) -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let machine = json!({
            "postgresql": server,
            "cpu": cpu.trim_start_matches(['\t', ' ', ':']),
            "cores": cores,
            "taken_at": chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        });
        Self { machine, figures: Vec::new() }
    }

    /// Adds one.
    pub fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Prints the table, and writes `target/<folder>/summary.json`.
    pub fn finish(self, folder: &str) {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["figure", "value", "goal", "met", "from"]);
        table.add_rows(self.figures.iter().map(Figure::row));
        if let Some(values) = table.column_mut(1) {
            values.set_cell_alignment(CellAlignment::Right);
        }
        println!("{table}");

        let asked: Vec<_> = self.figures.iter().filter_map(Figure::is_met).collect();
        let met = asked.iter().filter(|met| **met).count();
        let summary = json!({
            "machine": self.machine,
            "figures": self.figures.iter().map(Figure::json).collect::<Vec<_>>(),
        });
        let file = output(folder).join("summary.json");
        fs::write(&file, serde_json::to_string_pretty(&summary).unwrap() + "\n").unwrap();
        println!("{met} of {} goals met; {}", asked.len(), file.display());
    }
}

/// The folder for what a bench leaves: `target/<folder>`.
pub fn output(folder: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new("target").to_owned(), PathBuf::from);
    let folder = target.join(folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

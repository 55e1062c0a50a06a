//! The result of a bench: a table for people, and `summary.json` for programs, which is written after each figure.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Value, json};

use super::Figure;

/// All figures of a bench.
pub struct Summary {
    file: PathBuf,
    machine: Value,
    figures: Vec<Figure>,
    failed: Vec<String>,
}

impl Summary {
    /// Without figures yet; it is kept in `target/<folder>/summary.json`.
    pub fn new(folder: &str, server: &str) -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let machine = json!({
            "postgresql": server,
            "cpu": cpu.trim_start_matches(['\t', ' ', ':']),
            "cores": cores,
            "taken_at": chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        });
        let file = output(folder).join("summary.json");
        Self { file, machine, figures: Vec::new(), failed: Vec::new() }
    }

    /// Adds a figure, and writes the file.
    pub fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
        self.write();
    }

    /// Runs a family of figures. One that panics is reported as failed; the others go on.
    pub fn family(&mut self, name: &str, figures: impl FnOnce(&mut Self)) {
        eprintln!("{name}");
        if catch_unwind(AssertUnwindSafe(|| figures(self))).is_err() {
            self.failed.push(name.to_owned());
            self.write();
        }
    }

    /// Prints the table. Fails if a family failed; a goal that is missed is no failure.
    pub fn finish(self) -> ExitCode {
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
        println!("{met} of {} goals met; {}", asked.len(), self.file.display());
        for family in &self.failed {
            println!("the family {family} failed: its message is above");
        }
        if self.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn write(&self) {
        let summary = json!({
            "machine": self.machine,
            "figures": self.figures.iter().map(Figure::json).collect::<Vec<_>>(),
            "failed": self.failed,
        });
        fs::write(&self.file, serde_json::to_string_pretty(&summary).unwrap() + "\n").unwrap();
    }
}

/// The folder for what a bench leaves: `target/<folder>`.
pub fn output(folder: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new("target").to_owned(), PathBuf::from);
    let folder = target.join(folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

//! Runs the real Diesel CLI on this repository's migrations.

use std::path::PathBuf;
use std::process::Command;

use super::Run;

/// The Diesel CLI that `make tools` installs, or the one on `PATH`, in a folder that has no `.env`.
fn program() -> PathBuf {
    let ours = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/diesel");
    let installed = std::env::var_os("DIESEL_CLI").map(PathBuf::from).or(ours.exists().then_some(ours));
    installed.unwrap_or_else(|| PathBuf::from("diesel"))
}

/// Runs `diesel` on a database, with the repository's `migrations/` and without writing `src/schema.rs`.
pub fn diesel(url: &str, arguments: &[&str]) -> Run {
    diesel_in(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"), url, arguments)
}

/// Runs `diesel` on a database, with the migrations of a folder.
pub fn diesel_in(folder: &str, url: &str, arguments: &[&str]) -> Run {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut command = Command::new(program());
    command
        .args(arguments)
        .args(["--migration-dir", folder])
        .args(["--config-file", &format!("{root}/tests/support/diesel.toml")])
        .current_dir("/")
        .env("DATABASE_URL", url);
    match command.output() {
        Ok(output) => Run::from(output),
        Err(error) => panic!("the Diesel CLI cannot be run ({error}); `make tools` installs it, `make test` uses it"),
    }
}

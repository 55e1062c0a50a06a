//! Writes checked migrations as Rust source: one static that includes their SQL.

use std::fmt::Write as _;
use std::path::Path;

use super::check::Migration;

/// Source to `include!` beside a struct `Embedded` with these six fields. The static is private, so that it is
/// never more visible than the struct.
pub fn source(migrations: &[Migration]) -> String {
    let mut source = String::from("/// Every migration, sorted by version.\n");
    source.push_str("static EMBEDDED: &[Embedded] = &[\n");
    for Migration { name, version, path, run_in_transaction, catalog, .. } in migrations {
        let (up, down) = (included(path, "up.sql"), included(path, "down.sql"));
        let _ = writeln!(
            source,
            "    Embedded {{ name: {name:?}, version: {version:?}, up: {up}, down: {down}, \
             run_in_transaction: {run_in_transaction}, catalog: {catalog:?} }},"
        );
    }
    source.push_str("];\n");
    source
}

/// Source that compiles nowhere: the last word if a build tool does not know `cargo::error`.
pub fn refused() -> String {
    "compile_error!(\"the migrations are refused: see the errors of the build script\");\n".to_owned()
}

/// By the folder of the package that is compiled: a build folder may be shared with another checkout, whose paths are others.
/// `Debug` escapes what a name may hold, such as quotes and backslashes, as Rust wants it escaped.
fn included(migration: &Path, file: &str) -> String {
    let folder = migration.file_name().unwrap_or_default().to_string_lossy();
    format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {:?}))", format!("/migrations/{folder}/{file}"))
}

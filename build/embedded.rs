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
        let (up, down) = (included(&path.join("up.sql")), included(&path.join("down.sql")));
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

/// `Debug` escapes what a path may hold, such as quotes and backslashes, as Rust wants it escaped.
fn included(path: &Path) -> String {
    format!("include_str!({:?})", path.to_string_lossy())
}

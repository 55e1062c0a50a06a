//! Checks the folder `migrations`, and turns it and the list of tables into Rust source.

use std::path::Path;
use std::{env, fs, io};

#[path = "src/build_shared/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the runner needs more of it than the check does")]
mod build_shared;
#[path = "build/check.rs"]
mod check;
#[path = "build/embedded.rs"]
mod embedded;
#[path = "build/tables.rs"]
mod tables;
#[path = "build/unmarked.rs"]
mod unmarked;

use build_shared::mark;

/// Tells what is wrong through `cargo::error`, which fails the build by itself. A non-zero exit would make cargo
/// repeat this program's whole output below the errors.
fn main() {
    // Cargo looks at all that is in the folder. `embed_migrations!` and `include_str!` follow only the SQL that
    // was there before: no new folder, and never a metadata.toml.
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/schema.rs");
    for error in embed().unwrap_or_else(|error| vec![error.to_string()]) {
        println!("cargo::error={}", error.replace(['\r', '\n'], " "));
    }
}

/// Writes `migrations.rs`, `tables.rs` and `own_tables.rs` into `$OUT_DIR`, and returns what speaks against the folder.
fn embed() -> io::Result<Vec<String>> {
    let root = variable("CARGO_MANIFEST_DIR")?;
    let migrations = Path::new(&root).join("migrations");
    let schema = fs::read_to_string(Path::new(&root).join("src/schema.rs"))?;
    let out = variable("OUT_DIR")?;
    fs::write(Path::new(&out).join("tables.rs"), tables::array(&schema))?;
    fs::write(Path::new(&out).join("own_tables.rs"), tables::allow_own_table(&schema))?;
    let (source, errors) = match check::read(&migrations) {
        Ok(migrations) => (embedded::source(&migrations), migrations.iter().filter_map(unmarked::problem).collect()),
        Err(problems) => (embedded::refused(), problems.iter().map(ToString::to_string).collect()),
    };
    fs::write(Path::new(&out).join("migrations.rs"), source)?;
    Ok(errors)
}

/// A variable that cargo sets. One that is not UTF-8 is refused, because Rust source cannot name such a path.
fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(|error| io::Error::other(format!("{name}: {error}")))
}

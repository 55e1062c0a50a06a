//! The project around the crate: its documents and its scripts.

mod links;
mod migration;
mod operating;
mod preflight;
mod readme;
mod reports;

use std::path::Path;

/// The folder of the checkout.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

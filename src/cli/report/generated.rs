//! The objects of `completions` and `man`.

use std::path::Path;

use serde::Serialize;

/// What a shell completes commands with.
#[derive(Debug, Serialize)]
pub struct Completions<'a> {
    /// The shell's name.
    pub shell: &'a str,
    /// The script, for this shell to read.
    pub script: &'a str,
}

/// The manual page, or where the pages are.
#[derive(Debug, Default, Serialize)]
pub struct Man<'a> {
    /// The page of the program, in the language of roff. `None`: the pages are in a folder.
    pub page: Option<&'a str>,
    /// The folder that the pages were written into.
    pub folder: Option<String>,
}

impl Man<'_> {
    /// Pages in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { page: None, folder: Some(super::path(folder)) }
    }
}

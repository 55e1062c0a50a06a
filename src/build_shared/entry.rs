//! Lists a folder: everything in it, or a problem that says what cannot be read.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::problem::Problem;

/// What an entry is, its links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder, or a link to one.
    Folder,
    /// A file.
    File,
    /// A link to a file.
    LinkToFile,
    /// A link that leads nowhere, a socket and the like.
    Neither,
}

/// A file or a folder in a folder.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What to call it in a message.
    pub place: String,
    /// What it is.
    pub kind: Kind,
}

impl Entry {
    /// Whether its name begins with a dot, so that neither people nor Diesel see it.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.name.starts_with('.')
    }

    /// The text of a file.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when it cannot be read, or is not UTF-8.
    pub fn text(&self) -> Result<String, Problem> {
        let bytes = fs::read(&self.path).map_err(|error| unreadable(&self.place, &error))?;
        String::from_utf8(bytes).map_err(|error| {
            let good = String::from_utf8_lossy(error.as_bytes());
            let end = error.utf8_error().valid_up_to();
            Problem::new(&self.place, "is not UTF-8", "save it as UTF-8").at(&good, end)
        })
    }
}

/// What is in a folder, sorted by name.
pub fn entries(folder: &Path, place: &str, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut entries = Vec::new();
    match fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Err(error) => problems.push(unreadable(place, &error)),
        Ok(found) => {
            for found in found {
                let name = found.file_name();
                let place = format!("{place}/{}", name.display());
                match name.into_string() {
                    Ok(name) => entries.push(Entry { name, kind: kind(&found), path: found.path(), place }),
                    Err(_) => problems.push(Problem::new(&place, "has a name that is not UTF-8", "rename it")),
                }
            }
        }
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    entries
}

fn kind(entry: &fs::DirEntry) -> Kind {
    let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
    match fs::metadata(entry.path()) {
        Ok(target) if target.is_dir() => Kind::Folder,
        Ok(target) if target.is_file() && is_link => Kind::LinkToFile,
        Ok(target) if target.is_file() => Kind::File,
        _ => Kind::Neither,
    }
}

fn unreadable(place: &str, error: &io::Error) -> Problem {
    Problem::new(place, format!("cannot be read: {error}"), "make it readable, or delete it")
}

//! Problems of the folder of migrations: where, what, and what to do instead.

use std::fmt;

use super::statements::line_and_column;

/// One thing that keeps a folder of migrations from being compiled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or the folder, as in `migrations/2026-01-31-120000_create_users/up.sql`.
    pub place: String,
    /// The line in the file, from 1, where there is one.
    pub line: Option<usize>,
    /// What is wrong.
    pub wrong: String,
    /// What to write or to do instead.
    pub instead: String,
}

impl Problem {
    /// A problem with a file or a folder as a whole.
    pub fn new(place: &str, wrong: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { place: place.to_owned(), line: None, wrong: wrong.into(), instead: instead.into() }
    }

    /// The same problem, but in the line of this byte of the file.
    #[must_use]
    pub fn at(self, text: &str, offset: usize) -> Self {
        let (line, _) = line_and_column(text, offset);
        Self { line: Some(line), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}; {}", self.wrong, self.instead)
    }
}

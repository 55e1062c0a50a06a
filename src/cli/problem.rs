//! Formats a failure: what, where, and what to do next.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use super::Exit;

/// Something that failed, ready to be shown.
#[derive(Debug)]
pub struct Problem {
    /// What failed, in one sentence.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
    /// The SQLSTATE, empty where no server said one.
    pub sqlstate: Option<String>,
    /// The place in a file where it failed.
    pub place: Option<Box<Excerpt>>,
    /// How something differs from what it should be, as a diff.
    pub diff: Option<String>,
    /// The exit code that goes with it.
    pub exit: Exit,
}

/// A place in a file, to be shown with the lines around it.
#[derive(Debug)]
pub struct Excerpt {
    /// The file and its text.
    pub source: NamedSource<&'static str>,
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// What to underline, and what to say of it.
    pub label: LabeledSpan,
}

impl Problem {
    /// A problem of which no more is known than what failed and what to do.
    pub fn new(exit: Exit, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()), sqlstate: None, place: None, diff: None, exit }
    }

    /// The SQLSTATE, when a server said it; libpq has an empty one for what no server said.
    pub fn sqlstate(&self) -> Option<&str> {
        self.sqlstate.as_deref().filter(|sqlstate| !sqlstate.is_empty())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("SQLSTATE {}", self.sqlstate()?)))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|place| &place.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        Some(Box::new(std::iter::once(place.label.clone())))
    }
}

//! The command `docs`: writes the reference of a database, or checks that a written one is up to date.

use std::borrow::Cow;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;
use similar::TextDiff;

use crate::cli::args::Connection;
use crate::cli::output::Output;
use crate::cli::{Exit, Problem, database};
use crate::partial_file::replace;
use crate::reference::{self, ReadError, Reference};

/// What to write about the schema, and where.
#[derive(Debug, Clone, ClapArgs)]
pub struct DocsArgs {
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub output: Option<PathBuf>,

    /// Write nothing; show how this file differs from what would be written, with exit code 4 when it does
    #[arg(long, value_name = "FILE")]
    pub check: Option<PathBuf>,

    /// The format [default: as the file is called, .md, .html or .svg; else markdown]
    #[arg(long, value_enum)]
    pub format: Option<DocsFormat>,
}

/// How the reference is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DocsFormat {
    /// Markdown with diagrams in Mermaid's language, as GitHub shows them.
    Markdown,
    /// One page that needs no other file.
    Html,
    /// A picture of all tables and the foreign keys between them.
    Svg,
}

impl DocsFormat {
    /// Its name on the command line.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Svg => "svg",
        }
    }
}

/// `docs`: the reference on standard output or in a file, or how a file differs from it.
pub fn docs(connection: &Connection, options: &DocsArgs, output: &mut Output) -> Result<Exit, Problem> {
    let file = options.check.as_deref().or(options.output.as_deref());
    let format = options.format.map_or_else(|| by_extension(file), Ok)?;
    // Read first: a file that is not there needs no database.
    let given = options.check.as_deref().map(read).transpose()?;
    let database = database::open(connection, output)?;
    let reference = reference::read(&database.pool).map_err(|error| match error {
        ReadError::Database(error) => database.diagnose_look(*error),
        unexpected @ ReadError::Unexpected(_) => {
            Problem::new(Exit::Failed, unexpected.to_string(), "Use a newer messenger-db with this PostgreSQL.")
        }
    })?;
    let text = match format {
        DocsFormat::Markdown => reference::markdown(&reference),
        DocsFormat::Html => reference::html(&reference),
        DocsFormat::Svg => reference::svg(&reference),
    };
    let report = |is_current, text| Docs {
        database: &database.target.database,
        format: format.as_str(),
        file: file.map(Path::to_string_lossy),
        is_current,
        text,
    };
    if let (Some(given), Some(file)) = (&given, file) {
        let is_current = *given == text;
        output.json(&report(Some(is_current), None));
        if is_current {
            output.line(&format!("{} is up to date.", file.display()));
            return Ok(Exit::Done);
        }
        let name = file.display().to_string();
        let diff = TextDiff::from_lines(given.as_str(), text.as_str());
        output.diff(&diff.unified_diff().context_radius(1).header(&name, "the database").to_string());
        output.line(&format!("{name} is not up to date: `messenger-db docs --output {name}` writes it."));
        return Ok(Exit::Drift);
    }
    if let Some(file) = file {
        replace(file, text.as_bytes()).map_err(|error| unwritten(file, &error))?;
        output.line(&format!("{} tables and views, written into {}", count(&reference), file.display()));
        output.json(&report(None, None));
        return Ok(Exit::Done);
    }
    if output.is_json() {
        output.json(&report(None, Some(&text)));
        return Ok(Exit::Done);
    }
    match io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        // A reader who has gone has read enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritten(Path::new("standard output"), &error)),
        _ => Ok(Exit::Done),
    }
}

fn count(reference: &Reference) -> usize {
    reference.tables.len()
}

/// What the file's name says; without an ending, Markdown.
fn by_extension(file: Option<&Path>) -> Result<DocsFormat, Problem> {
    let extension = file.and_then(Path::extension).map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        None | Some("md" | "markdown") => Ok(DocsFormat::Markdown),
        Some("html" | "htm") => Ok(DocsFormat::Html),
        Some("svg") => Ok(DocsFormat::Svg),
        Some(other) => Err(Problem::new(
            Exit::Usage,
            format!("a file that ends in .{other} is none that docs writes"),
            "Name one that ends in .md, .html or .svg; or say with --format what is to be in it.",
        )),
    }
}

/// What was written before. Line ends of Windows are no difference.
fn read(file: &Path) -> Result<String, Problem> {
    let text = fs::read_to_string(file).map_err(|error| {
        let help = if error.kind() == ErrorKind::NotFound {
            format!("`messenger-db docs --output {}` writes it.", file.display())
        } else {
            "Name a file that `messenger-db docs --output FILE` has written.".to_owned()
        };
        Problem::new(Exit::Usage, format!("{} cannot be read: {error}", file.display()), help)
    })?;
    Ok(text.replace("\r\n", "\n"))
}

fn unwritten(file: &Path, error: &io::Error) -> Problem {
    Problem::new(
        Exit::Failed,
        format!("{} cannot be written: {error}", file.display()),
        "Name a file in a folder that is there, that you may write into, and where there is room.",
    )
}

/// `docs`.
#[derive(Debug, Serialize)]
struct Docs<'a> {
    /// The database's name.
    database: &'a str,
    /// `markdown` or `html`.
    format: &'a str,
    /// The file that was written or checked. `None`: neither.
    file: Option<Cow<'a, str>>,
    /// Whether the file that was checked is what would be written. `None`: none was checked.
    is_current: Option<bool>,
    /// The reference. `None`: it is in the file.
    text: Option<&'a str>,
}

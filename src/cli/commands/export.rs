//! The command `export`: everything about a person, into a file of JSON Lines or to standard output.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::{DateTime, Utc};
use clap::Args as ClapArgs;
use diesel::PgConnection;
use serde::Serialize;

use crate::cli::args::Connection;
use crate::cli::commands::person;
use crate::cli::operations::{Operations, Rows};
use crate::cli::output::{Output, in_words};
use crate::cli::progress::Progress;
use crate::cli::report::path;
use crate::cli::{Exit, Problem};
use crate::ids::UserId;
use crate::migrate::Observer as _;
use crate::partial_file::{FileError, PartialFile};
use crate::queries::export::{self, ExportError, Manifest};

/// Whom to export, and where.
#[derive(Debug, Clone, ClapArgs)]
pub struct ExportArgs {
    /// The person: an id, or the username of an open account
    pub user: String,

    /// The file, which must not exist; - is standard output [default: ID-TIME.jsonl]
    pub file: Option<PathBuf>,
}

/// `export`: a file is there whole, readable by its owner only, or not at all. On standard output the manifest, which is the
/// last line, tells that it is whole; what else there is to say goes to standard error.
pub fn export(connection: &Connection, args: &ExportArgs, output: &mut Output) -> Result<Exit, Problem> {
    let to_stdout = args.file.as_deref() == Some(Path::new("-"));
    if to_stdout {
        output.leave_standard_output();
    }
    let database = Operations::open_known(connection, output)?;
    run(&database, args, to_stdout, output).map_err(|problem| database.judge(problem))
}

fn run(database: &Operations, args: &ExportArgs, to_stdout: bool, output: &mut Output) -> Result<Exit, Problem> {
    let conn = &mut database.connect(Rows::Read)?;
    let user = person::find(conn, &args.user)?.id;
    let start = Instant::now();
    let default = || PathBuf::from(format!("{user}-{}.jsonl", Utc::now().format("%Y%m%dT%H%M%SZ")));
    let file = if to_stdout { None } else { Some(args.file.clone().unwrap_or_else(default)) };
    let (manifest, bytes) = match &file {
        None => write(conn, user, &mut io::stdout().lock(), None, output)?,
        Some(file) => {
            let partial = PartialFile::beside(file)?;
            let opened = OpenOptions::new().write(true).open(&partial.path);
            let mut opened = opened.map_err(|cause| unwritten(Some(&partial.path), &cause))?;
            let written = write(conn, user, &mut opened, Some(file), output)?;
            partial.publish(file)?;
            written
        }
    };
    let (duration, lines) = (start.elapsed(), manifest.counts.values().sum::<u64>());
    let place = file.as_deref().map_or("standard output".to_owned(), path);
    let took = in_words(duration);
    output.line(&format!("exported {user} to {place}: {lines} lines and the manifest, {bytes} bytes, in {took}"));
    output.json(&Exported {
        database: &database.target.database,
        user_id: user.to_string(),
        file: file.as_deref().map(path),
        bytes,
        format: manifest.format,
        at: manifest.exported_at,
        kinds: manifest.counts.into_iter().map(|(kind, lines)| Lines { kind, lines }).collect(),
        seconds: duration.as_secs_f64(),
    });
    Ok(Exit::Done)
}

/// Writes the lines; what they hold, and how many bytes they are.
fn write(
    conn: &mut PgConnection,
    user: UserId,
    to: &mut dyn Write,
    file: Option<&Path>,
    output: &mut Output,
) -> Result<(Manifest, u64), Problem> {
    let mut lines = Counted { to: BufWriter::new(to), bytes: 0 };
    let manifest = export::of_user(conn, user, &mut lines, &mut |progress| {
        let (done, total) = (progress.chats as u64, progress.of_chats as u64);
        let note = format!("{} lines, {done} of {total} chats", progress.lines);
        output.show(Progress { what: "exporting", done, total, note });
        if output.wants_to_stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    output.finish();
    let manifest = manifest.map_err(|error| match error {
        ExportError::NoSuchAccount => person::unknown(&user.to_string()),
        ExportError::Write(error) => unwritten(file, &error),
        ExportError::Database(error) => error.into(),
        ExportError::Stopped => {
            Problem::new(Exit::Failed, "stopped, and the export is not complete", "Run the command again.")
        }
    })?;
    Ok((manifest, lines.bytes))
}

/// Counts what goes through.
struct Counted<W> {
    to: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Exists(file) => Self::new(
                Exit::Usage,
                format!("{} exists, and an export overwrites nothing", file.display()),
                "Name another file, or move that one away.",
            ),
            FileError::Unwritten { file, cause } => unwritten(Some(&file), &cause),
        }
    }
}

fn unwritten(file: Option<&Path>, cause: &io::Error) -> Problem {
    let place = file.map_or("standard output".to_owned(), |file| file.display().to_string());
    Problem::new(
        Exit::Failed,
        format!("{place} cannot be written, and the export is not complete: {cause}"),
        "Name a file where you may write and where there is room.",
    )
}

/// `export`.
#[derive(Debug, Serialize)]
struct Exported<'a> {
    /// The database's name.
    database: &'a str,
    /// Who was exported.
    user_id: String,
    /// The file. `None`: standard output.
    file: Option<String>,
    /// Its size.
    bytes: u64,
    /// The version of its format.
    format: u32,
    /// Of which moment it is.
    #[serde(rename = "exported_at")]
    at: DateTime<Utc>,
    /// What is in it.
    kinds: Vec<Lines>,
    /// How long it took.
    seconds: f64,
}

/// Lines of a kind.
#[derive(Debug, Serialize)]
struct Lines {
    /// The kind.
    kind: String,
    /// How many.
    lines: u64,
}

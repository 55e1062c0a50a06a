//! The commands `completions` and `man`, generated from the command line itself.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use serde::Serialize;

use super::Args;
use crate::cli::output::Output;
use crate::cli::report::path;
use crate::cli::{Exit, Problem};

/// `completions`: a script for a shell, on standard output.
pub fn completions(shell: Shell, output: &Output) -> Result<Exit, Problem> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "messenger-db", &mut script);
    let script = String::from_utf8_lossy(&script);
    output.json(&Completions { shell: &shell.to_string(), script: &script });
    print(&script, output)
}

/// `man`: the manual page on standard output, or one for each command in a folder.
pub fn man(folder: Option<&Path>, output: &Output) -> Result<Exit, Problem> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        Man::new(Args::command()).render(&mut page).map_err(|error| unwritten(&error))?;
        let page = String::from_utf8_lossy(&page);
        output.json(&Pages { page: Some(&page), folder: None });
        return print(&page, output);
    };
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Args::command(), folder));
    written.map_err(|error| {
        Problem::new(
            Exit::Failed,
            format!("the pages cannot be written into {}: {error}", folder.display()),
            "Name a folder that you may write into.",
        )
    })?;
    output.line(&format!("written into {}", folder.display()));
    output.json(&Pages { page: None, folder: Some(path(folder)) });
    Ok(Exit::Done)
}

/// As it is, without regard to `--quiet`: nothing else was asked for. Except with `--json`, which has printed it.
fn print(text: &str, output: &Output) -> Result<Exit, Problem> {
    if output.is_json() {
        return Ok(Exit::Done);
    }
    match io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        // A reader who has gone has read enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritten(&error)),
        _ => Ok(Exit::Done),
    }
}

fn unwritten(error: &io::Error) -> Problem {
    Problem::new(Exit::Failed, format!("the result cannot be printed: {error}"), "Nothing was changed.")
}

/// What a shell completes commands with.
#[derive(Debug, Serialize)]
struct Completions<'a> {
    /// The shell's name.
    shell: &'a str,
    /// The script, for this shell to read.
    script: &'a str,
}

/// The manual page, or where the pages are.
#[derive(Debug, Default, Serialize)]
struct Pages<'a> {
    /// The page of the program, in the language of roff. `None`: the pages are in a folder.
    page: Option<&'a str>,
    /// The folder that the pages were written into.
    folder: Option<String>,
}

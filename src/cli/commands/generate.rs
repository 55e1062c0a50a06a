//! Decides what `completions` and `man` print: what is generated from the command line itself.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::args::Args;
use crate::cli::output::Output;
use crate::cli::{Exit, Problem};

/// `completions`: a script for a shell, on standard output.
pub fn completions(shell: Shell) -> Result<Exit, Problem> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "messenger-db", &mut script);
    print(&script)
}

/// `man`: the manual page on standard output, or one for each command in a folder.
pub fn man(folder: Option<&Path>, output: &Output) -> Result<Exit, Problem> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        Man::new(Args::command()).render(&mut page).map_err(|error| unwritten(&error))?;
        return print(&page);
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
    Ok(Exit::Done)
}

/// As it is, without regard to `--quiet` and `--json`: nothing else was asked for.
fn print(text: &[u8]) -> Result<Exit, Problem> {
    match io::stdout().write_all(text).and_then(|()| io::stdout().flush()) {
        // A reader who has gone has read enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritten(&error)),
        _ => Ok(Exit::Done),
    }
}

fn unwritten(error: &io::Error) -> Problem {
    Problem::new(Exit::Failed, format!("the result cannot be printed: {error}"), "Nothing was changed.")
}

//! The binary: commands, output and exit codes.

mod allowed;
mod args;
mod commands;
mod database;
mod diagnose;
mod differences;
mod duration;
mod env_file;
mod exit;
mod operations;
mod output;
mod picture;
mod problem;
mod progress;
mod report;
mod signals;
mod usage;

use std::process::ExitCode;

use output::Output;
use problem::Problem;

pub use exit::Exit;

/// Does what the command line says.
#[must_use]
pub fn main() -> ExitCode {
    let (args, name) = match usage::parse() {
        Ok(read) => read,
        Err(exit) => return exit.into(),
    };
    let mut output = Output::new(&args.output, Some(name));
    let outcome = args.command.unwrap_or_default().carry_out(&args.connection, &mut output);
    match outcome.and_then(|exit| output.unwritten().map_or(Ok(exit), Err)) {
        Ok(exit) => exit.into(),
        Err(problem) => {
            output.fail(&problem);
            problem.exit.into()
        }
    }
}

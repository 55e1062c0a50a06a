//! Decides how the binary behaves: its commands, its output and its exit codes.

mod args;
mod commands;
mod database;
mod diagnose;
mod exit;
mod output;
mod problem;
mod signals;
mod usage;

use std::process::ExitCode;

use args::{Args, Command};
use output::Output;
use problem::Problem;

pub use exit::Exit;

/// Does what the command line says.
#[must_use]
pub fn main() -> ExitCode {
    let args = match usage::parse() {
        Ok(args) => args,
        Err(exit) => return exit.into(),
    };
    let mut output = Output::new(&args.output);
    let outcome = database::read_env_file().and_then(|()| dispatch(&args, &mut output));
    match outcome.and_then(|exit| output.unwritten().map_or(Ok(exit), Err)) {
        Ok(exit) => exit.into(),
        Err(problem) => {
            output.fail(&problem);
            problem.exit.into()
        }
    }
}

fn dispatch(args: &Args, output: &mut Output) -> Result<Exit, Problem> {
    use commands::{history, local, migrate, roles, seed, status};

    match args.command.clone().unwrap_or_default() {
        Command::Run(run) => migrate::run(&args.connection, &run, output),
        Command::Revert(which) => migrate::revert(&args.connection, &which, output),
        Command::Redo(which) => migrate::redo(&args.connection, &which, output),
        Command::List => history::list(&args.connection, output),
        Command::Pending => history::pending(&args.connection, output),
        Command::Status(options) => status::status(&args.connection, &options, output),
        Command::Roles(options) => roles::roles(&args.connection, &options, output),
        Command::Seed(options) => seed::seed(&args.connection, &options, output),
        Command::Local { command } => local::local(&command, output),
    }
}

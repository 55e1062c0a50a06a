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
mod problem;
mod report;
mod signals;
mod usage;

use std::process::ExitCode;

use args::{Args, Command};
use env_file::EnvFile;
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
    let mut output = Output::new(&args.output, Some(args.command.as_ref().map_or("run", Command::name)));
    let outcome = dispatch(&args, &mut output);
    match outcome.and_then(|exit| output.unwritten().map_or(Ok(exit), Err)) {
        Ok(exit) => exit.into(),
        Err(problem) => {
            output.fail(&problem);
            problem.exit.into()
        }
    }
}

fn dispatch(args: &Args, output: &mut Output) -> Result<Exit, Problem> {
    use commands::{
        backup, baseline, catalog, docs, erase, exec, export, generate, history, local, maintain, migrate, plan, roles,
        seed, status, studio, verify,
    };

    let connection = &args.connection;
    let command = match args.command.clone().unwrap_or_default() {
        // What they print depends on nothing.
        Command::Completions { shell } => return generate::completions(shell, output),
        Command::Man { out } => return generate::man(out.as_deref(), output),
        command => command,
    };
    let env_file = EnvFile::load();
    env_file.refuse_unread(&command, connection)?;
    env_file.tell(output);
    match command {
        Command::Run(run) => migrate::run(connection, &run, output),
        Command::Revert(which) => migrate::revert(connection, &which, output),
        Command::Redo(which) => migrate::redo(connection, &which, output),
        Command::List => history::list(connection, output),
        Command::Pending => history::pending(connection, output),
        Command::Status(options) => status::status(connection, &options, output),
        Command::Verify(options) => verify::verify(connection, &options, output),
        Command::Plan(options) => plan::plan(&args.connection, &options, output),
        Command::Baseline(allow) => baseline::baseline(connection, &allow, output),
        Command::Catalog => catalog::catalog(connection, output),
        Command::Docs(options) => docs::docs(connection, &options, output),
        Command::Studio(options) => studio::studio(connection, &options, output),
        Command::Roles(options) => roles::roles(connection, &options, output),
        Command::Seed(options) => seed::seed(connection, &options, output),
        Command::Backup { file } => backup::backup(connection, file.as_deref(), output),
        Command::Maintain(options) => maintain::maintain(connection, &options, output),
        Command::Erase(options) => erase::erase(connection, &options, output),
        Command::Export(options) => export::export(connection, &options, output),
        Command::Exec(exec) => exec::exec(connection, &exec, &env_file.added, output),
        Command::Local { command } => local::local(&command, output),
        Command::Completions { .. } | Command::Man { .. } => Ok(Exit::Done),
    }
}

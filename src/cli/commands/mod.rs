//! The command line: its commands. Each file has the options of a command, what the command does, and the object that
//! it prints with `--json`; the long objects stand in `report`.

#![allow(clippy::doc_markdown, reason = "the comments of options are the help text, where backticks would show")]

mod backup;
mod baseline;
mod catalog;
mod distribute;
mod docs;
mod erase;
mod exec;
mod export;
mod generate;
mod history;
pub mod local;
mod maintain;
mod migrate;
mod person;
mod plan;
mod roles;
mod seed;
mod status;
mod studio;
mod verify;
use std::path::PathBuf;

use clap::{ArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use super::args::{AllowDrift, Connection, OutputArgs};
use super::env_file::EnvFile;
use super::output::Output;
use super::{Exit, Problem};
use distribute::DistributeArgs;
use docs::DocsArgs;
use erase::EraseArgs;
use exec::Exec;
use export::ExportArgs;
use local::LocalCommand;
use maintain::MaintainArgs;
use migrate::{Extent, RedoExtent, Run};
use plan::Plan;
use roles::RolesArgs;
use seed::SeedArgs;
use status::StatusArgs;
use studio::StudioArgs;
use verify::Verify;

/// Takes a messenger's database safely to the schema that was compiled into this binary.
///
/// Without a command, it runs what is pending. Without a database URL, it works on a private PostgreSQL of its own,
/// which it starts when needed.
#[derive(Debug, Parser)]
#[command(name = "messenger-db", version, after_help = Exit::help(), max_term_width = 100)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub connection: Connection,

    #[command(flatten)]
    pub output: OutputArgs,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Apply what is pending, in order (the default)
    Run(Run),
    /// Revert the newest migration, or more; the rows of the tables it drops are gone
    Revert(Extent),
    /// Revert the newest migration, or more, and apply it again; the rows of its tables are gone
    Redo(RedoExtent),
    /// List every migration, and when it was applied
    List,
    /// List what is pending; exit code 3 when something is
    Pending,
    /// Show the server, the version, what is pending and what differs
    Status(StatusArgs),
    /// Compare the database with what it should be at its version; exit code 4 when it differs
    Verify(Verify),
    /// Print what run would do, as SQL for psql; or rehearse it: carry it out in one transaction and roll it back
    Plan(Plan),
    /// Record the version of a database that was made without this binary
    #[command(visible_alias = "adopt")]
    Baseline(AllowDrift),
    /// Print the catalog of the database, one fact a line
    Catalog,
    /// Write a reference of the schema, with diagrams, as Markdown or HTML
    Docs(DocsArgs),
    /// Show the database as a web page on this machine, read-only, until it is interrupted
    Studio(StudioArgs),
    /// Make three roles without login: to migrate, to write rows, to read
    Roles(RolesArgs),
    /// Distribute the tables over the servers of a Citus cluster, or print the SQL for it
    Distribute(DistributeArgs),
    /// Fill a database with test data; everybody's password is "password"
    Seed(SeedArgs),
    /// Dump the database into a file, with pg_dump
    Backup {
        /// The file, which must not exist; pg_restore reads it [default: DATABASE-TIME.dump]
        file: Option<PathBuf>,
    },
    /// Remove expired sessions, old changes, forgotten uploads and deleted chats; old messages only where an age is given
    ///
    /// Any number of processes may do it at once: each task is done by one of them at a time. Messages are removed in
    /// batches that hold a chat for some milliseconds, so the service goes on. SIGTERM and SIGINT end it after the batch that
    /// is under way, with exit code 0.
    Maintain(MaintainArgs),
    /// Erase a person from every table, in batches, and count what is left; it cannot be undone
    Erase(EraseArgs),
    /// Write everything about a person as JSON Lines, of one moment, with a manifest as the last line
    Export(ExportArgs),
    /// Wait for the database, migrate it when RUN_MIGRATIONS is true, and become a program
    #[command(long_about = exec::HELP, after_help = Exit::help_of_exec())]
    Exec(Exec),
    /// Print what a shell needs to complete these commands
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Print the manual page, or write one for each command
    Man {
        /// Write every page into this folder, instead of printing the first
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// The private PostgreSQL, used when there is no database URL
    Local {
        /// What to do with it
        #[command(subcommand)]
        command: LocalCommand,
    },
}

impl Default for Command {
    fn default() -> Self {
        Self::Run(Run::default())
    }
}

impl Command {
    /// Does what the command says.
    pub fn carry_out(self, connection: &Connection, output: &mut Output) -> Result<Exit, Problem> {
        match &self {
            // What they print depends on nothing.
            Self::Completions { shell } => return generate::completions(*shell, output),
            Self::Man { out } => return generate::man(out.as_deref(), output),
            _ => {}
        }
        let env_file = EnvFile::load();
        env_file.refuse_unread(&self, connection)?;
        env_file.tell(output);
        match self {
            Self::Run(run) => migrate::run(connection, &run, output),
            Self::Revert(which) => migrate::revert(connection, &which, output),
            Self::Redo(which) => migrate::redo(connection, &which, output),
            Self::List => history::list(connection, output),
            Self::Pending => history::pending(connection, output),
            Self::Status(options) => status::status(connection, &options, output),
            Self::Verify(options) => verify::verify(connection, &options, output),
            Self::Plan(options) => plan::plan(connection, &options, output),
            Self::Baseline(allow) => baseline::baseline(connection, &allow, output),
            Self::Catalog => catalog::catalog(connection, output),
            Self::Docs(options) => docs::docs(connection, &options, output),
            Self::Studio(options) => studio::studio(connection, &options, output),
            Self::Roles(options) => roles::roles(connection, &options, output),
            Self::Distribute(options) => distribute::distribute(connection, options, output),
            Self::Seed(options) => seed::seed(connection, &options, output),
            Self::Backup { file } => backup::backup(connection, file.as_deref(), output),
            Self::Maintain(options) => maintain::maintain(connection, &options, output),
            Self::Erase(options) => erase::erase(connection, &options, output),
            Self::Export(options) => export::export(connection, &options, output),
            Self::Exec(exec) => exec::exec(connection, &exec, &env_file.added, output),
            Self::Local { command } => local::local(&command, connection, output),
            Self::Completions { .. } | Self::Man { .. } => Ok(Exit::Done),
        }
    }
}

/// The name of the command in JSON: its words, such as `run` or `local status`.
pub fn name(matches: &ArgMatches) -> String {
    let Some((command, matches)) = matches.subcommand() else { return "run".to_owned() };
    match matches.subcommand_name() {
        Some(of_command) => format!("{command} {of_command}"),
        None => command.to_owned(),
    }
}

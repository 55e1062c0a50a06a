//! The command line: commands, options and their help.

#![allow(clippy::doc_markdown, reason = "these comments are the help text, where backticks would show")]

mod maintenance;

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::Exit;
use super::duration::{of_milliseconds, of_seconds};

pub use maintenance::{EraseArgs, ExportArgs, MaintainArgs};

const EXEC: &str = "\
Wait for the database, migrate it when RUN_MIGRATIONS is true, then become another program: the entry point of a \
container.

RUN_MIGRATIONS is true, yes, on or 1; anything but those and false, no, off, 0 and nothing is refused. Without it, the \
database is waited for and nothing is migrated. The program takes over the process: its id, its environment without \
what .env added, its signals. Standard output is left to it: what this has to say goes to standard error.";

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

/// Which database, and how patiently.
#[derive(Debug, Clone, ClapArgs)]
pub struct Connection {
    /// The database, as a postgresql:// URL; without it DATABASE_URL, from the environment or a .env file
    #[arg(long, global = true, value_name = "URL", help_heading = "Connection")]
    pub database_url: Option<String>,

    /// The same database past a pooler; without it DIRECT_URL, which goes with DATABASE_URL
    #[arg(long, global = true, value_name = "URL", help_heading = "Connection")]
    pub direct_url: Option<String>,

    /// Wait up to so long for a server that is not up yet, such as 30s or 2m [default: 0s; exec: 60s]
    #[arg(long, global = true, value_name = "TIME", value_parser = of_seconds, help_heading = "Connection")]
    pub wait: Option<Duration>,

    /// Wait up to so long for another runner that works on the database
    #[arg(long, global = true, value_name = "TIME", default_value = "60s", value_parser = of_seconds, help_heading = "Connection")]
    pub lock_wait: Duration,

    /// How long a statement waits for a lock, such as 500ms; 0 for ever, a number without a unit is milliseconds
    #[arg(long, global = true, value_name = "TIME", default_value = "2s", value_parser = of_milliseconds, help_heading = "Connection")]
    pub lock_timeout: Duration,

    /// How often a migration is tried again that did not get a lock in that time, after a pause that doubles
    #[arg(long, global = true, value_name = "N", default_value = "5", help_heading = "Connection")]
    pub lock_retries: usize,

    /// How long a statement may run, such as 10m; 0 or without it for ever, a number without a unit is milliseconds
    #[arg(long, global = true, value_name = "TIME", value_parser = of_milliseconds, help_heading = "Connection")]
    pub statement_timeout: Option<Duration>,

    /// A folder of migrations of the service's own, carried out after these; may be repeated
    #[arg(long, global = true, value_name = "FOLDER", help_heading = "Migrations")]
    pub also: Vec<PathBuf>,
}

/// How to print.
#[derive(Debug, Clone, ClapArgs)]
pub struct OutputArgs {
    /// Print JSON, one object, for machines
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,

    /// Print nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// Print what the server remarks, too
    #[arg(short, long, global = true, help_heading = "Output")]
    pub verbose: bool,

    /// When to use colours; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, help_heading = "Output")]
    pub color: Color,
}

/// What to write about the schema, and where.
#[derive(Debug, Clone, ClapArgs)]
pub struct Docs {
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub output: Option<PathBuf>,

    /// Write nothing; show how this file differs from what would be written, with exit code 4 when it does
    #[arg(long, value_name = "FILE")]
    pub check: Option<PathBuf>,

    /// The format [default: html for a file of that name, else markdown]
    #[arg(long, value_enum)]
    pub format: Option<DocsFormat>,
}

/// Where to show the database.
#[derive(Debug, Clone, ClapArgs)]
pub struct StudioArgs {
    /// The port to listen at [default: one that is free]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub port: u16,

    /// Open the page in the browser of this machine
    #[arg(long)]
    pub open: bool,

    /// The address to listen at; any but those of this machine lets others of the network in, who need the token
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub listen: IpAddr,
}

/// How the reference is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DocsFormat {
    /// Markdown with diagrams in Mermaid's language, as GitHub shows them.
    Markdown,
    /// One page that needs no other file.
    Html,
}

impl DocsFormat {
    /// Its name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that has them.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Apply what is pending, in order (the default)
    Run(Run),
    /// Undo the newest migration, or more; the rows of the tables it drops are gone
    Revert(Extent),
    /// Undo the newest migration, or more, and apply it again; the rows of its tables are gone
    Redo(RedoExtent),
    /// List every migration, and when it was applied
    List,
    /// List what is pending; exit code 3 when something is
    Pending,
    /// Show where the database stands
    Status(StatusArgs),
    /// Compare the database with what it should be at its version; exit code 4 when it differs
    Verify(Verify),
    /// Print what run would do, as SQL for psql; or rehearse it on the database, and take it back
    Plan(Plan),
    /// Record the version of a database that was made without this binary
    #[command(visible_alias = "adopt")]
    Baseline(AllowDrift),
    /// Print the catalog of the database, one fact a line
    Catalog,
    /// Write a reference of the schema, with diagrams, as Markdown or HTML
    Docs(Docs),
    /// Show the database as a web page on this machine, read-only, until it is interrupted
    Studio(StudioArgs),
    /// Make three roles without login: to migrate, to write rows, to read
    Roles(RolesArgs),
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
    #[command(long_about = EXEC, after_help = Exit::help_of_exec())]
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

/// How far to run.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct Run {
    /// Stop after this version
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,

    /// Go on although the database has migrations that this binary does not know
    #[arg(long)]
    pub allow_ahead: bool,

    /// Take a backup into this file first, when something is pending; nothing is changed without it
    #[arg(long, value_name = "FILE")]
    pub backup: Option<PathBuf>,

    #[command(flatten)]
    pub allow: AllowDrift,
}

/// What may differ.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct AllowDrift {
    /// Go on although the database is not what it should be: in this, or without a pattern in anything, edited migrations
    /// included
    ///
    /// A pattern is a line as verify prints it, with * for any text: --allow-drift='table messages: trigger audit*'.
    /// @FILE reads patterns from a file, one a line, # for a comment. Can be given several times.
    #[arg(long, value_name = "PATTERN|@FILE", num_args = 0..=1, require_equals = true, default_missing_value = "*")]
    pub allow_drift: Vec<String>,
}

/// What to plan.
#[derive(Debug, Clone, ClapArgs)]
pub struct Plan {
    /// Carry it out in one transaction, show what each statement takes, locks and rewrites, and roll it back
    #[arg(long)]
    pub rehearse: bool,

    /// Stop after this version
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,

    /// Go on although the database has migrations that this binary does not know
    #[arg(long)]
    pub allow_ahead: bool,

    #[command(flatten)]
    pub allow: AllowDrift,
}

/// How much to compare.
#[derive(Debug, Clone, ClapArgs)]
pub struct Verify {
    #[command(flatten)]
    pub allow: AllowDrift,

    /// Every schema, whoever owns what is in it: anything too many is a difference
    #[arg(long)]
    pub strict: bool,
}

/// How much to undo.
#[derive(Debug, Clone, ClapArgs)]
pub struct Extent {
    #[command(flatten)]
    pub allow: AllowDrift,

    /// So many, newest first [default: 1]
    #[arg(short = 'n', long, value_name = "N", value_parser = count, conflicts_with_all = ["all", "to"])]
    pub number: Option<usize>,

    /// Every one
    #[arg(short, long, conflicts_with = "to")]
    pub all: bool,

    /// Everything newer than this version, which itself stays
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
}

/// How much to redo.
#[derive(Debug, Clone, ClapArgs)]
pub struct RedoExtent {
    #[command(flatten)]
    pub allow: AllowDrift,

    /// So many, newest first [default: 1]
    #[arg(short = 'n', long, value_name = "N", value_parser = count, conflicts_with = "all")]
    pub number: Option<usize>,

    /// Every one
    #[arg(short, long)]
    pub all: bool,
}

/// What to become.
#[derive(Debug, Clone, ClapArgs)]
pub struct Exec {
    #[command(flatten)]
    pub allow: AllowDrift,

    /// Go on although the database has migrations that this binary does not know
    #[arg(long)]
    pub allow_ahead: bool,

    /// The program, and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// What a status should exit with.
#[derive(Debug, Clone, ClapArgs)]
pub struct StatusArgs {
    #[command(flatten)]
    pub allow: AllowDrift,

    /// Exit with 3 when migrations are pending, 4 when the database is not what it should be, 6 when it is ahead
    #[arg(long)]
    pub exit_code: bool,
}

/// Which roles.
#[derive(Debug, Clone, ClapArgs)]
pub struct RolesArgs {
    /// What their names begin with: NAME_owner, NAME_app, NAME_readonly [default: the database's name]
    #[arg(long, value_name = "NAME")]
    pub prefix: Option<String>,

    /// Cover a schema whole, whoever owns what is in it, such as one with tables of a service; can be repeated
    #[arg(long = "schema", value_name = "NAME")]
    pub schemas: Vec<String>,

    /// Print the SQL instead, for an administrator to run
    #[arg(long)]
    pub print: bool,
}

/// How much test data.
#[derive(Debug, Clone, ClapArgs)]
pub struct SeedArgs {
    /// So many accounts; without sizes, a small cast of four with a little history
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub users: Option<u32>,

    /// So many messages [default: 100 for each account]
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(..=1_000_000_000))]
    pub messages: Option<u64>,

    /// Which people, chats and messages: the same for the same number [default: 1]
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,

    /// Add to a database that has users, or complete what was interrupted
    #[arg(long)]
    pub force: bool,
}

/// What to do with the private PostgreSQL.
#[derive(Debug, Clone, Subcommand)]
pub enum LocalCommand {
    /// Start it, and make it first when it is not there
    Start,
    /// Stop it; its data stays
    Stop,
    /// Show whether it runs, and where it is
    Status,
    /// Print its URL, for DATABASE_URL
    Url,
    /// Open psql on it
    Psql {
        /// What to give to psql
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Stop it and delete its data
    Destroy {
        /// Yes, delete the data
        #[arg(long)]
        yes: bool,
    },
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a number from 1 is needed".to_owned()),
        Ok(number) => Ok(number),
    }
}

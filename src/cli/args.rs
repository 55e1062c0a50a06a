//! The options that several commands share, and their help.

#![allow(clippy::doc_markdown, reason = "these comments are the help text, where backticks would show")]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};

use super::duration::{of_milliseconds, of_seconds};

/// Which database, and how patiently.
#[derive(Debug, Clone, ClapArgs)]
pub struct Connection {
    /// The database, as a postgresql:// URL; without it DATABASE_URL, from the environment or a .env file
    #[arg(long, global = true, value_name = "URL", help_heading = "Connection")]
    pub database_url: Option<String>,

    /// The same database past a pooler; without it DIRECT_URL, which goes with DATABASE_URL
    #[arg(long, global = true, value_name = "URL", help_heading = "Connection")]
    pub direct_url: Option<String>,

    /// How long to wait for a server that is not up yet, such as 30s or 2m [default: 0s; exec: 60s]
    #[arg(long, global = true, value_name = "TIME", value_parser = of_seconds, help_heading = "Connection")]
    pub wait: Option<Duration>,

    /// How long to wait for another runner that works on the database
    #[arg(long, global = true, value_name = "TIME", default_value = "60s", value_parser = of_seconds, help_heading = "Connection")]
    pub lock_wait: Duration,

    /// How long a statement waits for a lock, such as 500ms; 0 for ever, a number without a unit is milliseconds
    #[arg(long, global = true, value_name = "TIME", default_value = "2s", value_parser = of_milliseconds, help_heading = "Connection")]
    pub lock_timeout: Duration,

    /// How often to retry a migration that did not get a lock in that time; each pause is about twice as long as the last, and
    /// 30 s at most
    #[arg(long, global = true, value_name = "N", default_value = "5", help_heading = "Connection")]
    pub lock_retries: usize,

    /// How long a statement may run, such as 10m; 0 or without it for ever (of a page of studio: 5s), a number without a unit is
    /// milliseconds
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

    /// Print the server's notices, too
    #[arg(short, long, global = true, help_heading = "Output")]
    pub verbose: bool,

    /// When to use colours; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, help_heading = "Output")]
    pub color: Color,
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

/// What may differ.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct AllowDrift {
    /// Allow a difference from the expected schema; without a pattern, every difference and edited migrations
    ///
    /// A pattern is a line as verify prints it, with * for any text: --allow-drift='table messages: trigger audit*'.
    /// @FILE reads patterns from a file, one a line, # for a comment. Can be given several times.
    #[arg(long, value_name = "PATTERN|@FILE", num_args = 0..=1, require_equals = true, default_missing_value = "*")]
    pub allow_drift: Vec<String>,
}

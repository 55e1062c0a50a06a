//! The options of `maintain`, `erase` and `export`.

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use clap::Args as ClapArgs;

use crate::cli::duration::{of_age, of_messages, of_period, of_seconds};

/// What to remove, and how often.
#[derive(Debug, Clone, ClapArgs)]
pub struct MaintainArgs {
    /// Do each task once (the default)
    #[arg(long, conflicts_with = "every")]
    pub once: bool,

    /// Do it again and again, this long after the last time, such as 1h; a server that is away is waited for
    #[arg(long, value_name = "TIME", value_parser = of_period)]
    pub every: Option<Duration>,

    /// How long each task may take; what is left is done the next time
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = of_seconds)]
    pub budget: Duration,

    /// Remove messages older than this, such as 365d, with their files; without it messages are kept for ever
    #[arg(long, value_name = "AGE", value_parser = of_messages)]
    pub messages_older_than: Option<TimeDelta>,

    /// Remove changes older than this; a device that was away longer loads everything anew
    #[arg(long, value_name = "AGE", default_value = "30d", value_parser = of_age)]
    pub changes_older_than: TimeDelta,

    /// Keep so many changes of each chat and each user at most
    #[arg(long, value_name = "N", default_value = "10000")]
    pub changes_at_most: u32,

    /// Remove uploads that nobody attached for this long
    #[arg(long, value_name = "AGE", default_value = "1d", value_parser = of_age)]
    pub uploads_older_than: TimeDelta,

    /// Remove what is left of chats that were deleted this long ago
    #[arg(long, value_name = "AGE", default_value = "30d", value_parser = of_age)]
    pub chats_deleted_for: TimeDelta,

    /// Remove nothing; count what there is to remove, which reads whole tables
    #[arg(long, conflicts_with = "every")]
    pub dry_run: bool,
}

/// Whom to erase.
#[derive(Debug, Clone, ClapArgs)]
pub struct EraseArgs {
    /// The person: an id, or the username of an open account
    pub user: String,

    /// Erase nothing; count how many rows of each table are about the person
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,

    /// Yes, erase the person
    #[arg(long)]
    pub yes: bool,
}

/// Whom to export, and where.
#[derive(Debug, Clone, ClapArgs)]
pub struct ExportArgs {
    /// The person: an id, or the username of an open account
    pub user: String,

    /// The file, which must not exist; - is standard output [default: ID-TIME.jsonl]
    pub file: Option<PathBuf>,
}

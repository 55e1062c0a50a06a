//! The command `seed`.

use std::ops::ControlFlow;
use std::time::Instant;

use clap::Args as ClapArgs;
use serde::Serialize;

use crate::cli::args::Connection;
use crate::cli::database;
use crate::cli::operations::READ_ONLY;
use crate::cli::output::{Output, in_words};
use crate::cli::progress::Progress;
use crate::cli::{Exit, Problem};
use crate::error::Failure;
use crate::migrate::Observer as _;
use crate::seed::{self, Crowd, SeedError};

/// How much test data.
#[derive(Debug, Clone, ClapArgs)]
pub struct SeedArgs {
    /// How many accounts; without sizes, four people with a short history
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub users: Option<u32>,

    /// How many messages [default: 100 for each account]
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(..=1_000_000_000))]
    pub messages: Option<u64>,

    /// The seed of the random data: the same number gives the same data, but for the ids of chats [default: 1]
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,

    /// Add to a database that has users, or complete what was interrupted
    #[arg(long)]
    pub force: bool,
}

/// `seed`: test data for a database that has no users yet.
pub fn seed(connection: &Connection, options: &SeedArgs, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    database.refuse_pending()?;
    let conn = &mut database.diesel()?;
    seed::begin(conn, options.force)?;
    let start = Instant::now();
    let seeded = match crowd(options) {
        None => seed::cast(conn)?,
        Some(crowd) => seed::crowd(conn, &crowd, &mut |progress| {
            let note = format!("{} of {}", progress.done, progress.total);
            output.show(Progress { what: progress.making, done: progress.done, total: progress.total, note });
            if output.wants_to_stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?,
    };
    output.finish();
    let duration = start.elapsed();
    output.line(&format!(
        "Added {} users, {} chats and {} messages in {}. Everybody's password is \"password\".",
        seeded.users,
        seeded.chats,
        seeded.messages,
        in_words(duration)
    ));
    output.json(&Seeded {
        database: &database.target.database,
        users: seeded.users,
        chats: seeded.chats,
        messages: seeded.messages,
        seconds: duration.as_secs_f64(),
    });
    Ok(Exit::Done)
}

/// The crowd that the options ask for. `None`: no size is given.
fn crowd(options: &SeedArgs) -> Option<Crowd> {
    let (users, messages) = match (options.users, options.messages) {
        (None, None) if options.seed.is_none() => return None,
        (users, Some(messages)) => {
            (users.unwrap_or_else(|| u32::try_from(messages / 100).unwrap_or(u32::MAX).clamp(10, 100_000)), messages)
        }
        (users, None) => {
            let users = users.unwrap_or(100);
            (users, 100 * u64::from(users))
        }
    };
    Some(Crowd { users, messages, seed: options.seed.unwrap_or(1) })
}

impl From<SeedError> for Problem {
    fn from(error: SeedError) -> Self {
        let (exit, help) = match error {
            SeedError::Forbidden => (
                Exit::PermissionDenied,
                "Run it as a member of the role that writes rows (`messenger-db roles` makes one), or as the owner.",
            ),
            SeedError::Locked => (Exit::Locked, "When it is done, there is nothing left to do; or --force adds more."),
            SeedError::NotEmpty => (
                Exit::Failed,
                "`messenger-db seed --force` adds test data to them, or completes what was interrupted; everybody in it \
                 has the password \"password\", so not where real people are.",
            ),
            SeedError::Refused { .. } => (
                Exit::Failed,
                "What is there already is in the way. Another --seed makes other people, and another database none.",
            ),
            SeedError::Database(ref error) if Failure::of(error) == Failure::ReadOnly => (Exit::Failed, READ_ONLY),
            SeedError::Stopped(_) | SeedError::Database(_) => {
                (Exit::Failed, "What was made stays. The same command with --force goes on where it stopped.")
            }
        };
        Self::new(exit, error.to_string(), help)
    }
}

/// `seed`.
#[derive(Debug, Serialize)]
struct Seeded<'a> {
    /// The database's name.
    database: &'a str,
    /// How many users were added.
    users: usize,
    /// How many chats were added.
    chats: usize,
    /// How many messages were added.
    messages: usize,
    /// How long it took.
    seconds: f64,
}

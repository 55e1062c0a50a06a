//! The command `erase`: everything about a person, and the proof that nothing is left.

use std::time::Instant;

use clap::Args as ClapArgs;
use serde::Serialize;

use crate::cli::args::Connection;
use crate::cli::commands::person;
use crate::cli::operations::{Operations, Rows};
use crate::cli::output::{Output, in_words};
use crate::cli::progress::Progress;
use crate::cli::{Exit, Problem};
use crate::error::Error;
use crate::migrate::Observer as _;
use crate::projector::{self, Options, Tick};
use crate::queries::erasure::{self, Erasure, Left};

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

/// `erase`: in batches, until nothing is left.
pub fn erase(connection: &Connection, args: &EraseArgs, output: &mut Output) -> Result<Exit, Problem> {
    if !args.yes && !args.dry_run {
        return Err(Problem::new(
            Exit::Usage,
            "an erased person cannot be brought back, and nothing was erased",
            "`--dry-run` counts what there is, and `--yes` erases it. `messenger-db export` writes it to a file before.",
        ));
    }
    let database = Operations::open_known(connection, output)?;
    run(&database, args, output).map_err(|problem| database.judge(problem))
}

fn run(database: &Operations, args: &EraseArgs, output: &mut Output) -> Result<Exit, Problem> {
    let conn = &mut database.connect(if args.dry_run { Rows::Read } else { Rows::Change })?;
    let user = person::find(conn, &args.user)?;
    let start = Instant::now();
    let mut run = Erasure::of(user.id);
    while !args.dry_run && !run.is_done {
        run = erasure::of_user(conn, run).map_err(|error| match error {
            Error::Refused(_) => person::unknown(&args.user),
            Error::Database(error) => error.into(),
        })?;
        show(output, &run);
        if output.wants_to_stop() && !run.is_done {
            output.finish();
            return Err(Problem::new(
                Exit::Failed,
                format!("stopped, with {} messages emptied, and more left", run.messages),
                format!("What was erased is gone. `messenger-db erase {} --yes` goes on with the rest.", user.id),
            ));
        }
    }
    output.finish();
    if !args.dry_run {
        // What was erased is marked in the list of chats by user, where the database keeps it, and no projector may run.
        while projector::tick(conn, &Options::at_once())? != Tick::default() {}
    }
    output.note("counting what is left in each table, which reads them from end to end");
    let left = erasure::left(conn, user.id)?;
    let rows: i64 = left.iter().map(|left| left.rows).sum();
    for Left { table, rows } in left.iter().filter(|left| left.rows > 0) {
        output.line(&format!("{table:<20} {rows:>10} rows"));
    }
    let (duration, name) = (start.elapsed(), user.username.as_deref().unwrap_or("a closed account"));
    output.line(&if args.dry_run {
        format!("{rows} rows are about {} ({name}). Nothing was erased; `--yes` does it.", user.id)
    } else if rows > 0 {
        format!("Erased {} but for {rows} rows, which were added meanwhile: run the command again.", user.id)
    } else {
        format!(
            "Erased {} ({name}): {} messages in {} chats and {} other rows, in {}. Nothing is left in any table of the messenger.",
            user.id,
            run.messages,
            run.chats,
            run.others,
            in_words(duration)
        )
    });
    output.json(&Erased {
        database: &database.target.database,
        user_id: user.id.to_string(),
        dry_run: args.dry_run,
        chats: run.chats,
        messages: run.messages,
        others: run.others,
        left: left.into_iter().map(|left| InTable { table: left.table, rows: left.rows }).collect(),
        seconds: duration.as_secs_f64(),
    });
    Ok(if rows > 0 && !args.dry_run { Exit::Failed } else { Exit::Done })
}

fn show(output: &mut Output, run: &Erasure) {
    // Before it has left every chat, how much there is to look at is not known.
    if let (Ok(done), Ok(total @ 1..)) = (u64::try_from(run.places), u64::try_from(run.of_places)) {
        let note = format!("{} messages emptied in {} chats", run.messages, run.chats);
        output.show(Progress { what: "erasing", done, total, note });
    }
}

/// `erase`.
#[derive(Debug, Serialize)]
struct Erased<'a> {
    /// The database's name.
    database: &'a str,
    /// Who was erased.
    user_id: String,
    /// Whether nothing was erased, but only counted.
    dry_run: bool,
    /// In how many chats.
    chats: i64,
    /// How many messages were emptied.
    messages: i64,
    /// How many other rows were removed.
    others: i64,
    /// How many rows each table still has of the person.
    left: Vec<InTable>,
    /// How long it took.
    seconds: f64,
}

/// Rows of a table.
#[derive(Debug, Serialize)]
struct InTable {
    /// The table.
    table: String,
    /// How many.
    rows: i64,
}

//! The command `maintain`: what a database needs from time to time, once or again and again.

use std::ops::ControlFlow;
use std::thread;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use clap::Args as ClapArgs;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;

use crate::cli::args::Connection;
use crate::cli::duration::{of_age, of_changes, of_messages, of_period, of_seconds};
use crate::cli::operations::{AFTER_LOCK, Operations, READ_ONLY, Rows};
use crate::cli::output::{Output, in_words};
use crate::cli::progress::Progress;
use crate::cli::{Exit, Problem};
use crate::maintenance::{self, Options, Outcome, Report, Task};
use crate::migrate::Observer as _;
use crate::projector;

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

    /// Remove changes older than this, an hour at least; a device that was away longer loads everything anew
    #[arg(long, value_name = "AGE", default_value = "30d", value_parser = of_changes)]
    pub changes_older_than: TimeDelta,

    /// Keep so many changes of each chat and each user at most, 100 at least
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(100..))]
    pub changes_at_most: u32,

    /// Remove uploads that nobody attached for this long
    #[arg(long, value_name = "AGE", default_value = "1d", value_parser = of_age)]
    pub uploads_older_than: TimeDelta,

    /// Remove what is left of chats that were deleted this long ago
    #[arg(long, value_name = "AGE", default_value = "30d", value_parser = of_age)]
    pub chats_deleted_for: TimeDelta,

    /// Give usernames free whose accounts were closed, or took others, this long ago
    #[arg(long, value_name = "AGE", default_value = "90d", value_parser = of_age)]
    pub usernames_reserved_for: TimeDelta,

    /// Remove nothing; count what there is to remove, which reads whole tables
    #[arg(long, conflicts_with = "every")]
    pub dry_run: bool,
}

/// How often it is asked, between two rounds, whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);

/// The first and the longest pause after a round that failed; they double in between.
const AFTER_FAILURE: [Duration; 2] = [Duration::from_secs(1), Duration::from_mins(5)];

/// `maintain`: each task once, or every so often until a signal ends it; meanwhile the list of chats by user is kept up to date.
pub fn maintain(connection: &Connection, args: &MaintainArgs, output: &mut Output) -> Result<Exit, Problem> {
    let database = Operations::open(connection, output)?;
    let Some(every) = args.every else { return round(&database, args, output, &mut None) };
    let projection = &mut Some(Projection { database: &database, conn: None, due: Instant::now(), every });
    let [first, longest] = AFTER_FAILURE.map(|pause| pause.min(every));
    let mut after_failure = first;
    let mut is_away = false;
    while !output.wants_to_stop() {
        let done = round(&database, args, output, projection);
        let pause = if matches!(done, Ok(Exit::Done)) {
            after_failure = first;
            every
        } else {
            let pause = after_failure;
            after_failure = longest.min(pause * 2);
            pause
        };
        let was_away = is_away;
        is_away = done.is_err();
        if let Err(problem) = done
            && !was_away
        {
            let help = "It is tried again until it works, at intervals of up to five minutes.";
            output.fail(&Problem { help: Some(help.to_owned()), ..problem });
        }
        wait(pause, output, projection);
    }
    Ok(Exit::Done)
}

/// Brings the list of chats by user up to date, tick by tick, between the batches and the rounds.
///
/// On the thread of the rounds, because what opens a connection turns standard error off for the whole process meanwhile.
struct Projection<'a> {
    database: &'a Operations,
    conn: Option<PgConnection>,
    due: Instant,
    every: Duration,
}

impl Projection<'_> {
    /// Does what is due. What fails is tried again, and told by the round, which does the same.
    fn go_on(&mut self) {
        if Instant::now() < self.due {
            return;
        }
        let options = projector::Options::default();
        let [first, longest] = AFTER_FAILURE;
        let ticked = self.conn().map(|conn| conn.map(|conn| projector::tick(conn, &options)));
        let pause = match ticked {
            Ok(Some(Ok(_))) => options.every,
            Ok(None) => longest.min(self.every),
            Ok(Some(Err(_))) | Err(_) => {
                self.conn = None;
                first.min(self.every)
            }
        };
        self.due = Instant::now() + pause;
    }

    /// A connection, where the database keeps the list.
    fn conn(&mut self) -> Result<Option<&mut PgConnection>, Problem> {
        if self.conn.is_none() {
            let mut conn = self.database.connect(Rows::Change)?;
            self.conn = projector::is_kept(&mut conn)?.then_some(conn);
        }
        Ok(self.conn.as_mut())
    }
}

/// Waits, unless it is to stop.
fn wait(pause: Duration, output: &Output, projection: &mut Option<Projection<'_>>) {
    let end = Instant::now() + pause;
    while !output.wants_to_stop() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        if let Some(projection) = projection {
            projection.go_on();
        }
        thread::sleep(LOOK.min(left));
    }
}

fn round(
    database: &Operations,
    args: &MaintainArgs,
    output: &mut Output,
    projection: &mut Option<Projection<'_>>,
) -> Result<Exit, Problem> {
    all(database, args, output, projection).map_err(|problem| database.judge(problem))
}

fn all(
    database: &Operations,
    args: &MaintainArgs,
    output: &mut Output,
    projection: &mut Option<Projection<'_>>,
) -> Result<Exit, Problem> {
    let rows = if args.dry_run { Rows::Read } else { Rows::Change };
    let conn = &mut database.connect(rows)?;
    let start = Instant::now();
    let (mut current, mut begun) = (None, start);
    let reports = maintenance::run(conn, &options(args), &mut |task, removed| {
        if current.replace(task) != Some(task) {
            begun = Instant::now();
        }
        // What is left of the budget is the longest that it may take.
        let (done, total) = (begun.elapsed().as_secs(), args.budget.as_secs().max(1));
        let note = format!("{removed} {} removed", task.unit());
        if let Some(projection) = projection {
            projection.go_on();
        }
        output.show(Progress { what: task.name(), done: done.min(total), total, note });
        if output.wants_to_stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    output.finish();
    for report in &reports {
        output.line(&format!("{:<20} {}", report.task.name(), told(report, args.dry_run)));
    }
    output.json(&Maintained {
        database: &database.target.database,
        dry_run: args.dry_run,
        tasks: reports.iter().map(Into::into).collect(),
        seconds: start.elapsed().as_secs_f64(),
    });
    let failed: Vec<_> = reports
        .iter()
        .filter_map(|report| match &report.outcome {
            Outcome::Failed(error) => Some((report.task.name(), error)),
            _ => None,
        })
        .collect();
    let Some((_, first)) = failed.first() else { return Ok(Exit::Done) };
    let is_locked = failed.iter().all(|(_, error)| error == first) && database.is_lock_timeout(first);
    let (exit, help) = if is_locked {
        (Exit::Locked, AFTER_LOCK)
    } else if is_read_only(conn).unwrap_or(false) {
        (Exit::Failed, READ_ONLY)
    } else {
        (Exit::Failed, AFTER_FAILURES)
    };
    let message = failed.iter().map(|(task, error)| format!("{task}: {error}")).collect::<Vec<_>>().join("\n");
    Err(Problem::new(exit, message, help))
}

const AFTER_FAILURES: &str =
    "Mend what the server complains about, and run the same command again: what was removed stays removed.";

fn is_read_only(conn: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(sql::<Bool>("current_setting('transaction_read_only')::boolean")).get_result(conn)
}

/// What a task did, in words.
fn told(report: &Report, dry_run: bool) -> String {
    let counted = format!("{} {}", report.removed, report.task.unit());
    let removed = if dry_run { format!("{counted} to remove") } else { format!("{counted} removed") };
    let took = in_words(report.duration);
    match &report.outcome {
        Outcome::Off if report.task == Task::InboxMarks => {
            "off; inboxes are read from the tables of the chats".to_owned()
        }
        Outcome::Off => "off; --messages-older-than says how long messages are kept".to_owned(),
        Outcome::Busy => "passed over: another process is at it".to_owned(),
        Outcome::Failed(error) => format!("{removed}, and failed: {error}"),
        Outcome::BudgetSpent => format!("{removed} in {took}; the budget is spent, and more is left"),
        Outcome::Stopped => format!("{removed}; stopped"),
        _ => format!("{removed} in {took}"),
    }
}

fn options(args: &MaintainArgs) -> Options {
    Options {
        budget: args.budget,
        changes: args.changes_older_than,
        changes_at_most: args.changes_at_most,
        uploads: args.uploads_older_than,
        chats: args.chats_deleted_for,
        usernames: args.usernames_reserved_for,
        messages: args.messages_older_than,
        is_dry: args.dry_run,
    }
}

/// `maintain`: one round.
#[derive(Debug, Serialize)]
struct Maintained<'a> {
    /// The database's name.
    database: &'a str,
    /// Whether nothing was removed, but only counted.
    dry_run: bool,
    /// What each task did, in their order.
    tasks: Vec<Done<'a>>,
    /// How long the round took.
    seconds: f64,
}

/// What a task did.
#[derive(Debug, Serialize)]
struct Done<'a> {
    task: &'a str,
    outcome: &'a str,
    removed: i64,
    error: Option<&'a str>,
    seconds: f64,
}

impl<'a> From<&'a Report> for Done<'a> {
    fn from(report: &'a Report) -> Self {
        let (outcome, error) = match &report.outcome {
            Outcome::Done => ("done", None),
            Outcome::BudgetSpent => ("budget_spent", None),
            Outcome::Busy => ("busy", None),
            Outcome::Off => ("off", None),
            Outcome::Stopped => ("stopped", None),
            Outcome::Failed(error) => ("failed", Some(error.as_str())),
        };
        let (task, seconds) = (report.task.name(), report.duration.as_secs_f64());
        Self { task, outcome, removed: report.removed, error, seconds }
    }
}

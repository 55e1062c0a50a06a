//! Does what a database of a messenger needs from time to time, for a cron job or a sidecar.
//!
//! [`run`] does each [`Task`] once, within a budget of its own. Any number of processes may call it: each task is done by one of
//! them at a time, and the others pass it over.

mod age;
mod count;
mod tasks;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::projector;

/// What is done from time to time, in the order in which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Task {
    /// Removes sessions whose time is over.
    ExpiredSessions,
    /// Removes what is old from the logs of changes.
    OldChanges,
    /// Removes uploads that nobody attached, and lists their files as unused.
    UnattachedUploads,
    /// Removes what is left of deleted chats, and lists their files as unused.
    DeletedChats,
    /// Gives free the usernames of accounts that were closed, or took others, long ago.
    ReservedUsernames,
    /// Removes old messages, and lists their files as unused. Only where the operator says how old.
    OldMessages,
    /// Brings `inbox_by_user` up to date, and removes what is marked. Only where the database keeps it: see
    /// [`projector`].
    InboxMarks,
}

impl Task {
    /// Every task, in the order in which they are done.
    pub const ALL: [Self; 7] = [
        Self::ExpiredSessions,
        Self::OldChanges,
        Self::UnattachedUploads,
        Self::DeletedChats,
        Self::ReservedUsernames,
        Self::OldMessages,
        Self::InboxMarks,
    ];

    /// Its name, such as `expired_sessions`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExpiredSessions => "expired_sessions",
            Self::OldChanges => "old_changes",
            Self::UnattachedUploads => "unattached_uploads",
            Self::DeletedChats => "deleted_chats",
            Self::ReservedUsernames => "reserved_usernames",
            Self::OldMessages => "old_messages",
            Self::InboxMarks => "inbox_marks",
        }
    }

    /// What it counts.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::ExpiredSessions => "sessions",
            Self::OldChanges => "changes",
            Self::UnattachedUploads => "uploads",
            Self::DeletedChats => "chats",
            Self::ReservedUsernames => "usernames",
            Self::OldMessages => "messages",
            Self::InboxMarks => "marks",
        }
    }
}

/// How old things become, by the clock of the server, and how long each task may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long a task goes on. What is left is done the next time; a batch that has begun is completed.
    pub budget: Duration,
    /// How long changes are kept for devices that are away.
    pub changes: TimeDelta,
    /// How many changes are kept of each chat and each user at most.
    pub changes_at_most: u32,
    /// How long an upload waits for being attached.
    pub uploads: TimeDelta,
    /// How long a deleted chat is kept.
    pub chats: TimeDelta,
    /// How long a username stays reserved after its account was closed, or took another.
    pub usernames: TimeDelta,
    /// How long messages are kept. `None`: for ever.
    pub messages: Option<TimeDelta>,
    /// Whether to count only what there is to remove, and remove nothing.
    pub is_dry: bool,
}

impl Default for Options {
    /// A minute for each task; 30 days and 10,000 for changes, a day for uploads, 30 days for deleted chats, 90 days for usernames,
    /// and messages for ever.
    fn default() -> Self {
        Self {
            budget: Duration::from_mins(1),
            changes: TimeDelta::days(30),
            changes_at_most: 10_000,
            uploads: TimeDelta::days(1),
            chats: TimeDelta::days(30),
            usernames: TimeDelta::days(90),
            messages: None,
            is_dry: false,
        }
    }
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing is left to do.
    Done,
    /// Its budget is spent; the rest is done the next time.
    BudgetSpent,
    /// Another process is at it.
    Busy,
    /// It was not asked for, or the database does not keep `inbox_by_user`.
    Off,
    /// It was to stop.
    Stopped,
    /// The database failed, with these words.
    Failed(String),
}

/// What a task did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which task.
    pub task: Task,
    /// How it ended.
    pub outcome: Outcome,
    /// How many it removed; of a dry run, how many there are to remove.
    pub removed: i64,
    /// How long it took.
    pub duration: Duration,
}

/// Is told after each batch how many a task has removed so far, and says whether to go on.
pub type Progress<'a> = dyn FnMut(Task, i64) -> ControlFlow<()> + 'a;

/// Does every task once, and says what each did. One that fails does not keep the others from being done.
///
/// Each task holds an advisory lock of the session while it is at it, so the connection leads to the server itself, and not to a
/// pooler that shares sessions between transactions. Batches are transactions of their own, and short: see
/// [`retention`](crate::queries::retention), [`changes::prune`](crate::queries::changes::prune),
/// [`uploads::discard`](crate::queries::uploads::discard),
/// [`accounts::release_usernames`](crate::queries::accounts::release_usernames) and
/// [`sessions::purge_expired`](crate::queries::sessions::purge_expired). A dry run locks nothing, and reads the tables of messages,
/// changes and uploads from end to end.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use std::ops::ControlFlow;
///
/// use messenger_db::maintenance::{self, Options, Outcome};
///
/// let reports = maintenance::run(conn, &Options::default(), &mut |_, _| ControlFlow::Continue(()));
/// assert!(reports.iter().all(|report| matches!(report.outcome, Outcome::Done | Outcome::Off)));
/// ```
pub fn run(conn: &mut PgConnection, options: &Options, progress: &mut Progress<'_>) -> Vec<Report> {
    let mut is_stopped = false;
    let report = |task: Task| {
        let start = Instant::now();
        let mut removed = 0;
        let outcome = if is_stopped {
            Outcome::Stopped
        } else {
            one(conn, options, task, &mut removed, progress).unwrap_or_else(|error| Outcome::Failed(error.to_string()))
        };
        is_stopped |= outcome == Outcome::Stopped;
        Report { task, outcome, removed, duration: start.elapsed() }
    };
    Task::ALL.into_iter().map(report).collect()
}

fn one(
    conn: &mut PgConnection,
    options: &Options,
    task: Task,
    removed: &mut i64,
    progress: &mut Progress<'_>,
) -> QueryResult<Outcome> {
    let is_off = match task {
        Task::OldMessages => options.messages.is_none(),
        Task::InboxMarks => !projector::is_kept(conn)?,
        _ => false,
    };
    if is_off {
        return Ok(Outcome::Off);
    }
    if options.is_dry {
        *removed = count::to_remove(conn, options, task)?;
        return Ok(Outcome::Done);
    }
    if !lock(conn, "pg_try_advisory_lock", task)? {
        return Ok(Outcome::Busy);
    }
    let done = tasks::work(conn, options, task, removed, progress);
    let unlocked = lock(conn, "pg_advisory_unlock", task);
    let outcome = done?;
    unlocked?;
    Ok(outcome)
}

/// Takes the turn of a task, or gives it back.
fn lock(conn: &mut PgConnection, function: &str, task: Task) -> QueryResult<bool> {
    let call = sql::<Bool>(&format!("{function}(hashtextextended("));
    let name = format!("messenger-db maintain {}", task.name());
    diesel::select(call.bind::<Text, _>(name).sql(", 0))")).get_result(conn)
}

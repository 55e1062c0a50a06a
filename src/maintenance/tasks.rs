//! Does a task, batch by batch, until it is through, its budget is spent, or it is to stop.

use std::time::Instant;

use diesel::prelude::*;

use super::age::Clock;
use super::{Options, Outcome, Progress, Task};
use crate::projector;
use crate::queries::changes::{self, Pruned};
use crate::queries::retention::{self, Removal};
use crate::queries::{accounts, sessions, uploads};

/// How many sessions, uploads or usernames are removed at once.
const BATCH: u16 = 500;

/// Does the task, and counts into `removed` what is done, whatever comes of the rest.
pub(super) fn work(
    conn: &mut PgConnection,
    options: &Options,
    task: Task,
    removed: &mut i64,
    progress: &mut Progress<'_>,
) -> QueryResult<Outcome> {
    let end = Instant::now() + options.budget;
    let mut batch = batches(task, options, Clock::of_server(conn)?);
    loop {
        let is_done = batch(conn, removed)?;
        if is_done {
            return Ok(Outcome::Done);
        }
        if progress(task, *removed).is_break() {
            return Ok(Outcome::Stopped);
        }
        if Instant::now() >= end {
            return Ok(Outcome::BudgetSpent);
        }
    }
}

/// A batch of a task: adds what it removed, and says whether it was the last.
type Batch = Box<dyn FnMut(&mut PgConnection, &mut i64) -> QueryResult<bool>>;

fn batches(task: Task, options: &Options, clock: Clock) -> Batch {
    let Options { changes, changes_at_most, uploads, chats, usernames, .. } = *options;
    let of_rows = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    match task {
        Task::ExpiredSessions => Box::new(move |conn, removed| {
            let rows = sessions::purge_expired(conn, BATCH)?;
            *removed += of_rows(rows);
            Ok(rows < BATCH.into())
        }),
        Task::OldChanges => {
            let (mut run, before) = (Pruned::default(), clock.before(changes));
            Box::new(move |conn, removed| {
                run = changes::prune(conn, run, before, changes_at_most)?;
                *removed = run.removed;
                Ok(run.is_done)
            })
        }
        Task::UnattachedUploads => Box::new(move |conn, removed| {
            let rows = uploads::discard(conn, uploads, BATCH)?;
            *removed += of_rows(rows);
            Ok(rows < BATCH.into())
        }),
        Task::DeletedChats => {
            let before = clock.before(chats);
            Box::new(move |conn, removed| {
                let purge = retention::purge_chat(conn, before)?;
                *removed += i64::from(purge.is_some_and(|purge| purge.is_gone));
                Ok(purge.is_none())
            })
        }
        Task::ReservedUsernames => {
            let before = clock.before(usernames);
            Box::new(move |conn, removed| {
                let rows = accounts::release_usernames(conn, before, BATCH)?;
                *removed += of_rows(rows);
                Ok(rows < BATCH.into())
            })
        }
        Task::InboxMarks => Box::new(move |conn, removed| {
            let done = projector::tick(conn, &projector::Options::at_once())?;
            *removed += of_rows(done.marks);
            Ok(done.marks == 0)
        }),
        Task::OldMessages => {
            let before = options.messages.map(|age| clock.before(age));
            let mut run = Some(Removal::everywhere());
            Box::new(move |conn, removed| {
                let (Some(before), Some(before_batch)) = (before, run.take()) else { return Ok(true) };
                let after_batch = retention::remove_messages(conn, before_batch, before)?;
                *removed = after_batch.messages;
                let is_done = after_batch.is_done;
                run = Some(after_batch);
                Ok(is_done)
            })
        }
    }
}

//! Keeps `inbox_by_user`, the list of chats by user, for a database that is distributed by chat: there, an inbox that is read from
//! the tables of the chats asks each server.
//!
//! Where the database keeps it ([`is_kept`]), each change of a chat leaves a mark in `inbox_marks`, in its own transaction, and
//! writes to no other member's row. A projector takes the marks in [ticks](tick): it makes anew the rows that they are about, from
//! what is committed by then, and removes the marks in the same transaction. So one that is killed loses nothing, and the next
//! goes on; done twice, it does no harm. Any number of projectors may run: of a chat, one at a time.
//!
//! What a user does alone (reading, sending, settings, deleting for oneself) and the end of a membership write the user's own row
//! at once, in the same transaction. The rest is late by a tick: 250 ms, and 2 s in large groups, by [`Options::default`].
//!
//! `messenger-db distribute` switches it on. On one server it is off: an inbox reads the tables of the chats, and no change
//! writes anything more.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Interval, Nullable};

use crate::ids::{ChatId, UserId, sql_types as ids};
use crate::interruption::is_lock_timeout;
use crate::queries::statement::statement;

/// How many parts the chats are divided into, by the last byte of their ids: a part has one projector at a time.
const PARTS: i32 = 8;

/// How many chats are done in one transaction. Meanwhile, what their members do alone waits.
const TOGETHER: usize = 20;

/// The first number of the advisory locks of the parts.
const LOCK: i32 = 0x1b0c;

/// How long a statement of the projector waits for a lock. It gives up before a server looks for a deadlock (`deadlock_timeout`, a
/// second unless it is set), so that whoever waits for it in turn goes on without an error.
const LOCK_TIMEOUT: Duration = Duration::from_millis(200);

/// Gives up each statement of this transaction that waits longer for a lock.
fn give_way(conn: &mut PgConnection, after: Duration) -> QueryResult<()> {
    let most = i32::try_from(after.as_millis()).unwrap_or(i32::MAX);
    conn.batch_execute(&format!("SET LOCAL lock_timeout = {most}"))
}

statement! {
    /// The parts that have marks.
    Parts { parts: i32 as Integer } -> (Integer,) = "parts.sql"
}

statement! {
    /// The marks of a part, chat by chat: of which marks, of which users, and whether of all members.
    Marks {
        parts: i32 as Integer,
        part: i32 as Integer,
        large_from: i32 as Integer,
        large_every: TimeDelta as Interval,
    } -> (ids::ChatId, Array<BigInt>, Array<Nullable<ids::UserId>>, Bool, Bool) = "marks.sql"
}

statement! {
    /// Takes the marks of a chat.
    Take {
        chat_id: ChatId as ids::ChatId,
        marks: Vec<i64> as Array<BigInt>,
        users: Vec<UserId> as Array<ids::UserId>,
        of_members: bool as Bool,
    } -> (BigInt,) = "take.sql"
}

/// How often the rows of a chat are made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The pause between two ticks, for whoever calls [`tick`] again and again.
    pub every: Duration,
    /// From how many members on a group is large.
    pub large_from: i32,
    /// How long the changes of a large group are collected; at most 24 days.
    pub large_every: Duration,
    /// How long it waits for a member's row that another transaction has, in whole milliseconds; 0: without end.
    pub lock_timeout: Duration,
}

impl Default for Options {
    /// 250 ms; 2 s in groups of 50 members or more. It waits 200 ms for a row.
    fn default() -> Self {
        Self {
            every: Duration::from_millis(250),
            large_from: 50,
            large_every: Duration::from_secs(2),
            lock_timeout: LOCK_TIMEOUT,
        }
    }
}

impl Options {
    /// Everything that is marked, whatever the size of the group.
    #[must_use]
    pub fn at_once() -> Self {
        Self { large_from: i32::MAX, ..Self::default() }
    }
}

/// What a tick did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tick {
    /// Of how many chats it took the marks.
    pub chats: usize,
    /// How many marks it took.
    pub marks: usize,
    /// How many rows it wrote or removed.
    pub rows: i64,
    /// How many large groups wait for their time.
    pub waiting: usize,
    /// How many of the eight parts another projector is at.
    pub busy: usize,
    /// How many chats it left to the next tick, because it has waited long enough for the row of one of their
    /// members.
    pub left: usize,
}

/// Whether the database keeps `inbox_by_user`, and inboxes are read from it.
///
/// One statement, which locks nothing.
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use messenger_db::projector;
///
/// assert!(!projector::is_kept(conn)?);
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn is_kept(conn: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(sql::<Bool>("keeps_inbox()")).get_result(conn)
}

/// Has the database keep `inbox_by_user`, fills it and has inboxes read from it; or has it not, and empties it. On a server that is
/// not distributed it costs more than it gives: to try.
///
/// A transaction, for the owner of the tables. Writers of messages, positions, memberships and settings wait until all rows are
/// written. It locks tables, which they have in other orders: so that nobody is in a deadlock, it gives up after 200 ms of waiting
/// for one of them, and begins anew after a while, for a minute. Within a transaction, that is its `lock_timeout` until it ends.
///
/// # Errors
///
/// Those of the database, such as the one for a role that does not own the tables, or its lock timeout after that minute.
///
/// ```no_run
/// # // It locks the tables that the other examples write to, in the database that they share.
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::projector::{self, Options};
/// use messenger_db::queries::{messages, unread};
///
/// projector::keep(conn, true)?;
/// messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?;
/// assert_eq!(unread::badge(conn, bob)?, 0);
/// assert_eq!(projector::tick(conn, &Options::default())?.rows, 2);
/// assert_eq!(unread::badge(conn, bob)?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn keep(conn: &mut PgConnection, is_kept: bool) -> QueryResult<()> {
    let switch = if is_kept { "SELECT keep_inbox(true)" } else { "SELECT keep_inbox(false)" };
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        let switched = conn.transaction(|conn| {
            give_way(conn, LOCK_TIMEOUT)?;
            conn.batch_execute(switch)
        });
        match switched {
            Err(error) if is_lock_timeout(&error) && Instant::now() < end => std::thread::sleep(LOCK_TIMEOUT),
            switched => return switched,
        }
    }
}

/// Takes what is marked once, but for large groups whose time has not come: of each eighth of the chats those with the oldest 5,000
/// marks, and of each of these chats all marks, 10,000 at most. So each chat of a backlog is made anew once, however many marks it
/// has. Call it again after [`Options::every`].
///
/// It holds an advisory lock of the session for the part that it is at, so the connection leads to the server itself (of a
/// distributed database, to the coordinator), and not to a pooler that shares sessions between transactions. Each 20 chats are a
/// transaction of their own, which locks the rows of their members and does not wait for the disk: what a crash of the server
/// undoes is marked again with it. Such a transaction waits for a row as long as [`Options::lock_timeout`] says; what is
/// left then is the next tick's. Call it outside of a transaction, or the locks stay.
///
/// # Errors
///
/// Those of the database. What was not done is marked still; drop the connection, and go on with another.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use messenger_db::projector::{self, Options, Tick};
///
/// assert_eq!(projector::tick(conn, &Options::default())?, Tick::default());
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn tick(conn: &mut PgConnection, options: &Options) -> QueryResult<Tick> {
    let mut done = Tick::default();
    let parts: Vec<(i32,)> = Parts { parts: PARTS }.load(conn)?;
    for (part,) in parts {
        if !lock(conn, "pg_try_advisory_lock", part)? {
            done.busy += 1;
            continue;
        }
        let taken = take(conn, options, part, &mut done);
        let unlocked = lock(conn, "pg_advisory_unlock", part);
        taken?;
        unlocked?;
    }
    Ok(done)
}

/// Takes a part, or gives it back.
fn lock(conn: &mut PgConnection, function: &str, part: i32) -> QueryResult<bool> {
    let call = sql::<Bool>(function).sql("(").bind::<Integer, _>(LOCK).sql(", ").bind::<Integer, _>(part).sql(")");
    diesel::select(call).get_result(conn)
}

/// Takes the marks of a part that is locked.
fn take(conn: &mut PgConnection, options: &Options, part: i32, done: &mut Tick) -> QueryResult<()> {
    let large_every = TimeDelta::from_std(options.large_every).unwrap_or(TimeDelta::days(24));
    let marks = Marks { parts: PARTS, part, large_from: options.large_from, large_every };
    let mut marked: Vec<Marked> = marks.load(conn)?;
    marked.retain(|(.., is_due)| {
        *is_due || {
            done.waiting += 1;
            false
        }
    });
    for together in marked.chunks(TOGETHER) {
        let written = conn.transaction(|conn| {
            conn.batch_execute("SET LOCAL synchronous_commit = off")?;
            give_way(conn, options.lock_timeout)?;
            let mut written = 0;
            for (chat_id, marks, users, of_members, _) in together {
                let users = users.iter().copied().flatten().collect();
                let taking = Take { chat_id: *chat_id, marks: marks.clone(), users, of_members: *of_members };
                written += taking.get_result::<(i64,)>(conn)?.0;
            }
            QueryResult::Ok(written)
        });
        match written {
            Err(error) if is_lock_timeout(&error) => {
                done.left += together.len();
                continue;
            }
            written => done.rows += written?,
        }
        done.chats += together.len();
        done.marks += together.iter().map(|(_, marks, ..)| marks.len()).sum::<usize>();
    }
    Ok(())
}

/// The marks of a chat: which, of which users, whether of all members, and whether they are due.
type Marked = (ChatId, Vec<i64>, Vec<Option<UserId>>, bool, bool);

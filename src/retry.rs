//! Retry policy: repeats a transaction when PostgreSQL says that the same may succeed, a few times, after a
//! random pause.
//!
//! PostgreSQL says it in two ways. A serialization failure (SQLSTATE 40001) comes at the isolation levels REPEATABLE
//! READ and SERIALIZABLE only. A deadlock (40P01) comes at any: the operations of this crate take their locks in one order
//! and make none among themselves, but those of an application that combines several in a transaction may.
//!
//! # How a deadlock is recognised
//!
//! Diesel 2.3 does not pass the SQLSTATE on. It has a kind of its own for 40001, but 40P01 is
//! [`DatabaseErrorKind::Unknown`], and what remains of it are its message and its detail, which the server has
//! translated to its `lc_messages`. A session may set that only if it is a superuser's, so the words cannot be relied
//! on. The detail can: in every language it has one line for each process in the deadlock, which begins with that
//! process and ends with the one it waits for,
//!
//! ```text
//! Process 812 waits for ShareLock on transaction 745; blocked by process 815.
//! Process 815 waits for ShareLock on transaction 744; blocked by process 812.
//! ```
//!
//! so that the last number of each line is the first of the next, and the last line leads back to the first. An error
//! of unknown kind whose detail is such a circle is taken for a deadlock. No other error of PostgreSQL's has one; that
//! of a function which raises it on purpose is repeated a few times for nothing. Tests hold this against a real
//! deadlock and against the wording of each translation that PostgreSQL 15 comes with.
//!
//! A deadlock between servers of a database that Citus distributes has no detail, and is taken by its message.

use std::num::NonZeroU32;
use std::thread;
use std::time::Duration;

use diesel::PgConnection;
use diesel::connection::{AnsiTransactionManager, Connection as _, TransactionManager as _};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::Error;

/// What Citus says, in this language alone and without a detail, of a deadlock between transactions on several servers.
const DISTRIBUTED_DEADLOCK: &str = "canceling the transaction since it was involved in a distributed deadlock";

/// An error that may not come again.
pub trait Transient {
    /// Whether PostgreSQL says that the same transaction may succeed if it is repeated as a whole.
    fn is_transient(&self) -> bool;
}

impl Transient for DieselError {
    fn is_transient(&self) -> bool {
        match self {
            Self::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
            Self::DatabaseError(DatabaseErrorKind::Unknown, information) => {
                information.details().is_some_and(is_circle_of_processes)
                    || information.message() == DISTRIBUTED_DEADLOCK
            }
            Self::RollbackErrorOnCommit { commit_error, .. } => commit_error.is_transient(),
            _ => false,
        }
    }
}

impl<R> Transient for Error<R> {
    fn is_transient(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Database(error) => error.is_transient(),
        }
    }
}

/// How often a transaction is tried, and how long the pauses are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    attempts: NonZeroU32,
    first_pause: Duration,
    longest_pause: Duration,
}

impl Default for Retry {
    /// Five attempts, and pauses of up to 10, 20, 40 and 80 milliseconds.
    fn default() -> Self {
        Self {
            attempts: NonZeroU32::MIN.saturating_add(4),
            first_pause: Duration::from_millis(10),
            longest_pause: Duration::from_secs(1),
        }
    }
}

impl Retry {
    /// That many attempts in all; 0 counts as 1.
    #[must_use]
    pub const fn attempts(self, attempts: u32) -> Self {
        let attempts = match NonZeroU32::new(attempts) {
            Some(attempts) => attempts,
            None => NonZeroU32::MIN,
        };
        Self { attempts, ..self }
    }

    /// Pauses that are at most `first` after the first attempt, twice that after the second and so on, but never more
    /// than `longest`.
    #[must_use]
    pub const fn pauses(self, first: Duration, longest: Duration) -> Self {
        Self { first_pause: first, longest_pause: longest, ..self }
    }

    /// Runs the transaction as [`transaction`] does, within these bounds.
    ///
    /// # Errors
    ///
    /// See [`transaction`].
    pub fn transaction<T, E, F>(&self, conn: &mut PgConnection, mut act: F) -> Result<T, E>
    where
        F: FnMut(&mut PgConnection) -> Result<T, E>,
        E: From<DieselError> + Transient,
    {
        // A transaction that is under way already is its owner's to repeat: a part of it would meet the same snapshot
        // and hold the same locks again.
        let is_outermost = AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_depth()?.is_none();
        let mut attempt = 1;
        loop {
            match conn.transaction(&mut act) {
                Err(error) if is_outermost && attempt < self.attempts.get() && error.is_transient() => {
                    thread::sleep(self.pause_after(attempt));
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// A random time between nothing and the bound, so that those who met once do not meet again.
    fn pause_after(&self, attempt: u32) -> Duration {
        let bound = self.first_pause.saturating_mul(1 << (attempt - 1).min(20)).min(self.longest_pause);
        // Without random numbers, which does not happen, the pause is the longest.
        let random = getrandom::u32().unwrap_or(u32::MAX);
        bound.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

/// Runs a transaction, and again while PostgreSQL says that it may succeed if it is repeated: five attempts in all,
/// with random pauses that grow. [`Retry`] sets other bounds.
///
/// The closure runs once for each attempt, and all but the last are rolled back: what it does besides the database is
/// done as often. It has to pass on the errors of the operations it calls; one that it keeps to itself is not repeated. A
/// refusal is an answer, and never repeated. Inside a transaction that is under way already it runs once, because
/// that transaction is to be repeated as a whole, by whoever began it.
///
/// # Errors
///
/// The closure's own, and that of the last attempt; or the database's, when the transaction cannot be begun or
/// committed.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let mallory = messenger_db::doctest::user(conn, "mallory");
/// use messenger_db::queries::blocks;
/// use messenger_db::retry;
///
/// retry::transaction(conn, |conn| {
///     blocks::block(conn, alice, mallory.user_id())?;
///     blocks::block(conn, mallory, alice.user_id())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn transaction<T, E, F>(conn: &mut PgConnection, act: F) -> Result<T, E>
where
    F: FnMut(&mut PgConnection) -> Result<T, E>,
    E: From<DieselError> + Transient,
{
    Retry::default().transaction(conn, act)
}

/// Whether a detail has at least two lines, each with a number at its beginning and one at its end, as PostgreSQL
/// writes them of processes that wait for each other in a circle.
fn is_circle_of_processes(detail: &str) -> bool {
    let waits: Option<Vec<(u32, u32)>> = detail.lines().map(first_and_last_number).collect();
    waits.is_some_and(|waits| {
        let next = waits.iter().cycle().skip(1);
        waits.len() > 1 && waits.iter().zip(next).all(|((_, blocker), (process, _))| blocker == process)
    })
}

/// The first and the last number in a line that has two.
fn first_and_last_number(line: &str) -> Option<(u32, u32)> {
    let mut numbers = line.split(|character: char| !character.is_ascii_digit()).filter(|part| !part.is_empty());
    Some((numbers.next()?.parse().ok()?, numbers.next_back()?.parse().ok()?))
}

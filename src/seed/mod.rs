//! Test data: a small cast with a little history, or a crowd of any size; made by the operations themselves,
//! so that nothing in it is what a messenger could not have made.
//!
//! Both may be begun again where they were interrupted: who is there already, and what was said already, is left as it
//! is. Everybody's password is `password`.

mod cast;
mod chats;
mod crowd;
mod lock;
mod messages;
mod people;
mod words;

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use diesel::result::Error as DieselError;
use uuid::Builder;

use crate::error::Error;
use crate::ids::MessageId;
use crate::secrets::PasswordHash;

pub use cast::cast;
pub use crowd::{Crowd, crowd};
pub use lock::begin;

/// bcrypt of `password`, at cost 10.
const PASSWORD_HASH: &str = "$2b$10$messengerdbseedsaltxx.U/L6rVCfiHUkH9UOL9zS1TrG8bG9mE2";

/// What was made: what was there before does not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Accounts.
    pub users: usize,
    /// Direct chats and groups.
    pub chats: usize,
    /// Messages, without those that the system writes when a group is made.
    pub messages: usize,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being made: `users`, `chats` or `messages`.
    pub making: &'static str,
    /// How many are there, those from before included.
    pub done: u64,
    /// How many there will be.
    pub total: u64,
}

/// Is told how far it is, and says whether to go on.
pub type Report<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// Why there is not all of it. What was made before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The role may not write users and messages.
    #[error("permission denied: this role may not write here")]
    Forbidden,
    /// Another process has begun and is not done.
    #[error("another process is filling this database with test data")]
    Locked,
    /// There are users.
    #[error("the database has users already, and nothing was added to it")]
    NotEmpty,
    /// An operation was refused: the database holds something that is in the way, such as one of the usernames.
    #[error("{making} cannot be made: {reason}")]
    Refused {
        /// What.
        making: String,
        /// Why, in the words of the operation.
        reason: String,
    },
    /// The progress callback asked to stop.
    #[error("stopped, with {done} of {total} {making} made", done = .0.done, total = .0.total, making = .0.making)]
    Stopped(Progress),
    /// The database failed.
    #[error("{0}")]
    Database(#[from] DieselError),
}

impl SeedError {
    /// Of the error of an operation that was to make something.
    fn of<R: std::fmt::Display>(making: &str, error: Error<R>) -> Self {
        match error {
            Error::Refused(reason) => Self::Refused { making: making.to_owned(), reason: reason.to_string() },
            Error::Database(error) => Self::Database(error),
        }
    }
}

fn tell(report: &mut Report<'_>, progress: Progress) -> Result<(), SeedError> {
    match report(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(SeedError::Stopped(progress)),
    }
}

/// What everybody signs in with.
fn password() -> PasswordHash {
    PasswordHash::new(PASSWORD_HASH)
}

/// The `UUIDv7` of a time and of some bytes that are random, or at least this one's own.
fn uuid(at: DateTime<Utc>, bytes: [u8; 10]) -> uuid::Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

fn message_id(at: DateTime<Utc>, bytes: [u8; 10]) -> MessageId {
    MessageId::from_uuid(uuid(at, bytes))
}

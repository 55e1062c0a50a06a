//! Makes a crowd of any size, the same for the same seed.

use diesel::prelude::*;
use fastrand::Rng;

use super::{Report, SeedError, Seeded, chats, messages, people};

/// How many, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// How many accounts, from 2.
    pub users: u32,
    /// How many messages they have sent.
    pub messages: u64,
    /// Which crowd of that size. One seed gives the same people, chats and messages each time, with the same times and
    /// ids; but the ids of chats, and the times of what is made on the way, are of their day.
    pub seed: u64,
}

/// Makes a crowd: accounts, contacts, direct chats, groups of up to 30 and of up to 300, and a year of history in them,
/// the last of it unread by some.
///
/// In batches, each a transaction. After an interruption, the same crowd begun again is completed.
///
/// # Errors
///
/// [`SeedError`]; what was made before stays.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
///
/// use messenger_db::seed::{self, Crowd, Seeded};
///
/// # let conn = &mut messenger_db::doctest::connection();
/// let crowd = Crowd { users: 4, messages: 100, seed: 1 };
/// let seeded = seed::crowd(conn, &crowd, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!((seeded.users, seeded.messages), (4, 100));
/// // Once more, and nothing is missing.
/// assert_eq!(seed::crowd(conn, &crowd, &mut |_| ControlFlow::Continue(()))?, Seeded::default());
/// # Ok::<(), seed::SeedError>(())
/// ```
pub fn crowd(conn: &mut PgConnection, crowd: &Crowd, report: &mut Report<'_>) -> Result<Seeded, SeedError> {
    let mut rng = Rng::with_seed(crowd.seed);
    let (users, new_users) = people::register(conn, crowd, &mut rng, report)?;
    let (chats, new_chats) = chats::open(conn, crowd, &users, &mut rng, report)?;
    let new_messages = messages::import(conn, crowd, &chats, &mut rng, report)?;
    Ok(Seeded { users: new_users, chats: new_chats, messages: new_messages })
}

//! Who performs an operation: a type of its own, so that it cannot be forgotten, nor swapped with another user.

use crate::ids::UserId;

/// The user on whose behalf an operation is performed.
///
/// Every operation that is subject to somebody's rights takes it first after the connection. There are two ways to get
/// one: [`sessions::authenticate`](crate::queries::sessions::authenticate) gives the user of a session, and
/// [`trusted`](Self::trusted) is for a service that has authenticated the user in another way, for tests and for jobs.
/// Nothing else becomes an `Actor`: there is no conversion from a [`UserId`], and none from text or JSON, because what
/// a client sends must not say who the client is.
///
/// An `Actor` says who acts, not that they may: each operation decides that when it is performed, from the rows as they
/// are then. It may therefore be kept as long as the connection of its client.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice_id, mallory_id] = ["alice", "mallory"].map(|name| messenger_db::doctest::user(conn, name).user_id());
/// use messenger_db::actor::Actor;
/// use messenger_db::queries::blocks;
///
/// let alice = Actor::trusted(alice_id);
/// assert!(blocks::block(conn, alice, mallory_id)?);
/// assert_eq!(blocks::all(conn, alice)?[0].profile.id, mallory_id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Actor(UserId);

impl Actor {
    /// The user, who has been authenticated by the caller: nothing is checked here.
    #[must_use]
    pub const fn trusted(user_id: UserId) -> Self {
        Self(user_id)
    }

    /// The user's key.
    #[must_use]
    pub const fn user_id(self) -> UserId {
        self.0
    }
}

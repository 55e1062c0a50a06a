//! The doorbell: how one server of a service learns that another one wrote.
//!
//! A server rings after its operations have committed: [`Bell::ring`] takes the chat or the user and the version that the
//! operation returned. A thread collects what is rung for a few milliseconds and sends one notification for all of it. Each
//! server has a [`Listener`], on a connection of its own, that yields which chats and users changed, and to which version.
//!
//! A ring is a hint. It may be lost with the process that would have sent it, or with the listener's connection. Nothing
//! depends on it: the listener asks now and then for the versions of the chats and users that it serves, and
//! [`changes`](crate::queries::changes) is exact. `NOTIFY` inside the transaction of the operation would not be lost, and
//! would make all commits of the server wait for each other: PostgreSQL holds one lock while it commits a transaction that
//! notifies.
//!
//! What a service keeps nowhere and still tells, such as that somebody is writing, is a [note](Bell::note).
//!
//! Neither goes through a pooler in transaction mode. Both are threads; neither needs an executor.
//!
//! ```
//! # let url = messenger_db::doctest::url();
//! use std::time::Duration;
//!
//! use diesel::{Connection, PgConnection};
//! use messenger_db::ids::ChatId;
//! use messenger_db::realtime::{Bell, Heard, Listener, Options, Ring};
//! use messenger_db::version::Version;
//!
//! let connect = move || PgConnection::establish(&url);
//! let listener = Listener::start(connect.clone(), Options::default());
//! let bell = Bell::start(connect, Options::default());
//! // Until the listener has connected, what is rung is not heard.
//! assert_eq!(listener.next(Duration::from_secs(60)), Some(Heard::Connected));
//! let ring = Ring::Chat(ChatId::new(), Version::new(7));
//! bell.ring(ring);
//! assert_eq!(listener.next(Duration::from_secs(60)), Some(Heard::Ring(ring)));
//! ```

mod bell;
mod heard;
mod listener;
mod ring;

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use bell::{Bell, NoteInvalid};
pub use heard::Heard;
pub use listener::Listener;
pub use ring::Ring;

/// The channel of the notifications.
const CHANNEL: &str = "messenger_db";

/// How long whoever drops a bell or a listener waits for its thread, which a server that does not answer may hold.
const END: Duration = Duration::from_secs(1);

/// Waits for a thread to end, and no longer than [`END`]; then it ends by itself, as soon as it is answered.
fn end(thread: JoinHandle<()>) {
    let begun = Instant::now();
    while !thread.is_finished() && begun.elapsed() < END {
        thread::sleep(Duration::from_millis(1));
    }
    if thread.is_finished() {
        let _ = thread.join();
    }
}

/// How a doorbell works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long a bell collects before it notifies; 5 ms.
    pub collect: Duration,
    /// How often a listener looks for notifications; 10 ms.
    pub look: Duration,
    /// How often a listener asks for the versions of what it serves; 10 s.
    pub poll: Duration,
    /// How long to wait before connecting anew, at first and at most; 100 ms and 5 s. Each wait is twice as long as the one
    /// before, until a bell could send, or a listener could listen and ask.
    pub reconnect: (Duration, Duration),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            collect: Duration::from_millis(5),
            look: Duration::from_millis(10),
            poll: Duration::from_secs(10),
            reconnect: (Duration::from_millis(100), Duration::from_secs(5)),
        }
    }
}

//! Sends messages of many callers in shared transactions.

use std::fmt;

use diesel::{PgConnection, QueryResult};

use super::Pool;
use super::collector::{Collector, Work};
use crate::actor::Actor;
use crate::error::Error;
use crate::ids::ChatId;
use crate::queries::messages::{self, Draft, Outgoing, SendRefused, Sent};

/// Sends messages of many callers, several in a transaction where several come at once, so that they share a commit. Its
/// clones are the same outbox.
///
/// A message for which the pool has a connection is sent alone, and at once: nothing waits for company. Whoever comes while all
/// of them send, or while another message to the same chat is sent, is in the next transaction, with up to 63 others. So a chat
/// in which everybody writes has one connection at a time, and the others are there for other chats. The bench `together`
/// compares both.
///
/// ```
/// # let url = messenger_db::doctest::url();
/// # let (anna, chat) = {
/// #     use messenger_db::queries::groups::{self, NewGroup};
/// #     let conn = &mut diesel::Connection::establish(&url)?;
/// #     let anna = messenger_db::doctest::user(conn, "outbox_anna");
/// #     (anna, groups::create(conn, anna, &NewGroup::new("Hikers", &[]))?.id)
/// # };
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
/// use messenger_db::queries::messages::Draft;
/// use messenger_db::service::{Options, Outbox, Pool};
///
/// let outbox = Outbox::new(Pool::new(&url, Options::default()));
/// let sent = outbox.send(anna, chat, Draft::text("Shall we meet at nine?")).await?;
/// assert_eq!(sent.message.content.as_deref(), Some("Shall we meet at nine?"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Outbox(Collector<Sending>);

impl Outbox {
    /// An outbox that uses the connections of a pool.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Self(Collector::new(pool))
    }

    /// Sends a message, as [`messages::send`] does, and is done when it is committed.
    ///
    /// Messages of one sender to one chat that are sent one after the other, each when the one before is done, are numbered in
    /// that order. A future that is dropped while it waits for a connection may leave the message unsent, as with
    /// [`Pool::run`]; after that it is sent. Whoever waits for others to be sent waits as long as that takes, which the pool's
    /// [`wait`](super::Options::wait) does not bound. A timeout of the caller's does, and the message is sent nevertheless, unless
    /// there is no connection for it in time or its transaction fails: send the same draft again, whose id tells.
    ///
    /// # Errors
    ///
    /// Those of [`messages::send`]. An error of the database is that of the whole transaction: it is not known then whether the
    /// message was sent, and sending the same draft again is safe.
    ///
    /// # Panics
    ///
    /// Outside of a runtime of tokio's.
    pub async fn send(&self, actor: Actor, chat_id: ChatId, draft: Draft<'static>) -> Result<Sent, Error<SendRefused>> {
        self.0.give(Outgoing::new(actor, chat_id, draft)).await.map_err(Error::Database)?.map_err(Error::Refused)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox")
    }
}

struct Sending;

impl Work for Sending {
    type Key = ChatId;
    type Item = Outgoing<'static>;
    type Outcome = Result<Sent, SendRefused>;

    /// A chat's head is locked until the commit of those that share it.
    const MOST: usize = 64;

    fn key(one: &Self::Item) -> ChatId {
        one.chat_id
    }

    fn carry_out(conn: &mut PgConnection, outgoing: Vec<Self::Item>) -> QueryResult<Vec<Self::Outcome>> {
        // Of one chat by sender: the order in which receipts lock the positions, so that neither waits for the other in a
        // circle.
        let mut ordered: Vec<_> = outgoing.into_iter().enumerate().collect();
        ordered.sort_by_key(|(_, one)| (one.chat_id, one.actor.user_id()));
        let (places, outgoing): (Vec<_>, Vec<_>) = ordered.into_iter().unzip();
        let mut outcomes: Vec<_> = places.into_iter().zip(messages::send_many(conn, &outgoing)?).collect();
        outcomes.sort_by_key(|(place, _)| *place);
        Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
    }
}

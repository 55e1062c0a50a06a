//! Sends messages of many callers in shared transactions.

use std::fmt;

use diesel::{PgConnection, QueryResult};

use super::collector::{Collector, Work};
use super::{Pool, Session};
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
/// An outbox has threads of its own, which begin with the first message and end after the outbox and what was given to it. No
/// caller works for another one: it does not matter whether a caller's runtime is driven any more, and several runtimes may share
/// an outbox. When the process ends, what nobody waits for may not be sent.
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
    /// that order. Whoever waits for others to be sent waits as long as that takes, which the pool's
    /// [`wait`](super::Options::wait) does not bound, and a timeout of the caller's does.
    ///
    /// A message is on its way from the first poll of the future on: when that is dropped, as by a timeout, the message is sent
    /// nevertheless, unless there is no connection for it in time or its transaction fails: send the same draft again, whose id
    /// tells. To ring a [`Bell`](crate::realtime::Bell) whatever becomes of the caller, as when a client goes away, send in a task
    /// of its own and ring there: `tokio::spawn(async move { … })`, and await that.
    ///
    /// # Errors
    ///
    /// Those of [`messages::send`]. An error of the database is that of the whole transaction: it is not known then whether the
    /// message was sent, and sending the same draft again is safe.
    pub async fn send(&self, actor: Actor, chat_id: ChatId, draft: Draft<'static>) -> Result<Sent, Error<SendRefused>> {
        self.give(None, actor, chat_id, draft).await
    }

    /// Sends a message as [`send`](Self::send) does, and notes in the session where it stands in the log, as with
    /// [`Pool::run_in`], so that the session's reads see it. Where the pool has standbys, the transaction costs one round trip
    /// more, for all who share it.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub async fn send_in(
        &self,
        session: &Session,
        actor: Actor,
        chat_id: ChatId,
        draft: Draft<'static>,
    ) -> Result<Sent, Error<SendRefused>> {
        self.give(Some(session.clone()), actor, chat_id, draft).await
    }

    async fn give(
        &self,
        session: Option<Session>,
        actor: Actor,
        chat_id: ChatId,
        draft: Draft<'static>,
    ) -> Result<Sent, Error<SendRefused>> {
        let outgoing = Outgoing::new(actor, chat_id, draft);
        self.0.give(outgoing, session).await.map_err(Error::Database)?.map_err(Error::Refused)
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

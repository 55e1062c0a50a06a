//! Marks as received and read, for many callers in shared transactions.

use std::fmt;

use diesel::{PgConnection, QueryResult};

use super::Pool;
use super::collector::{Collector, Work};
use crate::actor::Actor;
use crate::error::Error;
use crate::ids::{ChatId, UserId};
use crate::queries::receipts::{self, Mark, MarkRefused, Marked};
use crate::seq::Seq;

/// Marks as received and read for many callers, several in one statement where several come at once: receipts come in bursts,
/// when a message to a group is seen by all who are there. Its clones are the same.
///
/// A receipt for which the pool has a connection is written alone, and at once, as with an [`Outbox`](super::Outbox), unless
/// another one of the same member and chat is being written: then it is in the next transaction. As with an outbox, a receipt is
/// on its way from the first poll of its future on, also when that is dropped, on a thread of its own and not on the caller's
/// runtime. To tell others of it whatever becomes of the caller, await it in a task of its own, and tell them there.
///
/// ```
/// # let url = messenger_db::doctest::url();
/// # let (bob, chat, seq) = {
/// #     use messenger_db::queries::groups::{self, NewGroup};
/// #     use messenger_db::queries::messages::{self, Draft};
/// #     let conn = &mut diesel::Connection::establish(&url)?;
/// #     let [anna, bob] = ["receipts_anna", "receipts_bob"].map(|name| messenger_db::doctest::user(conn, name));
/// #     let chat = groups::create(conn, anna, &NewGroup::new("Hikers", &[bob.user_id()]))?.id;
/// #     (bob, chat, messages::send(conn, anna, chat, &Draft::text("Hello!"))?.message.seq)
/// # };
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
/// use messenger_db::service::{Options, Pool, Receipts};
///
/// let receipts = Receipts::new(Pool::new(&url, Options::default()));
/// let marked = receipts.mark_read(bob, chat, seq).await?;
/// assert_eq!(marked.through_seq, seq);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Receipts(Collector<Marking>);

impl Receipts {
    /// Receipts that use the connections of a pool.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Self(Collector::new(pool))
    }

    /// A member has read everything up to a message, as with [`receipts::mark_read`].
    ///
    /// # Errors
    ///
    /// Those of [`receipts::mark_read`].
    pub async fn mark_read(&self, actor: Actor, chat_id: ChatId, seq: Seq) -> Result<Marked, Error<MarkRefused>> {
        self.mark(Mark::read(actor, chat_id, seq)).await
    }

    /// A device of a member has received everything up to a message, as with [`receipts::mark_delivered`].
    ///
    /// # Errors
    ///
    /// Those of [`receipts::mark_delivered`].
    pub async fn mark_delivered(&self, actor: Actor, chat_id: ChatId, seq: Seq) -> Result<Marked, Error<MarkRefused>> {
        self.mark(Mark::delivered(actor, chat_id, seq)).await
    }

    async fn mark(&self, mark: Mark) -> Result<Marked, Error<MarkRefused>> {
        self.0.give(mark, None).await.map_err(Error::Database)?.map_err(Error::Refused)
    }
}

impl fmt::Debug for Receipts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipts")
    }
}

struct Marking;

impl Work for Marking {
    type Key = (ChatId, UserId);
    type Item = Mark;
    type Outcome = Result<Marked, MarkRefused>;

    const MOST: usize = 256;

    fn key(mark: &Mark) -> Self::Key {
        (mark.chat_id, mark.actor.user_id())
    }

    fn carry_out(conn: &mut PgConnection, marks: Vec<Mark>) -> QueryResult<Vec<Self::Outcome>> {
        receipts::mark_many(conn, &marks)
    }
}

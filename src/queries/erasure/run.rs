//! Erases a person, batch by batch.

use diesel::dsl;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::queries::accounts::{self, CloseRefused, Closed};
use crate::queries::statement::statement;
use crate::schema::{chat_heads, chat_participants};
use crate::seq::Seq;
use crate::version::Version;
use crate::views::local_users;

/// How many rows of an account a batch erases at most.
const ROWS: i64 = 500;

statement! {
    EraseInChat {
        user: UserId as sql::UserId,
        chat_id: ChatId as sql::ChatId,
        after_seq: Seq as BigInt,
    } -> (Nullable<BigInt>, BigInt, BigInt, Nullable<BigInt>) = "in_chat.sql"
}

statement! {
    EraseAccount { user: UserId as sql::UserId, rows: i64 as BigInt } -> (BigInt,) = "account.sql"
}

/// Where the erasure of a person stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Whom it erases.
    pub user_id: UserId,
    /// How many chats it is through with.
    pub chats: i64,
    /// How many messages it has emptied.
    pub messages: i64,
    /// How many other rows it has removed: reactions, mentions, receipts, uploads, sessions, changes.
    pub others: i64,
    /// What the closing of the account gave, in the batch that closed it: whom to tell, and which sockets to close.
    pub closed: Option<Closed>,
    /// The chat that the last batch changed, and its version then, so that those who have it open can be told.
    pub changed: Option<(ChatId, Version)>,
    /// How many places of messages it has looked at, in the chats that the person was in.
    pub places: i64,
    /// How many there are to look at. 0: it has not left every chat yet.
    pub of_places: i64,
    /// Whether it is through.
    pub is_done: bool,
    phase: Phase,
}

/// What the next batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Leave,
    Find { after: Option<ChatId> },
    Chat { chat_id: ChatId, after_seq: Seq, last_seq: Seq },
    Account,
}

impl Erasure {
    /// The erasure of this person, which has not begun; or goes on, if it was interrupted: what is erased is passed over.
    #[must_use]
    pub const fn of(user_id: UserId) -> Self {
        Self {
            user_id,
            chats: 0,
            messages: 0,
            others: 0,
            closed: None,
            changed: None,
            places: 0,
            of_places: 0,
            is_done: false,
            phase: Phase::Leave,
        }
    }
}

/// Why a person was not erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErasureRefused {
    /// There has never been such an account.
    #[error("there is no such account")]
    NoSuchAccount,
}

refusals! { ErasureRefused {
    NoSuchAccount: NotFound = "account_not_found",
} }

/// Erases a person: one batch of a run, which begins with [`Erasure::of`] and goes on until it [is done](Erasure::is_done).
///
/// It leaves the person's chats, one a batch, and [closes the account](accounts::close). Then it empties their messages, as a
/// deletion does, with earlier wordings, pictures, mentions and reactions, also where these still hang from a message that was
/// deleted by plain SQL; takes back their reactions; removes mentions of them and what they acknowledged; and removes uploads,
/// sessions, addresses of notifications and the log of their own things.
///
/// The others find what is emptied in their [`changes`](crate::queries::changes), and in each chat that the person was ever in,
/// once, the profile without name and picture: until the account is closed, who leaves a chat still has both.
///
/// The person's files are on the list of [unused files](crate::queries::unused_files), the profile's picture included. It cannot be
/// undone. [`left`](super::left()) proves it, and [the module](super) says what stays.
///
/// The service has decided it, on the person's request or another's. Several runs at once do no harm.
///
/// A batch is a transaction: it looks at 5,000 messages of a chat, without a lock, and empties 20 at most and takes back
/// reactions to 20, with the head of the chat locked meanwhile. Leaving and closing lock what [`accounts::close`] does, of one
/// chat at a time. Call it outside of a transaction, or the locks stay. Indexes: `chat_participants_active_idx`,
/// `chat_participants_left_idx`, `messages_pkey`, `message_reactions_pkey`, `message_mentions_user_idx`,
/// `message_delivery_pkey`, `uploads_unattached_idx`, `user_sessions_user_idx`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](ErasureRefused::NoSuchAccount): there has never been such an account.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::erasure::{self, Erasure};
/// use messenger_db::queries::messages;
///
/// let sent = messages::send(conn, anna, chat, &messages::Draft::text("My number is 555-0100"))?.message;
/// let mut erasure = Erasure::of(anna.user_id());
/// while !erasure.is_done {
///     erasure = erasure::of_user(conn, erasure)?;
/// }
/// assert_eq!(messages::get(conn, bob, chat, sent.seq)?.content, None);
/// assert!(erasure::left(conn, anna.user_id())?.iter().all(|left| left.rows == 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn of_user(conn: &mut PgConnection, mut run: Erasure) -> Result<Erasure, Error<ErasureRefused>> {
    run.closed = None;
    run.changed = None;
    match run.phase {
        Phase::Leave => leave(conn, &mut run)?,
        Phase::Find { after } => find(conn, &mut run, after)?,
        Phase::Chat { chat_id, after_seq, last_seq } => in_chat(conn, &mut run, chat_id, after_seq, last_seq)?,
        Phase::Account => {
            let erasing = EraseAccount { user: run.user_id, rows: ROWS };
            let (others,) = erasing.get_result::<(i64,)>(conn)?;
            run.others += others;
            run.is_done = others == 0;
        }
    }
    Ok(run)
}

/// Leaves the next chat, or closes the account once there is none.
fn leave(conn: &mut PgConnection, run: &mut Erasure) -> Result<(), Error<ErasureRefused>> {
    let user = run.user_id;
    if let Some((chat_id, version)) = accounts::leave_next_chat(conn, user)? {
        run.changed = version.map(|version| (chat_id, version));
        return Ok(());
    }
    run.closed = match accounts::close(conn, Actor::trusted(user)) {
        Ok(closed) => Some(closed),
        Err(Error::Refused(CloseRefused::NoSuchAccount)) => {
            let was_closed = local_users::table.find(user).select(local_users::id).first::<UserId>(conn).optional()?;
            was_closed.ok_or(Error::Refused(ErasureRefused::NoSuchAccount))?;
            None
        }
        Err(Error::Database(error)) => return Err(Error::Database(error)),
    };
    run.of_places = chat_participants::table
        .inner_join(chat_heads::table.on(chat_heads::chat_id.eq(chat_participants::chat_id)))
        .filter(chat_participants::user_id.eq(user))
        .select(dsl::sql::<BigInt>("coalesce(sum(last_seq), 0)::bigint"))
        .get_result(conn)?;
    run.phase = Phase::Find { after: None };
    Ok(())
}

/// Finds the next chat that the person was in.
fn find(conn: &mut PgConnection, run: &mut Erasure, after: Option<ChatId>) -> QueryResult<()> {
    let mut left = chat_participants::table
        .inner_join(chat_heads::table.on(chat_heads::chat_id.eq(chat_participants::chat_id)))
        .filter(chat_participants::user_id.eq(run.user_id).and(chat_participants::left_at.is_not_null()))
        .order(chat_participants::chat_id)
        .select((chat_participants::chat_id, chat_heads::last_seq))
        .into_boxed();
    if let Some(after) = after {
        left = left.filter(chat_participants::chat_id.gt(after));
    }
    run.phase = match left.first::<(ChatId, Seq)>(conn).optional()? {
        Some((chat_id, last_seq)) => Phase::Chat { chat_id, after_seq: Seq::ZERO, last_seq },
        None => Phase::Account,
    };
    Ok(())
}

fn in_chat(
    conn: &mut PgConnection,
    run: &mut Erasure,
    chat_id: ChatId,
    after_seq: Seq,
    last_seq: Seq,
) -> QueryResult<()> {
    let erasing = EraseInChat { user: run.user_id, chat_id, after_seq };
    let (through, messages, others, version) = erasing.get_result::<(Option<Seq>, i64, i64, Option<Version>)>(conn)?;
    run.messages += messages;
    run.others += others;
    run.changed = version.map(|version| (chat_id, version));
    run.places += (through.unwrap_or(last_seq).get() - after_seq.get()).max(0);
    run.phase = if let Some(after_seq) = through {
        Phase::Chat { chat_id, after_seq, last_seq }
    } else {
        run.chats += 1;
        Phase::Find { after: Some(chat_id) }
    };
    Ok(())
}

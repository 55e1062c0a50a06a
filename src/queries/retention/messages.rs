//! Removes messages that are older than a time: of one chat, or everywhere.

use std::collections::{BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use uuid::Uuid;

use super::BATCH;
use crate::ids::{ChatId, sql_types as sql};
use crate::queries::statement::statement;
use crate::queries::time;
use crate::seq::Seq;
use crate::version::Version;

/// How many chats are looked at in one statement.
const LOOK: i64 = 1000;

/// How many runs of receipts a batch removes at most.
const RUNS: i64 = 1000;

statement! {
    FindOld {
        after: ChatId as sql::ChatId,
        before: DateTime<Utc> as Timestamptz,
        look: i64 as BigInt,
    } -> (Nullable<sql::ChatId>, Array<sql::ChatId>) = "find.sql"
}

statement! {
    FindLeft { after: ChatId as sql::ChatId, through: ChatId as sql::ChatId } -> (sql::ChatId,) = "find_left.sql"
}

statement! {
    RemoveMessages {
        chat_id: ChatId as sql::ChatId,
        before: DateTime<Utc> as Timestamptz,
        batch: i64 as BigInt,
    } -> (Text, BigInt, Nullable<BigInt>, Nullable<BigInt>, Array<Text>) = "remove_messages.sql"
}

statement! {
    RemoveReceipts {
        chat_id: ChatId as sql::ChatId,
        before_seq: Seq as BigInt,
        batch: i64 as BigInt,
    } -> (BigInt,) = "remove_receipts.sql"
}

/// Where a run stands that removes messages, and what its last batch removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// How many messages the run has removed so far.
    pub messages: i64,
    /// In how many chats it has removed some.
    pub chats: i64,
    /// How many chats it left for the next run, because another transaction held a position of a member, or the chat for longer
    /// than the lock timeout.
    pub left: i64,
    /// What the last batch removed. `None`: it looked for old messages, or cleaned up after them.
    pub batch: Option<Batch>,
    /// Whether it is through.
    pub is_done: bool,
    after: Option<ChatId>,
    waiting: VecDeque<ChatId>,
    phase: Phase,
}

/// What a batch removed: whoever has the chat open can be told that it has another version now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// In which chat.
    pub chat_id: ChatId,
    /// How many messages.
    pub messages: i64,
    /// Where history begins now; one more than the newest seq: nothing is left.
    pub first_seq: Seq,
    /// The version of the chat.
    pub version: Version,
    /// The files of the messages, copies included. They are on the list of unused files, too.
    pub file_keys: Vec<String>,
}

/// What the next batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Find,
    Messages { chat_id: ChatId, is_first: bool },
    Receipts { chat_id: ChatId, first_seq: Seq },
}

impl Removal {
    const fn starting(after: Option<ChatId>, phase: Phase) -> Self {
        Self { messages: 0, chats: 0, left: 0, batch: None, is_done: false, after, waiting: VecDeque::new(), phase }
    }

    /// A run through all chats.
    #[must_use]
    pub const fn everywhere() -> Self {
        Self::starting(Some(ChatId::from_uuid(Uuid::nil())), Phase::Find)
    }

    /// A run in one chat.
    #[must_use]
    pub const fn in_chat(chat_id: ChatId) -> Self {
        Self::starting(None, Phase::Messages { chat_id, is_first: true })
    }
}

/// Removes messages that were sent before a time, with everything that hangs from them: one batch of a run, which begins with
/// [`Removal::everywhere`] or [`Removal::in_chat`] and goes on until it [is done](Removal::is_done).
///
/// Messages go from the beginning of a chat, up to the first of a member that is not older than `before`; what was imported out
/// of order goes when all before it does. Younger messages of the system keep no older ones: those before an old message go with
/// it, such as that a group was created, into which old messages were imported. The others keep their seq. History begins later
/// then, and says where ([`first_seq`](crate::queries::history::Page::first_seq)), and so do
/// [changes](crate::queries::changes::list) to devices that were away. An answer to what is gone answers nothing. What is gone is
/// neither unread nor pending nor found, and a message that is sent again with the id of one that is gone is new. A chat without a
/// message stays in the inbox.
///
/// It is maintenance, on nobody's behalf. Several runs at once do no harm.
///
/// One round trip, which is a transaction of its own; two where it looks for more. It looks at 1,000 chats; or removes 100
/// messages at most from one, and changes 50 answers at most; or removes 1,000 runs of receipts. Only the second locks anything:
/// the head of the chat, the positions of the members who have not read what goes (a member's position that another transaction
/// holds is not waited for), then the messages. Call it outside of a transaction, or the locks stay. Indexes: `chat_heads_pkey`,
/// `messages_pkey`, `messages_replies_idx`, `unread_messages_pkey`, `message_delivery_pkey`, and the keys of what hangs from the
/// messages.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use chrono::{TimeDelta, Utc};
/// use messenger_db::queries::retention::{self, Removal};
///
/// let mut run = Removal::everywhere();
/// while !run.is_done {
///     run = retention::remove_messages(conn, run, Utc::now() - TimeDelta::days(365))?;
///     // run.batch says what is gone, and run.messages how much so far.
/// }
/// assert_eq!(run.messages, 0);
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn remove_messages(conn: &mut PgConnection, mut run: Removal, before: DateTime<Utc>) -> QueryResult<Removal> {
    let before = time::storable(before);
    run.batch = None;
    match run.phase {
        Phase::Find => find(conn, &mut run, before)?,
        Phase::Messages { chat_id, is_first } => remove(conn, &mut run, chat_id, is_first, before)?,
        Phase::Receipts { chat_id, first_seq } => {
            let (removed,) =
                RemoveReceipts { chat_id, before_seq: first_seq, batch: RUNS }.get_result::<(i64,)>(conn)?;
            if removed < RUNS {
                next(&mut run);
            }
        }
    }
    Ok(run)
}

/// Looks for chats whose oldest message is too old, or whose receipts an interrupted run has left.
fn find(conn: &mut PgConnection, run: &mut Removal, before: DateTime<Utc>) -> QueryResult<()> {
    if let Some(after) = run.after {
        let looking = FindOld { after, before, look: LOOK };
        let (last, old) = looking.get_result::<(Option<ChatId>, Vec<ChatId>)>(conn)?;
        run.after = last;
        let mut found = BTreeSet::from_iter(old);
        if let Some(through) = last {
            let left = FindLeft { after, through }.load::<(ChatId,)>(conn)?;
            found.extend(left.into_iter().map(|(chat_id,)| chat_id));
        }
        run.waiting.extend(found);
    }
    next(run);
    Ok(())
}

/// Goes on to the next chat that was found, or looks for more.
fn next(run: &mut Removal) {
    run.phase = match run.waiting.pop_front() {
        Some(chat_id) => Phase::Messages { chat_id, is_first: true },
        None => Phase::Find,
    };
    run.is_done = run.phase == Phase::Find && run.after.is_none();
}

fn remove(
    conn: &mut PgConnection,
    run: &mut Removal,
    chat_id: ChatId,
    is_first: bool,
    before: DateTime<Utc>,
) -> QueryResult<()> {
    let removing = RemoveMessages { chat_id, before, batch: BATCH };
    let (outcome, messages, first_seq, version, file_keys) =
        removing.get_result::<(String, i64, Option<Seq>, Option<Version>, Vec<String>)>(conn)?;
    run.left += i64::from(outcome == "busy");
    // Nulls: the chat was purged meanwhile, or its head is held.
    let (Some(first_seq), Some(version)) = (first_seq, version) else {
        next(run);
        return Ok(());
    };
    if messages > 0 {
        run.messages += messages;
        run.chats += i64::from(is_first);
        run.batch = Some(Batch { chat_id, messages, first_seq, version, file_keys });
    }
    run.phase = match outcome.as_str() {
        "more" => Phase::Messages { chat_id, is_first: is_first && messages == 0 },
        _ => Phase::Receipts { chat_id, first_seq },
    };
    Ok(())
}

//! Sends messages of many callers in one transaction: one commit, and one round trip, for all.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz};
use serde_json::Value;

use super::super::statement::statement;
use super::draft::Draft;
use super::send::{self, SendRefused, Sent};
use crate::actor::Actor;
use crate::enums::MessageKind;
use crate::error::{Error, Refusal as _};
use crate::ids::{ChatId, MessageId, UserId, sql_types as sql};
use crate::schema::sql_types::MessageKind as MessageKindSql;
use crate::seq::Seq;
use crate::version::Version;

/// A message that somebody sends to a chat.
#[derive(Debug, Clone)]
pub struct Outgoing<'a> {
    /// Who sends it.
    pub actor: Actor,
    /// To which chat.
    pub chat_id: ChatId,
    /// What is sent.
    pub draft: Draft<'a>,
}

impl<'a> Outgoing<'a> {
    /// A draft of somebody, for a chat.
    #[must_use]
    pub const fn new(actor: Actor, chat_id: ChatId, draft: Draft<'a>) -> Self {
        Self { actor, chat_id, draft }
    }
}

statement! {
    /// What [`SendMessage`](send) gives, for each; the migration that makes the function says what it does.
    SendMessages {
        chat_ids: Vec<ChatId> as Array<sql::ChatId>,
        sender_ids: Vec<UserId> as Array<sql::UserId>,
        ids: Vec<MessageId> as Array<sql::MessageId>,
        kinds: Vec<MessageKind> as Array<MessageKindSql>,
        contents: Vec<Option<String>> as Array<Nullable<Text>>,
        metadata: Vec<Option<Value>> as Array<Nullable<Jsonb>>,
        replies_to: Vec<Option<Seq>> as Array<Nullable<BigInt>>,
    } -> (BigInt, Nullable<BigInt>, Nullable<BigInt>, Nullable<Timestamptz>, Nullable<Text>) = "send_many.sql"
}

statement! {
    /// Locks what is about to be locked by several sends: of which of them the sender is a member. Null: where each
    /// user's own list is kept.
    HoldPositions {
        chat_ids: Vec<ChatId> as Array<sql::ChatId>,
        sender_ids: Vec<UserId> as Array<sql::UserId>,
    } -> (Nullable<Array<BigInt>>,) = "hold_positions.sql"
}

type Row = (i64, Option<Seq>, Option<Version>, Option<DateTime<Utc>>, Option<String>);

/// What one of them gives.
type Outcome = Result<Sent, SendRefused>;

/// Sends messages, each as [`send`](send::send) does: what each of them gives, in the order of `outgoing`. One that is
/// refused does not undo the others. Each is sent on behalf of its own [`Actor`].
///
/// All of them are one transaction, so that they cost one commit; those of one chat may have the same time. The bench
/// `together` compares 32 at a time with one by one. A chat's head is locked until the commit: keep it to about a hundred
/// messages at a time.
/// [`service::Outbox`](crate::service::Outbox) collects them.
///
/// Within a chat, messages are numbered in the order of `outgoing`. Chats are taken in the order of their keys, and their senders
/// in the order of theirs, so that two calls that have some in common do not wait for each other in a circle. In a transaction
/// with other operations they may; and two calls that attach the same two uploads, each to messages of other chats.
///
/// One round trip for all that have neither pictures nor mentions, besides the transaction's two; those that have some take
/// their own. Locks and indexes are those of [`send`](send::send).
///
/// # Errors
///
/// For each message, its [`SendRefused`]; [`Error::Database`] for all: then nothing was sent.
///
/// # Examples
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::messages::{self, Draft, Outgoing, SendRefused};
///
/// let sent = messages::send_many(
///     conn,
///     &[
///         Outgoing::new(anna, chat, Draft::text("Shall we meet?")),
///         Outgoing::new(bob, chat, Draft::text("")),
///         Outgoing::new(bob, chat, Draft::text("At nine.")),
///     ],
/// )?;
/// assert_eq!(sent[0].as_ref().unwrap().message.seq.get(), 1);
/// assert_eq!(*sent[1].as_ref().unwrap_err(), SendRefused::Empty);
/// assert_eq!(sent[2].as_ref().unwrap().message.seq.get(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn send_many(conn: &mut PgConnection, outgoing: &[Outgoing<'_>]) -> QueryResult<Vec<Result<Sent, SendRefused>>> {
    if let [only] = outgoing {
        return Ok(vec![alone(conn, only)?]);
    }
    let refused = |one: &Outgoing<'_>| send::refused(one.actor.user_id(), &one.draft).map(Err);
    let mut outcomes: Vec<Option<Outcome>> = outgoing.iter().map(refused).collect();
    let mut left: Vec<(usize, &Outgoing<'_>)> =
        outgoing.iter().enumerate().zip(&outcomes).filter(|(_, known)| known.is_none()).map(|(one, _)| one).collect();
    left.sort_by_key(|(_, one)| one.chat_id);
    let are_plain = left.iter().all(|(_, one)| one.draft.is_plain());
    let sent = if are_plain && left.len() > 1 { together(conn, &left)? } else { in_parts(conn, &left)? };
    for ((place, _), outcome) in left.iter().zip(sent) {
        if let Some(known) = outcomes.get_mut(*place) {
            *known = Some(outcome);
        }
    }
    Ok(outcomes.into_iter().flatten().collect())
}

/// Sends one by itself. In a transaction, its refusal undoes nothing else.
fn alone(conn: &mut PgConnection, one: &Outgoing<'_>) -> QueryResult<Outcome> {
    outcome(send::send(conn, one.actor, one.chat_id, &one.draft))
}

fn outcome(sent: Result<Sent, Error<SendRefused>>) -> QueryResult<Outcome> {
    match sent {
        Ok(sent) => Ok(Ok(sent)),
        Err(Error::Refused(refused)) => Ok(Err(refused)),
        Err(Error::Database(error)) => Err(error),
    }
}

/// Sends in one transaction those that have neither pictures nor mentions, as many at a time as there are side by side, and
/// each of the others. What they lock one after the other is locked before.
fn in_parts(conn: &mut PgConnection, all: &[(usize, &Outgoing<'_>)]) -> QueryResult<Vec<Outcome>> {
    conn.transaction(|conn| {
        let holding = HoldPositions {
            chat_ids: all.iter().map(|(_, one)| one.chat_id).collect(),
            sender_ids: all.iter().map(|(_, one)| one.actor.user_id()).collect(),
        };
        let (members,) = holding.get_result::<(Option<Vec<i64>>,)>(conn)?;
        let held = members.map(|numbers| {
            let held = numbers.into_iter().filter_map(|number| all.get(usize::try_from(number - 1).ok()?));
            held.map(|(place, _)| *place).collect::<HashSet<_>>()
        });
        // Who became a member meanwhile would lock out of order.
        let is_late = |(place, _): &(usize, &Outgoing<'_>)| held.as_ref().is_some_and(|held| !held.contains(place));
        let mut sent = Vec::with_capacity(all.len());
        for some in
            all.chunk_by(|one, next| one.1.draft.is_plain() && next.1.draft.is_plain() && is_late(one) == is_late(next))
        {
            match some {
                [one, ..] if is_late(one) => sent.extend(some.iter().map(|_| Err(SendRefused::NotAMember))),
                [(_, one)] => sent.push(alone(conn, one)?),
                some => sent.extend(together(conn, some)?),
            }
        }
        Ok(sent)
    })
}

/// Sends several that have neither pictures nor mentions, in one statement of a transaction.
///
/// The function gives a subtransaction to those that are probably refused. One that is refused all the same undoes the others;
/// then each is sent by itself.
fn together(conn: &mut PgConnection, some: &[(usize, &Outgoing<'_>)]) -> QueryResult<Vec<Outcome>> {
    let sending = SendMessages {
        chat_ids: some.iter().map(|(_, one)| one.chat_id).collect(),
        sender_ids: some.iter().map(|(_, one)| one.actor.user_id()).collect(),
        ids: some.iter().map(|(_, one)| one.draft.id).collect(),
        kinds: some.iter().map(|(_, one)| one.draft.kind).collect(),
        contents: some.iter().map(|(_, one)| one.draft.words().map(str::to_owned)).collect(),
        metadata: some.iter().map(|(_, one)| one.draft.metadata.as_deref().cloned()).collect(),
        replies_to: some.iter().map(|(_, one)| one.draft.reply_to_seq).collect(),
    };
    let sent = conn.transaction(|conn| {
        let mut rows = sending.load::<Row>(conn)?;
        rows.sort_by_key(|(place, ..)| *place);
        let outcomes = rows.into_iter().zip(some).map(|((_, seq, version, sent_at, violated), (_, one))| {
            let (sender_id, draft) = (one.actor.user_id(), &one.draft);
            outcome(match violated.as_deref() {
                None => match send::numbered(one.chat_id, sender_id, draft, (seq, version, sent_at)) {
                    Ok(message) => Ok(Sent { message, already_sent: false }),
                    Err(refused) => send::unless_sent(conn, one.chat_id, sender_id, draft, refused),
                },
                Some(send::ID_CONSTRAINT) => send::known(conn, one.chat_id, sender_id, draft),
                Some(constraint) => match SendRefused::from_constraint(constraint) {
                    Some(refused) => send::unless_sent(conn, one.chat_id, sender_id, draft, refused),
                    None => send::send(conn, one.actor, one.chat_id, draft),
                },
            })
        });
        Ok(outcomes.collect::<QueryResult<_>>()?)
    });
    match sent {
        Ok(outcomes) => Ok(outcomes),
        Err(Error::<SendRefused>::Refused(_)) => each(conn, some),
        Err(Error::Database(error)) if send::is_of_a_known_id(&error) => each(conn, some),
        Err(Error::Database(error)) => Err(error),
    }
}

fn each(conn: &mut PgConnection, some: &[(usize, &Outgoing<'_>)]) -> QueryResult<Vec<Outcome>> {
    conn.transaction(|conn| some.iter().map(|(_, one)| alone(conn, one)).collect())
}

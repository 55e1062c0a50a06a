//! Counts the reactions to messages: a few here, many in the database.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text};

use super::super::statement::statement;
use super::page::Reaction;
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::seq::Seq;

/// How many emojis are shown with a message: those that were given most often.
const SHOWN: usize = 20;

/// A reaction that somebody gave: to which message, the emoji, when, and whether it was the reader.
pub(super) struct Given {
    pub seq: Seq,
    pub emoji: String,
    pub at: DateTime<Utc>,
    pub mine: bool,
}

/// Counts what was given, all that was given to these messages: of each message as [`count_reactions`] does.
pub(super) fn of_each(given: Vec<Given>) -> HashMap<Seq, Vec<Reaction>> {
    let mut counted = BTreeMap::<(Seq, String), (i64, DateTime<Utc>, bool)>::new();
    for Given { seq, emoji, at, mine } in given {
        let (count, first_at, any_mine) = counted.entry((seq, emoji)).or_insert((0, at, false));
        (*count, *first_at, *any_mine) = (*count + 1, at.min(*first_at), mine || *any_mine);
    }
    let mut of_each = HashMap::<Seq, Vec<(DateTime<Utc>, Reaction)>>::new();
    for ((seq, emoji), (count, first_at, mine)) in counted {
        of_each.entry(seq).or_default().push((first_at, Reaction { emoji, count, mine }));
    }
    let shown = of_each.into_iter().map(|(seq, mut reactions)| {
        // Those of a message are in the order of their emojis here, which decides between two that are equal otherwise.
        reactions.sort_by_key(|&(first_at, Reaction { count, .. })| (Reverse(count), first_at));
        reactions.truncate(SHOWN);
        reactions.sort_by(|(one, a), (other, b)| (one, &a.emoji).cmp(&(other, &b.emoji)));
        (seq, reactions.into_iter().map(|(_, reaction)| reaction).collect())
    });
    shown.collect()
}

statement! {
    Count {
        chat_ids: Vec<ChatId> as Array<sql::ChatId>,
        seqs: Vec<Seq> as Array<BigInt>,
        reader: UserId as sql::UserId,
    } -> (sql::ChatId, BigInt, Text, BigInt, Bool) = "counted.sql"
}

/// The 20 most frequent reactions to each of these messages, counted, the one that was first given first. What nobody reacted
/// to is not in the map. One statement; none for no messages.
pub(in crate::queries) fn count_reactions(
    conn: &mut PgConnection,
    reader: UserId,
    messages: impl Iterator<Item = (ChatId, Seq)>,
) -> QueryResult<HashMap<(ChatId, Seq), Vec<Reaction>>> {
    let (chat_ids, seqs): (Vec<_>, Vec<_>) = messages.unzip();
    let mut counted = HashMap::<_, Vec<_>>::new();
    if chat_ids.is_empty() {
        return Ok(counted);
    }
    let rows = Count { chat_ids, seqs, reader }.load::<(ChatId, Seq, String, i64, bool)>(conn)?;
    for (chat_id, seq, emoji, count, mine) in rows {
        counted.entry((chat_id, seq)).or_default().push(Reaction { emoji, count, mine });
    }
    Ok(counted)
}

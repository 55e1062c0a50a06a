//! Numbers the new messages of a batch, and finds what each answers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::{ImportRefused, Imported, by_chat};
use crate::error::Error;
use crate::ids::{ChatId, MessageId, sql_types as sql};
use crate::queries::statement::statement;
use crate::schema::chat_heads;
use crate::seq::Seq;
use crate::version::Version;
use crate::views::local_chats;

/// A message of the batch that is new.
pub(super) struct Numbered<'a> {
    pub message: &'a Imported<'a>,
    pub seq: Seq,
    pub reply_to_seq: Option<Seq>,
}

/// The heads of some chats: the last seq of each, and the version.
pub(super) type Heads = (HashMap<ChatId, Seq>, HashMap<ChatId, Version>);

/// Locks the chats and their heads, each in the order of their ids, and gives the heads.
pub(super) fn lock(
    conn: &mut PgConnection,
    ids: &[ChatId],
    is_distributed: bool,
) -> Result<Heads, Error<ImportRefused>> {
    let found: Vec<ChatId> = local_chats::table
        .filter(local_chats::id.eq_any(ids).and(local_chats::deleted_at.is_null()))
        .order(local_chats::id)
        .select(local_chats::id)
        .for_no_key_update()
        .load(conn)?;
    if let Some(&missing) = ids.iter().find(|id| found.binary_search(id).is_err()) {
        return Err(Error::Refused(ImportRefused::ChatNotFound(missing)));
    }
    if is_distributed {
        return Ok(by_chat::lock_heads(conn, &found)?);
    }
    let heads: Vec<(ChatId, Seq, Version)> = chat_heads::table
        .filter(chat_heads::chat_id.eq_any(ids))
        .order(chat_heads::chat_id)
        .select((chat_heads::chat_id, chat_heads::last_seq, chat_heads::version))
        .for_no_key_update()
        .load(conn)?;
    Ok(heads.into_iter().map(|(chat_id, seq, version)| ((chat_id, seq), (chat_id, version))).unzip())
}

/// Numbers what is new, in the order of the batch, and moves `heads` on. What is in the chat already, or was in the
/// batch before, is left out.
pub(super) fn number<'a>(
    conn: &mut PgConnection,
    batch: &'a [Imported<'a>],
    heads: &mut HashMap<ChatId, Seq>,
    is_distributed: bool,
) -> Result<Vec<Numbered<'a>>, Error<ImportRefused>> {
    let mut seqs = known(conn, batch, is_distributed)?;
    let mut new = Vec::with_capacity(batch.len());
    for message in batch {
        let Entry::Vacant(place) = seqs.entry((message.chat_id, message.id)) else { continue };
        let head = heads.entry(message.chat_id).or_insert(Seq::ZERO);
        *head = head.next();
        let seq = *place.insert(*head);
        let reply_to_seq = match message.reply_to.map(|id| seqs.get(&(message.chat_id, id))) {
            None => None,
            Some(Some(&answered)) if answered < seq => Some(answered),
            Some(_) => return Err(Error::Refused(ImportRefused::ReplyNotFound(message.id))),
        };
        new.push(Numbered { message, seq, reply_to_seq });
    }
    Ok(new)
}

/// Which of the batch's messages, and of those that they answer, are in their chats already, and where.
fn known(
    conn: &mut PgConnection,
    batch: &[Imported<'_>],
    is_distributed: bool,
) -> QueryResult<HashMap<(ChatId, MessageId), Seq>> {
    let mut ids: HashMap<ChatId, Vec<MessageId>> = HashMap::new();
    for message in batch {
        let ids = ids.entry(message.chat_id).or_default();
        ids.push(message.id);
        ids.extend(message.reply_to);
    }
    if is_distributed {
        return by_chat::known(conn, ids);
    }
    let (chat_ids, ids) = ids.into_iter().flat_map(|(chat, ids)| ids.into_iter().map(move |id| (chat, id))).unzip();
    let known = Known { chat_ids, ids }.load::<(ChatId, MessageId, Seq)>(conn)?;
    Ok(known.into_iter().map(|(chat_id, id, seq)| ((chat_id, id), seq)).collect())
}

statement! {
    /// The seqs of the messages that are there already, each pair of an id and its chat once or more.
    Known {
        chat_ids: Vec<ChatId> as Array<sql::ChatId>,
        ids: Vec<MessageId> as Array<sql::MessageId>,
    } -> (sql::ChatId, sql::MessageId, BigInt) = "known.sql"
}

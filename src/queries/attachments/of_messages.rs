//! Reads the pictures of messages of several chats at once.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text, Timestamptz};

use super::super::statement::statement;
use crate::ids::{ChatId, sql_types};
use crate::models::Attachment;
use crate::schema::sql_types::ImageType;
use crate::seq::Seq;

statement! {
    /// Pairs are what Diesel's DSL cannot compare; and `chat_id = ANY(…) AND message_seq = ANY(…)` would try every
    /// chat with every seq: 10,000 descents of the index for a page of 100 messages of 100 chats.
    OfMessages {
        chat_ids: Vec<ChatId> as Array<sql_types::ChatId>,
        seqs: Vec<Seq> as Array<BigInt>,
    } -> (
        sql_types::ChatId, BigInt, SmallInt, Text, ImageType, Integer, Text, Nullable<Text>, Nullable<Text>,
        Nullable<Integer>, Nullable<Integer>, Timestamptz,
    ) = "of_messages.sql"
}

/// The pictures of these messages, each message's in their order. Whether they may be read was decided before.
pub(in super::super) fn of_messages(
    conn: &mut PgConnection,
    messages: &[(ChatId, Seq)],
) -> QueryResult<HashMap<(ChatId, Seq), Vec<Attachment>>> {
    let mut by_message = HashMap::<_, Vec<_>>::new();
    if !messages.is_empty() {
        let (chat_ids, seqs) = messages.iter().copied().unzip();
        for attachment in (OfMessages { chat_ids, seqs }).load::<Attachment>(conn)? {
            by_message.entry((attachment.chat_id, attachment.message_seq)).or_default().push(attachment);
        }
    }
    Ok(by_message)
}

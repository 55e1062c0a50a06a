//! The rows of `message_mentions`.

use diesel::pg::Pg;
use diesel::prelude::*;

use crate::ids::{ChatId, UserId};
use crate::schema::message_mentions;
use crate::seq::Seq;

/// Whom a message names. A row never changes.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable, Insertable)]
#[diesel(table_name = message_mentions, primary_key(chat_id, message_seq, user_id), check_for_backend(Pg))]
pub struct MessageMention {
    pub chat_id: ChatId,
    pub message_seq: Seq,
    pub user_id: UserId,
}

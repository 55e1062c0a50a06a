//! The rows of `unread_messages`.

use diesel::pg::Pg;
use diesel::prelude::*;

use crate::ids::{ChatId, UserId};
use crate::schema::unread_messages;
use crate::seq::Seq;

/// How far a member has read and received a chat.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = unread_messages, primary_key(user_id, chat_id), check_for_backend(Pg))]
pub struct UnreadMessages {
    pub user_id: UserId,
    pub chat_id: ChatId,
    pub last_read_seq: Seq,
    pub last_delivered_seq: Seq,
}

/// The position of a new member.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = unread_messages, check_for_backend(Pg))]
pub struct NewUnreadMessages {
    pub user_id: UserId,
    pub chat_id: ChatId,
    pub last_read_seq: Seq,
    pub last_delivered_seq: Seq,
}

/// A new position; it never moves backwards.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = unread_messages, check_for_backend(Pg))]
pub struct UnreadMessagesChanges {
    pub last_read_seq: Option<Seq>,
    pub last_delivered_seq: Option<Seq>,
}

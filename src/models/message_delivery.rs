//! The rows of `message_delivery`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::ids::{ChatId, UserId};
use crate::schema::message_delivery;
use crate::seq::Seq;

/// A run of messages that a recipient received at one time.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = message_delivery, primary_key(chat_id, user_id, through_seq), check_for_backend(Pg))]
pub struct MessageDelivery {
    pub chat_id: ChatId,
    pub user_id: UserId,
    pub through_seq: Seq,
    pub delivered_at: DateTime<Utc>,
    pub read_at: Option<DateTime<Utc>>,
}

/// A run to acknowledge.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = message_delivery, check_for_backend(Pg))]
pub struct NewMessageDelivery {
    pub chat_id: ChatId,
    pub user_id: UserId,
    pub through_seq: Seq,
    pub delivered_at: Option<DateTime<Utc>>,
    pub read_at: Option<DateTime<Utc>>,
}

/// The run was read.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = message_delivery, check_for_backend(Pg))]
pub struct MessageDeliveryChanges {
    pub read_at: Option<Option<DateTime<Utc>>>,
}

//! The two views as Diesel sees them: `unread_counts` and `message_receipts`.
//!
//! `diesel print-schema` knows tables only, so these are written by hand; a test holds them against the server.

use crate::enums::sql_types::DeliveryStatus;
use crate::ids::sql_types::{ChatId, UserId};
use crate::schema::{chat_heads, chat_participants, chats, messages, unread_messages, users};

diesel::table! {
    use diesel::sql_types::BigInt;
    use super::{ChatId, UserId};

    /// How many messages of each chat each member has not read.
    unread_counts (user_id, chat_id) {
        /// Whose.
        user_id -> UserId,
        /// In which chat.
        chat_id -> ChatId,
        /// How many messages are newer than what was read, but for those of the system and deleted ones.
        unread_count -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Timestamptz};
    use super::{ChatId, DeliveryStatus, UserId};

    /// Each message and each of its recipients, and how far it got.
    message_receipts (chat_id, message_seq, user_id) {
        /// In which chat.
        chat_id -> ChatId,
        /// Which message.
        message_seq -> BigInt,
        /// Which recipient.
        user_id -> UserId,
        /// How far it got.
        status -> DeliveryStatus,
        /// When it was received. Null: pending.
        delivered_at -> Nullable<Timestamptz>,
        /// When it was read. Null: not yet.
        read_at -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(unread_counts, message_receipts);

macro_rules! allow_views_beside {
    ($($table:ident),+ $(,)?) => {$(
        diesel::allow_tables_to_appear_in_same_query!(unread_counts, $table);
        diesel::allow_tables_to_appear_in_same_query!(message_receipts, $table);
    )+};
}

allow_views_beside!(chat_heads, chat_participants, chats, messages, unread_messages, users);

diesel::joinable!(unread_counts -> chats (chat_id));
diesel::joinable!(unread_counts -> users (user_id));
diesel::joinable!(message_receipts -> users (user_id));

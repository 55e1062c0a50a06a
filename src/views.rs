//! The views as Diesel sees them: `unread_counts`, `message_receipts`, `inbox_entries`, `presence_entries`,
//! `local_users`, `local_user_sessions`, `local_contacts` and `local_chats`.
//!
//! `diesel print-schema` knows tables only, so these are written by hand; a test holds them against the server.

use crate::enums::sql_types::DeliveryStatus;
use crate::ids::sql_types::{ChatId, SessionId, UserId};
use crate::schema::sql_types::{ChatKind, ContactStatus, MessageKind, UserStatus};
use crate::schema::{
    blocks, chat_heads, chat_participants, chats, contacts, message_reactions, messages, unread_messages,
    user_presence, users,
};

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

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, SmallInt, Text, Timestamptz};
    use super::{ChatId, MessageKind, UserId};

    /// The list of chats of each user: from the tables of the chats, or, where the database keeps it, from `inbox_by_user`.
    inbox_entries (user_id, about_chat_id) {
        /// Whose list.
        user_id -> UserId,
        /// Which chat.
        about_chat_id -> ChatId,
        /// The seq of the chat's newest message; 0: it has none.
        last_seq -> BigInt,
        /// When the newest message was sent.
        last_message_at -> Nullable<Timestamptz>,
        /// Who sent it; null for a system message.
        last_sender_id -> Nullable<UserId>,
        /// What it is.
        last_kind -> Nullable<MessageKind>,
        /// The beginning of it; null when it has no words, or was deleted.
        last_preview -> Nullable<Text>,
        /// 0: it is shown; 1: it was deleted; 2: the user does not see it.
        ///
        /// They have deleted it for themselves, or cleared the chat.
        last_state -> SmallInt,
        /// Up to which message the user has read.
        last_read_seq -> BigInt,
        /// How many messages the user has not read, but for those of the system and deleted ones.
        unread_count -> BigInt,
        /// How many of them name the user.
        mention_count -> BigInt,
        /// As in `chat_settings`.
        muted_until_at -> Nullable<Timestamptz>,
        /// As in `chat_settings`.
        pin_rank -> Nullable<SmallInt>,
        /// 0: the chat is in the inbox; 1: in the archive; 2: in no list until something new is said.
        shown_in -> SmallInt,
        /// As in `chat_settings`.
        unread_from_seq -> Nullable<BigInt>,
        /// As in `chat_settings`.
        draft -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Timestamptz};
    use super::{UserId, UserStatus};

    /// Presence, as it is read beside other tables: from `user_presence`, or, where the database keeps `inbox_by_user`, a row of
    /// each user without a status, which says that `user_presence` is to be asked by itself.
    presence_entries (user_id) {
        /// Who.
        user_id -> UserId,
        /// As in `user_presence`. Null in a row: `user_presence` is to be asked.
        status -> Nullable<UserStatus>,
        /// As in `user_presence`, where there is a status.
        last_seen_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text, Timestamptz};
    use super::UserId;

    /// The rows of `users`, to be locked; where Citus distributes the database, those of the coordinator's own copy.
    local_users (id) {
        /// As in `users`.
        id -> UserId,
        /// As in `users`.
        username -> Nullable<Text>,
        /// As in `users`.
        avatar_url -> Nullable<Text>,
        /// As in `users`.
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use super::{SessionId, UserId};

    /// The rows of `user_sessions`, to be locked, as `local_users` has those of `users`.
    local_user_sessions (id) {
        /// As in `user_sessions`.
        id -> SessionId,
        /// As in `user_sessions`.
        user_id -> UserId,
    }
}

diesel::table! {
    use super::{ContactStatus, UserId};

    /// The rows of `contacts`, to be locked, as `local_users` has those of `users`.
    local_contacts (user_id, contact_id) {
        /// As in `contacts`.
        user_id -> UserId,
        /// As in `contacts`.
        contact_id -> UserId,
        /// As in `contacts`.
        status -> ContactStatus,
        /// As in `contacts`.
        requested_by -> UserId,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Timestamptz};
    use super::{ChatId, ChatKind};

    /// The rows of `chats`, to be locked, as `local_users` has those of `users`.
    local_chats (id) {
        /// As in `chats`.
        id -> ChatId,
        /// As in `chats`.
        kind -> ChatKind,
        /// As in `chats`.
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(unread_counts, message_receipts, inbox_entries, presence_entries);

macro_rules! allow_views_beside {
    ($($table:ident),+ $(,)?) => {$(
        diesel::allow_tables_to_appear_in_same_query!(unread_counts, $table);
        diesel::allow_tables_to_appear_in_same_query!(message_receipts, $table);
        diesel::allow_tables_to_appear_in_same_query!(inbox_entries, $table);
        diesel::allow_tables_to_appear_in_same_query!(presence_entries, $table);
    )+};
}

allow_views_beside!(
    blocks,
    chat_heads,
    chat_participants,
    chats,
    contacts,
    message_reactions,
    messages,
    unread_messages,
    user_presence,
    users
);

diesel::joinable!(unread_counts -> chats (chat_id));
diesel::joinable!(unread_counts -> users (user_id));
diesel::joinable!(message_receipts -> users (user_id));
diesel::joinable!(presence_entries -> users (user_id));

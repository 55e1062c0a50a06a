// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "chat_change_kind"))]
    pub struct ChatChangeKind;

    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "chat_kind"))]
    pub struct ChatKind;

    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "contact_status"))]
    pub struct ContactStatus;

    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "device_type"))]
    pub struct DeviceType;

    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "image_type"))]
    pub struct ImageType;

    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "message_kind"))]
    pub struct MessageKind;

    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "participant_role"))]
    pub struct ParticipantRole;

    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "push_service"))]
    pub struct PushService;

    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "user_change_kind"))]
    pub struct UserChangeKind;

    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "user_status"))]
    pub struct UserStatus;

    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "visibility"))]
    pub struct Visibility;
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::ImageType;

    /// A picture of a message; its bytes are in an object store.
    attachments (chat_id, message_seq, position) {
        /// In which chat.
        chat_id -> ChatId,
        /// Of which message.
        message_seq -> Int8,
        /// Its place in the message, 0 to 4: so a message has five at most.
        position -> Int2,
        /// What the sender's device called it, 1 to 255 characters.
        file_name -> Text,
        /// What kind of picture it is.
        mime_type -> ImageType,
        /// How large the original is, 1 byte to 10 MiB.
        byte_size -> Int4,
        /// The original's key in the object store. Signed URLs are made on access, never stored.
        storage_key -> Text,
        /// The key of a copy of medium size. Null: not made yet.
        medium_key -> Nullable<Text>,
        /// The key of a small copy. Null: not made yet.
        thumbnail_key -> Nullable<Text>,
        /// The original's width in pixels. Null: not measured.
        width -> Nullable<Int4>,
        /// The original's height in pixels. Null: not measured.
        height -> Nullable<Int4>,
        /// When it was attached.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// A user who blocks another: directional, and independent of contacts.
    blocks (blocker_id, blocked_id) {
        /// Who blocks.
        blocker_id -> UserId,
        /// Who is blocked.
        blocked_id -> UserId,
        /// Since when.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::ChatChangeKind;

    /// The log of each chat: a row for each change that a member can see and that is no new message. Pruned by age and number.
    chat_changes (chat_id, version) {
        /// In which chat.
        chat_id -> ChatId,
        /// The version that the chat took with it.
        version -> Int8,
        /// What changed.
        kind -> ChatChangeKind,
        /// Which message changed; null when it was none.
        message_seq -> Nullable<Int8>,
        /// Who came, left, has another role or another profile; of a reaction, who gave it or took it back. No foreign key: it would lock the user's row.
        user_id -> Nullable<UserId>,
        /// When. It never runs backwards along the versions of a chat.
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::MessageKind;

    /// The newest message of each chat, and its counters: one narrow row that every send updates, so that an inbox reads no message at all.
    chat_heads (chat_id) {
        /// Which chat.
        chat_id -> ChatId,
        /// The seq of the chat's newest message; 0: it has none. The next one gets last_seq + 1.
        last_seq -> Int8,
        /// Where history begins: the seq of the oldest message that is still there; retention removes those before it. last_seq + 1: none is there.
        first_seq -> Int8,
        /// The seq of the newest message that does not count as unread, because the system wrote it or it was deleted; 0: there is none. For a member who has read up to it, the unread count is a subtraction.
        last_uncounted_seq -> Int8,
        /// When the newest message was sent.
        last_message_at -> Nullable<Timestamptz>,
        /// Who sent it; null for a system message. No foreign key: that would write to the user's row on every send.
        last_sender_id -> Nullable<UserId>,
        /// What it is.
        last_kind -> Nullable<MessageKind>,
        /// The first 100 characters of it as people see them, within 300 code points, none of them cut; null when it has no words, or was deleted.
        last_preview -> Nullable<Text>,
        /// The chat's version: each change that a member can see takes the next one, under the lock of this row. Whoever sees a version also sees every earlier one.
        version -> Int8,
        /// The newest version whose row in chat_changes was pruned; 0: none was. A device that knows an older one loads the chat anew.
        pruned_version -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::ParticipantRole;

    /// Who takes part in a chat, or did. A row is deleted only with its chat, because messages point at it.
    chat_participants (chat_id, user_id) {
        /// In which chat.
        chat_id -> ChatId,
        /// Who.
        user_id -> UserId,
        /// What the user may do there. At most one active owner per chat.
        role -> ParticipantRole,
        /// Since when; rejoining starts again.
        joined_at -> Timestamptz,
        /// The chat's last_seq at that moment: nothing up to it is unread or pending. seen_after_seq says whether it can be read.
        joined_seq -> Int8,
        /// When the user left or was removed. Null: is a member now.
        left_at -> Nullable<Timestamptz>,
        /// The chat's last_seq when the user left: nothing after it was sent to them. Null: is a member now.
        left_seq -> Nullable<Int8>,
        /// The user sees nothing up to this seq: it is older than the membership, in a group that shows newcomers no history, or the user has cleared the chat. 0: all of it. It grows, and stays when the membership ends.
        seen_after_seq -> Int8,
        /// The later messages that the user has deleted for themselves, by seq, 1,000 at most. They stay so when the membership ends.
        hidden_seqs -> Array<Nullable<Int8>>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// What a member has set for a chat, for themselves only. No row: nothing. It ends with the membership.
    chat_settings (user_id, chat_id) {
        /// Whose.
        user_id -> UserId,
        /// For which chat.
        chat_id -> ChatId,
        /// Until when messages of the chat send no notification, unless they mention the member. Null, or past: the chat is not muted.
        muted_until_at -> Nullable<Timestamptz>,
        /// The place among the pinned chats, 0 to 999, the lowest first; of one rank, the latest activity first. Null: not pinned.
        pin_rank -> Nullable<Int2>,
        /// Whether the chat is in the archive, instead of the inbox.
        is_archived -> Bool,
        /// The chat is in no list while its newest message is this one, or an earlier one. Null: it is not hidden.
        hidden_through_seq -> Nullable<Int8>,
        /// The chat is marked as unread while the member's last_read_seq is this one: reading further takes the mark away. Null: it is not marked.
        unread_from_seq -> Nullable<Int8>,
        /// What the member has begun to write, 1 to 10,000 characters as people count them, and at most 40,000 bytes. Null: nothing.
        draft -> Nullable<Text>,
        /// When one of them last changed.
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::ChatKind;

    /// A conversation: the part of it that changes rarely. What changes with every message is in chat_heads.
    chats (id) {
        /// The chat's key.
        id -> ChatId,
        /// Direct or group; a chat never changes its kind.
        kind -> ChatKind,
        /// The group's name, 1 to 100 characters as people count them, and at most 1,000 bytes. It has a visible character, and none that changes the direction of text. A direct chat has none: it shows the other user.
        name -> Nullable<Text>,
        /// The group's name in a link, 1 to 100 of A-Z, a-z, 0-9, _ and -, unique ignoring case. Null: it has no link of its own.
        slug -> Nullable<Text>,
        /// Where the group's picture is, at most 500 characters.
        avatar_url -> Nullable<Text>,
        /// The user with the lower id of the two in a direct chat; null in a group.
        direct_low -> Nullable<UserId>,
        /// The user with the higher id of the two in a direct chat; null in a group.
        direct_high -> Nullable<UserId>,
        /// How many members the chat has now, 300 at most. Counted by whoever adds or removes a member, in the same transaction.
        member_count -> Int4,
        /// Whether a new member sees the history from the beginning, or from then on. Read when somebody joins.
        newcomers_see_all -> Bool,
        /// When the chat was opened.
        created_at -> Timestamptz,
        /// When its name, slug, avatar, history for newcomers or state last changed; messages and members do not count. Each operation that changes them sets it.
        updated_at -> Timestamptz,
        /// When the chat was deleted. Its rows stay until it is purged.
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::ContactStatus;

    /// Two users who know each other, or one who asked: always a pair of rows, (a, b) and (b, a), held together at commit.
    contacts (user_id, contact_id) {
        /// Whose contact list the row is in.
        user_id -> UserId,
        /// Who is on that list.
        contact_id -> UserId,
        /// Asked for, or agreed to; whoever changes one row changes its mirror too.
        status -> ContactStatus,
        /// Which of the two asked.
        requested_by -> UserId,
        /// When it was asked for.
        created_at -> Timestamptz,
        /// When it was agreed to; present exactly when it was.
        accepted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// When somebody last declined another's request to become a contact: the other waits a week before asking again.
    declined_requests (asker_id, decliner_id) {
        /// Who asked.
        asker_id -> UserId,
        /// Who declined.
        decliner_id -> UserId,
        /// When.
        declined_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::MessageKind;

    /// The list of chats of each user, as inbox_truth has it, where the database keeps it (keeps_inbox): one range of the key for an inbox, on one server. A projector writes it, a moment late; what a user does alone, and the end of a membership, at once.
    inbox_by_user (user_id, about_chat_id) {
        /// Whose list. No foreign key: the rows go when the membership ends.
        user_id -> UserId,
        /// Which chat. No foreign key: it lies on another server, and the rows are gone before the chat is purged.
        about_chat_id -> ChatId,
        /// The seq of the chat's newest message; 0: it has none. It never goes back.
        last_seq -> Int8,
        /// When the newest message was sent.
        last_message_at -> Nullable<Timestamptz>,
        /// Who sent it; null for a system message. No foreign key, as in chat_heads.
        last_sender_id -> Nullable<UserId>,
        /// What it is.
        last_kind -> Nullable<MessageKind>,
        /// The beginning of it; null when it has no words, or was deleted.
        last_preview -> Nullable<Text>,
        /// 0: it is shown; 1: it was deleted; 2: the user does not see it, because they have deleted it for themselves or cleared the chat.
        last_state -> Int2,
        /// Up to which message the user has read. It never goes back.
        last_read_seq -> Int8,
        /// How many messages the user has not read, but for those of the system and deleted ones.
        unread_count -> Int8,
        /// How many of them name the user.
        mention_count -> Int8,
        /// As in chat_settings.
        muted_until_at -> Nullable<Timestamptz>,
        /// As in chat_settings.
        pin_rank -> Nullable<Int2>,
        /// 0: the chat is in the inbox; 1: in the archive; 2: in no list until something new is said.
        shown_in -> Int2,
        /// As in chat_settings.
        unread_from_seq -> Nullable<Int8>,
        /// As in chat_settings.
        draft -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// Which rows of inbox_by_user may be out of date: written in the transaction that changes what they are made from, and removed by the projector that has made them anew. Empty where the database does not keep inbox_by_user.
    inbox_marks (chat_id, id) {
        /// Of which chat.
        chat_id -> ChatId,
        /// Chosen at random. By it the projector says what it has done.
        id -> Int8,
        /// Of which user. Null: of each member. No foreign key: the row is removed within seconds.
        user_id -> Nullable<UserId>,
        /// Since when.
        marked_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// What each recipient has acknowledged, in runs: a run is the messages in a row that were received at one time and read at one time. The state of message s for user u is the row of u with the smallest through_seq >= s; none means pending.
    message_delivery (chat_id, user_id, through_seq) {
        /// In which chat.
        chat_id -> ChatId,
        /// Who received.
        user_id -> UserId,
        /// The last message of the run; the first is the one after the user's row before it.
        through_seq -> Int8,
        /// When the run was received.
        delivered_at -> Timestamptz,
        /// When it was read. Null: not yet.
        read_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// What a message said before each of its edits.
    message_edits (chat_id, message_seq, version) {
        /// In which chat.
        chat_id -> ChatId,
        /// Which message.
        message_seq -> Int8,
        /// Which wording, from 1, the first, to 1,000; the newest is the message itself.
        version -> Int4,
        /// What it said then. Null: a picture that had no words.
        content -> Nullable<Text>,
        /// When that wording was replaced.
        edited_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// Whom a message names: members of its chat when it was sent. They go when the message is deleted.
    message_mentions (chat_id, message_seq, user_id) {
        /// In which chat.
        chat_id -> ChatId,
        /// Which message.
        message_seq -> Int8,
        /// Whom it names.
        user_id -> UserId,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// An emoji that a participant gave a message; each one once.
    message_reactions (chat_id, message_seq, user_id, emoji) {
        /// In which chat.
        chat_id -> ChatId,
        /// To which message.
        message_seq -> Int8,
        /// Who, a participant of the chat.
        user_id -> UserId,
        /// The emoji, in the form that Unicode calls fully qualified; or the name of one of the service's own, between colons. At most 64 bytes.
        emoji -> Text,
        /// When.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::MessageKind;

    /// What was said. seq counts 1, 2, 3 … in its chat, without gaps, and is the order of the chat; a deleted message keeps its place.
    messages (chat_id, seq) {
        /// In which chat.
        chat_id -> ChatId,
        /// The message's number in its chat, from 1, without gaps.
        seq -> Int8,
        /// Chosen by the client and unique in the chat: sending the same id twice yields the first message again.
        id -> MessageId,
        /// Who sent it, a participant of the chat. Null exactly for system messages.
        sender_id -> Nullable<UserId>,
        /// What it is.
        kind -> MessageKind,
        /// Its words, at most 10,000 characters as people count them, and 40,000 bytes; at least one of them is visible. A text has them until it is deleted; a picture may have them.
        content -> Nullable<Text>,
        /// A JSON object for the application: link previews, the facts of a system message; at most 16 KiB as text and 100 levels. An edit empties it.
        metadata -> Jsonb,
        /// The seq of the earlier message of the same chat that it answers.
        reply_to_seq -> Nullable<Int8>,
        /// When it was sent.
        created_at -> Timestamptz,
        /// When it was last edited. Null: never.
        edited_at -> Nullable<Timestamptz>,
        /// When it was deleted. Content and metadata are removed then, and its edits, reactions and attachments in the same transaction.
        deleted_at -> Nullable<Timestamptz>,
        /// The version of the chat at which the message was sent, last edited or deleted. Reactions leave it as it is. Not indexed: chat_changes finds what changed.
        version -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::PushService;

    /// The address for notifications to a device: one for each session, deleted with it. The token, auth and p256dh together let whoever has them notify the device.
    push_tokens (session_id) {
        /// Of which session.
        session_id -> SessionId,
        /// Whose session, as it says itself.
        user_id -> UserId,
        /// Who carries the notification.
        service -> PushService,
        /// The device's token at Apple or Google, or the URL of its endpoint; at most 2,000 bytes. Of several sessions with one token, the last that registered it has it.
        token -> Text,
        /// The public key of a Web Push subscription, 65 bytes. Null: the service has none.
        p256dh -> Nullable<Bytea>,
        /// The secret of a Web Push subscription, 16 bytes. Null: the service has none.
        auth -> Nullable<Bytea>,
        /// When the device registered it, or last registered it again.
        registered_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// The usernames of closed accounts, and those that users gave up for others, which nobody else can take yet: register and update_profile ask it. Only hashes: a closed account leaves nothing that names a person.
    reserved_usernames (username_hash) {
        /// The SHA-256 of the username in lower case: sha256(convert_to(lower(username), 'UTF8')).
        username_hash -> Bytea,
        /// When the account was closed, or had another username.
        reserved_at -> Timestamptz,
        /// Who gave it up, and may take it back; three of one user at most. Null: the account is closed.
        user_id -> Nullable<UserId>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// How far each member has read and received each chat: one row per active membership, where inbox and badge start.
    unread_messages (user_id, chat_id) {
        /// Whose position.
        user_id -> UserId,
        /// In which chat.
        chat_id -> ChatId,
        /// Read up to this seq. Unread are the messages up to chat_heads.last_seq, but for those of the system and deleted ones.
        last_read_seq -> Int8,
        /// Received up to this seq; never less than last_read_seq.
        last_delivered_seq -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// Files of removed messages, chats, accounts and uploads, for the service to delete from the object store: it reads the list, deletes the files, and then the rows. So each is given at least once.
    unused_files (id) {
        /// Chosen at random, not negative. By it the service says what it has deleted.
        id -> Int8,
        /// The key of a picture or of a copy of it in the object store; of a profile picture, where it is.
        file_key -> Text,
        /// Since when nothing in the database needs it.
        queued_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::ImageType;

    /// A picture whose bytes are, or will be, in the object store: begun by its owner, and attached by its owner once.
    uploads (storage_key) {
        /// Its key in the object store, chosen by the service, at most 1,024 bytes.
        storage_key -> Text,
        /// Who uploads it, and may attach it.
        owner_id -> UserId,
        /// What kind of picture it is.
        mime_type -> ImageType,
        /// How large it is, 1 byte to 10 MiB.
        byte_size -> Int4,
        /// The key of a copy of medium size. Null: not made yet.
        medium_key -> Nullable<Text>,
        /// The key of a small copy. Null: not made yet.
        thumbnail_key -> Nullable<Text>,
        /// Its width in pixels. Null: not measured.
        width -> Nullable<Int4>,
        /// Its height in pixels. Null: not measured.
        height -> Nullable<Int4>,
        /// When it was begun.
        created_at -> Timestamptz,
        /// When it was given up, because nobody attached it: its bytes are being deleted, and nobody attaches it any more. Null: it was not.
        abandoned_at -> Nullable<Timestamptz>,
        /// In which chat it was attached. Null: nobody attached it yet. No foreign key: whoever deletes the message deletes the upload.
        attached_chat -> Nullable<ChatId>,
        /// To which message.
        attached_seq -> Nullable<Int8>,
        /// At which place in the message.
        attached_position -> Nullable<Int2>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::UserChangeKind;

    /// The log of each user's own things: memberships, contacts, blocks, account, sessions, settings. Pruned by age and number.
    user_changes (user_id, version) {
        /// In whose log.
        user_id -> UserId,
        /// The version that the log took with it.
        version -> Int8,
        /// What changed.
        kind -> UserChangeKind,
        /// Which chat it is about; null when it is about none. No foreign key: the chat may be purged.
        about_chat_id -> Nullable<ChatId>,
        /// Which other user it is about; null when it is about none.
        about_user_id -> Nullable<UserId>,
        /// Which session it is about; null when it is about none. No foreign key: the session is purged after its time.
        about_session_id -> Nullable<SessionId>,
        /// When. It never runs backwards along the versions of a user.
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;

    /// The counter of each user's log; without a row, it is 0. Its row is the last lock that an operation takes.
    user_heads (user_id) {
        /// Whose log. No foreign key: it would lock the user's row, which closing an account holds while it waits for chats.
        user_id -> UserId,
        /// How many changes the log has counted.
        version -> Int8,
        /// The newest version whose row in user_changes was pruned; 0: none was. A device that knows an older one loads everything anew.
        pruned_version -> Int8,
        /// How often others who are no contacts of the user added them to groups within a day from added_from_at: 50 times at most. In this row, because it is locked for the log of the membership anyway.
        added_times -> Int4,
        /// When that day began. Null: never.
        added_from_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::UserStatus;

    /// Whether a user is there. One narrow row, made when a device of the user is first heard of; without it, the user has not been there since the account was registered. It goes when the account is closed.
    user_presence (user_id) {
        /// Who.
        user_id -> UserId,
        /// Presence. Not indexed, so that changing it stays a HOT update.
        status -> UserStatus,
        /// When a device of the user was last heard of. Not indexed, so that changing it stays a HOT update.
        last_seen_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::DeviceType;

    /// A signed-in device of a user, from sign-in until it expires or is revoked.
    user_sessions (id) {
        /// The session's key, safe to show to the user who owns it.
        id -> SessionId,
        /// Who is signed in.
        user_id -> UserId,
        /// SHA-256 of the session's random 256-bit token, exactly 32 bytes. The token itself is never stored.
        token_hash -> Bytea,
        /// What the device calls itself, the same at each sign-in; at most 255 characters. A user has one session for each, besides those that were revoked. Null: it did not say.
        device_id -> Nullable<Text>,
        /// What kind of device it is.
        device_type -> DeviceType,
        /// The device's name as its user knows it, at most 255 characters.
        device_name -> Nullable<Text>,
        /// Where the sign-in came from.
        ip_address -> Nullable<Inet>,
        /// What the client said it is, at most 1,000 characters.
        user_agent -> Nullable<Text>,
        /// When the device signed in.
        created_at -> Timestamptz,
        /// When the session was last used, moved at most once a minute. Not indexed, so that moving it stays a HOT update.
        last_active_at -> Timestamptz,
        /// When the session ends by itself at the latest, however much it is used; after created_at.
        expires_at -> Timestamptz,
        /// How long the session may be unused: it ends so long after last_active_at. Null: it may be unused until expires_at.
        idle_timeout -> Nullable<Interval>,
        /// When the session was ended before its time. Null: it was not.
        revoked_at -> Nullable<Timestamptz>,
        /// The server that holds the open socket, by the name it has since it started; at most 255 characters. Null: no socket is open. Not indexed, so that a connect stays a HOT update.
        server_id -> Nullable<Text>,
        /// The socket that is open for this session, as its server names it, at most 255 characters. Null: none is.
        connection_id -> Nullable<Text>,
        /// When that socket was opened; present exactly when connection_id is.
        connected_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::ids::sql_types::*;
    use super::sql_types::Visibility;

    /// A person's account. It is closed by anonymising it, never by deleting the row, so the messages it sent keep a sender.
    users (id) {
        /// The user's key.
        id -> UserId,
        /// The name to sign in with and be found by: 3 to 50 of A-Z, a-z, 0-9 and _, unique ignoring case. Null once the account is closed.
        username -> Nullable<Text>,
        /// The password's hash as a PHC or bcrypt string, which starts with $. Never the password. Null once the account is closed.
        password_hash -> Nullable<Text>,
        /// The name shown to others, at most 100 characters as people count them, and 1,000 bytes. It has a visible character, and none that changes the direction of text. Null: show the username.
        display_name -> Nullable<Text>,
        /// Where the user's picture is, at most 500 characters.
        avatar_url -> Nullable<Text>,
        /// When the account was registered.
        created_at -> Timestamptz,
        /// When the profile, the password or the account's state last changed. Each operation that changes them sets it; what the user shows to whom does not count.
        updated_at -> Timestamptz,
        /// When the account was closed. Null: it is open.
        deleted_at -> Nullable<Timestamptz>,
        /// Who sees whether the user is there, and when they were last seen.
        presence_to -> Visibility,
        /// Who sees what the user has read. It is mutual: the user does not see the receipts of those who do not see the user's.
        receipts_to -> Visibility,
        /// Who may add the user to groups.
        addable_by -> Visibility,
        /// Whose search by a part of the name finds the user.
        findable_by -> Visibility,
    }
}

diesel::joinable!(chat_changes -> chat_heads (chat_id));
diesel::joinable!(chat_heads -> chats (chat_id));
diesel::joinable!(chat_participants -> chat_heads (chat_id));
diesel::joinable!(chat_participants -> users (user_id));
diesel::joinable!(messages -> chat_heads (chat_id));
diesel::joinable!(push_tokens -> user_sessions (session_id));
diesel::joinable!(push_tokens -> users (user_id));
diesel::joinable!(reserved_usernames -> users (user_id));
diesel::joinable!(uploads -> users (owner_id));
diesel::joinable!(user_changes -> user_heads (user_id));
diesel::joinable!(user_presence -> users (user_id));
diesel::joinable!(user_sessions -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    attachments,
    blocks,
    chat_changes,
    chat_heads,
    chat_participants,
    chat_settings,
    chats,
    contacts,
    declined_requests,
    inbox_by_user,
    inbox_marks,
    message_delivery,
    message_edits,
    message_mentions,
    message_reactions,
    messages,
    push_tokens,
    reserved_usernames,
    unread_messages,
    unused_files,
    uploads,
    user_changes,
    user_heads,
    user_presence,
    user_sessions,
    users,
);

//! Lists a user's chats, the latest activity first.

use chrono::{DateTime, Utc};
use diesel::dsl::{auto_type, case_when};
use diesel::prelude::*;

use super::chat_settings::Settings;
use super::functions::{rank_or, time_or};
use super::profile::{self, Profile, SeenBy, seen_by};
use crate::actor::Actor;
use crate::cursor::{self, place};
use crate::enums::{ChatKind, MessageKind};
use crate::ids::{ChatId, UserId};
use crate::page::Limit;
use crate::schema::{chats, users};
use crate::seq::Seq;
use crate::views::{inbox_entries, presence_entries};

/// A chat in the list of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry {
    /// Which chat.
    pub chat_id: ChatId,
    /// Direct or group.
    pub kind: ChatKind,
    /// The group's name; a direct chat shows the [`other`](Self::other).
    pub name: Option<String>,
    /// The group's picture.
    pub avatar_url: Option<String>,
    /// How many members it has.
    pub member_count: i32,
    /// The other member of a direct chat, and whether they are there.
    pub other: Option<Profile>,
    /// What was said last.
    pub last: Last,
    /// Up to which message the user has read the chat.
    pub last_read_seq: Seq,
    /// How many messages the user has not read, but for those of the system and deleted ones.
    pub unread_count: i64,
    /// How many of them name the user.
    pub mention_count: i64,
    /// What the user has set for the chat.
    pub settings: Settings,
    /// When the newest message was sent; without one, when the chat was opened.
    pub active_at: DateTime<Utc>,
}

/// The newest message of a chat, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Last {
    /// Its number; 0 when nothing was said yet.
    pub seq: Seq,
    /// Who sent it; `None` for a system message.
    pub sender_id: Option<UserId>,
    /// What it is.
    pub kind: Option<MessageKind>,
    /// The first 100 characters of it as people see them; `None` when it has no words, or was deleted.
    pub preview: Option<String>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Whether the user does not see it, because they have deleted it for themselves or cleared the chat: of it, there are its seq
    /// and its time only.
    pub is_hidden: bool,
}

impl Last {
    fn hidden(self) -> Self {
        Self { sender_id: None, kind: None, preview: None, is_deleted: false, ..self }
    }
}

/// The rank of chats that are not pinned: after all that are.
const UNPINNED: i16 = i16::MAX;

/// Where a page of an inbox ended, and the next begins.
pub type Cursor = cursor::Cursor<Place>;

place! {
    /// The last entry of a page.
    #[derive(Copy)]
    Place = 1 { pin_rank: i16, active_at: DateTime<Utc>, chat_id: ChatId }
}

impl Entry {
    /// The cursor of a page that ends with this entry.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        let pin_rank = match self.settings.pin_rank {
            Some(rank) => rank,
            None => UNPINNED,
        };
        Cursor::new(Place { pin_rank, active_at: self.active_at, chat_id: self.chat_id })
    }
}

/// A user's chats: those that are pinned, by their rank, then the others; within a rank, the latest activity first, and of
/// chats active at the same instant, the one with the higher id. Without those in the [archive](list_archived), and
/// without those that are [hidden](list_hidden) until something new is said.
///
/// `after` is the [cursor](Entry::cursor) of the last entry that the user has. A chat in which something is said
/// while the user leafs through moves to the front, and is not on a later page: a device finds it in its
/// [`changes`](crate::queries::changes::begin).
///
/// One statement, which locks nothing. It starts from the user's positions; its cost follows the number of the user's
/// chats, not their length. Indexes: `unread_messages_pkey`, then `chat_heads_pkey`, `chats_pkey`, `users_pkey`,
/// `chat_settings_pkey` and `chat_participants_hiding_idx`; for chats with something unread, `messages_uncounted_idx` and
/// `message_mentions_user_idx`. Where the database keeps `inbox_by_user`, that table's key instead of those of positions, heads,
/// settings, participants and messages; what others did is a moment late then, see [`projector`](crate::projector).
///
/// # Errors
///
/// Those of the database. Whoever is in no chat has an empty list.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{inbox, messages};
///
/// messages::send(conn, anna, chat, &messages::Draft::text("Are you there?"))?;
/// let entries = inbox::list(conn, bob, None, Limit::default())?;
/// assert_eq!(entries[0].last.preview.as_deref(), Some("Are you there?"));
/// assert_eq!(entries[0].unread_count, 1);
/// assert_eq!(entries[0].other.as_ref().map(|other| other.id), Some(anna.user_id()));
///
/// let next = inbox::list(conn, bob, Some(entries[0].cursor()), Limit::default())?;
/// assert_eq!(next, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list(conn: &mut PgConnection, actor: Actor, after: Option<Cursor>, limit: Limit) -> QueryResult<Vec<Entry>> {
    page(conn, actor, INBOX, after, limit)
}

/// The chats that the user has put into the archive, in the order of [`list`], and with its cursors. Without those that
/// are [hidden](list_hidden) until something new is said.
///
/// One statement, as that of [`list`].
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, _, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::chat_settings::{self, Changes};
/// use messenger_db::queries::inbox;
///
/// chat_settings::change(conn, anna, chat, &Changes { is_archived: Some(true), ..Changes::default() })?;
/// assert_eq!(inbox::list(conn, anna, None, Limit::default())?, []);
/// assert_eq!(inbox::list_archived(conn, anna, None, Limit::default())?[0].chat_id, chat);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list_archived(
    conn: &mut PgConnection,
    actor: Actor,
    after: Option<Cursor>,
    limit: Limit,
) -> QueryResult<Vec<Entry>> {
    page(conn, actor, ARCHIVE, after, limit)
}

/// The chats that the user has hidden until something new is said, in the order of [`list`], and with its cursors: for a device
/// that loads all of the user's chats, and to show one of them again.
///
/// Whether such a chat will be in the archive then is not said here ([`is_archived`](Settings::is_archived) is false):
/// [`chat_settings::get`](super::chat_settings::get) says it. A device reads the settings when the chat is no longer hidden,
/// because it is among the [changed ones](super::changes::Page::settings) then.
///
/// One statement, as that of [`list`].
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::chat_settings::{self, Changes};
/// use messenger_db::queries::{inbox, messages};
///
/// chat_settings::change(conn, anna, chat, &Changes { is_hidden: Some(true), ..Changes::default() })?;
/// assert_eq!(inbox::list(conn, anna, None, Limit::default())?, []);
/// assert_eq!(inbox::list_hidden(conn, anna, None, Limit::default())?[0].chat_id, chat);
///
/// messages::send(conn, bob, chat, &messages::Draft::text("Still there?"))?;
/// assert_eq!(inbox::list_hidden(conn, anna, None, Limit::default())?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list_hidden(
    conn: &mut PgConnection,
    actor: Actor,
    after: Option<Cursor>,
    limit: Limit,
) -> QueryResult<Vec<Entry>> {
    page(conn, actor, HIDDEN_CHATS, after, limit)
}

/// A row of the list; the last four are how far the user has read, the mentions, and the settings.
type Row = (
    (ChatId, ChatKind, Option<String>, Option<String>, i32),
    Option<Profile>,
    (Seq, Option<UserId>, Option<MessageKind>, Option<String>, Option<DateTime<Utc>>, i16),
    i64,
    DateTime<Utc>,
    Seq,
    i64,
    (Option<DateTime<Utc>>, Option<i16>, i16, Option<Seq>, Option<String>),
);

/// What `last_state` says of a message that was deleted, and of one that the user does not see.
const DELETED: i16 = 1;
const HIDDEN: i16 = 2;

/// What `shown_in` says of a chat that is in the inbox, of one in the archive, and of one that is hidden.
const INBOX: i16 = 0;
const ARCHIVE: i16 = 1;
const HIDDEN_CHATS: i16 = 2;

fn page(
    conn: &mut PgConnection,
    actor: Actor,
    shown_in: i16,
    after: Option<Cursor>,
    limit: Limit,
) -> QueryResult<Vec<Entry>> {
    let user_id = actor.user_id();
    let entries = entries(user_id, shown_in, UNPINNED).limit(limit.get());
    let mut rows: Vec<Row> = match after.as_ref().map(Cursor::place) {
        None => entries.load(conn)?,
        Some(&Place { pin_rank: rank, active_at: instant, chat_id }) => {
            let earlier =
                active_at().lt(instant).or(active_at().eq(instant).and(inbox_entries::about_chat_id.lt(chat_id)));
            entries.filter(pin_rank(UNPINNED).gt(rank).or(pin_rank(UNPINNED).eq(rank).and(earlier))).load(conn)?
        }
    };
    profile::complete(conn, rows.iter_mut().filter_map(|row| row.1.as_mut()))?;
    Ok(rows.into_iter().map(entry).collect())
}

fn entry(row: Row) -> Entry {
    let (chat, other, last, unread_count, active_at, last_read_seq, mention_count, settings) = row;
    let (chat_id, kind, name, avatar_url, member_count) = chat;
    let (seq, sender_id, last_kind, preview, sent_at, state) = last;
    let last = Last {
        seq,
        sender_id,
        kind: last_kind,
        preview,
        sent_at,
        is_deleted: state == DELETED,
        is_hidden: state == HIDDEN,
    };
    let (muted_until, pin_rank, shown_in, unread_from, draft) = settings;
    let settings = Settings {
        muted_until,
        pin_rank,
        is_archived: shown_in == ARCHIVE,
        is_hidden: shown_in == HIDDEN_CHATS,
        is_marked_unread: unread_from.is_some_and(|marked| last_read_seq <= marked),
        draft,
    };
    Entry {
        chat_id,
        kind,
        name,
        avatar_url,
        member_count,
        other,
        last: if last.is_hidden { last.hidden() } else { last },
        last_read_seq,
        unread_count,
        mention_count,
        settings,
        active_at,
    }
}

#[auto_type]
fn active_at() -> _ {
    time_or(inbox_entries::last_message_at, chats::created_at)
}

/// The rank of the chat, or that of chats that are not pinned.
#[auto_type]
fn pin_rank(unpinned: i16) -> _ {
    rank_or(inbox_entries::pin_rank, unpinned)
}

#[auto_type(no_type_alias)]
fn entries(user_id: UserId, shown_in: i16, unpinned: i16) -> _ {
    let other = case_when(chats::direct_low.eq(user_id), chats::direct_high).otherwise(chats::direct_low);
    let profile: SeenBy = seen_by(user_id);
    let last = (
        inbox_entries::last_seq,
        inbox_entries::last_sender_id,
        inbox_entries::last_kind,
        inbox_entries::last_preview,
        inbox_entries::last_message_at,
        inbox_entries::last_state,
    );
    let settings = (
        inbox_entries::muted_until_at,
        inbox_entries::pin_rank,
        inbox_entries::shown_in,
        inbox_entries::unread_from_seq,
        inbox_entries::draft,
    );
    let entry = (
        (inbox_entries::about_chat_id, chats::kind, chats::name, chats::avatar_url, chats::member_count),
        profile.nullable(),
        last,
        inbox_entries::unread_count,
        active_at(),
        inbox_entries::last_read_seq,
        inbox_entries::mention_count,
        settings,
    );
    let rank: pin_rank = pin_rank(unpinned);
    inbox_entries::table
        .inner_join(chats::table.on(chats::id.eq(inbox_entries::about_chat_id)))
        .left_join(users::table.on(users::id.nullable().eq(other)))
        .left_join(presence_entries::table.on(presence_entries::user_id.nullable().eq(users::id.nullable())))
        .filter(inbox_entries::user_id.eq(user_id))
        .filter(inbox_entries::shown_in.eq(shown_in))
        .order((rank, active_at().desc(), inbox_entries::about_chat_id.desc()))
        .select(entry)
}

//! What a member sets for a chat, for themselves and all their devices: muted, pinned, archived, hidden, unread, a draft.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Text, Timestamptz};

use super::statement::statement;
use super::user_changes::{self, About};
use super::{nul_character, text, time};
use crate::actor::Actor;
use crate::enums::UserChangeKind;
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId, sql_types};
use crate::schema::{chat_heads, chat_settings, unread_messages};
use crate::seq::Seq;

/// What a member has set for a chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Settings {
    /// Until when the chat wakes no device, but for a mention. `None`, or past: it does.
    pub muted_until: Option<DateTime<Utc>>,
    /// The place among the pinned chats, 0 to 999, the lowest first. `None`: it is not pinned.
    pub pin_rank: Option<i16>,
    /// Whether it is in the archive, instead of the inbox.
    pub is_archived: bool,
    /// Whether it is in no list until something new is said.
    pub is_hidden: bool,
    /// Whether it is marked as unread, although it may have been read.
    pub is_marked_unread: bool,
    /// What the member has begun to write.
    pub draft: Option<String>,
}

/// What of the settings changes; the rest stays. `None` leaves it as it is, and `Some(None)` takes it back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::option_option, reason = "nothing is not the same as no change")]
pub struct Changes<'a> {
    /// Muted until then, such as [`FOR_EVER`]; a later time is the last one of the year 9999.
    pub muted_until: Option<Option<DateTime<Utc>>>,
    /// Pinned at that place, 0 to 999. Several may have the same.
    pub pin_rank: Option<Option<i16>>,
    /// In the archive, or back in the inbox. What is said later does not take it out.
    pub is_archived: Option<bool>,
    /// In no list until something new is said, or in its list again.
    pub is_hidden: Option<bool>,
    /// Marked as unread, or not. Reading further takes the mark away, too; a client that shows a chat in which nothing
    /// is new takes it back.
    pub is_marked_unread: Option<bool>,
    /// What the member has begun to write, at most 10,000 characters. An empty draft is none.
    pub draft: Option<Option<&'a str>>,
}

/// A time that nobody lives to see: muted until somebody changes it.
pub const FOR_EVER: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(time) => time,
    None => DateTime::<Utc>::MAX_UTC,
};

/// Why settings were not shown or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsRefused {
    /// The actor is not a member of the chat now, or there is no such chat.
    #[error("the actor is not a member of the chat")]
    NotAMember,
    /// The place among the pinned chats is not 0 to 999.
    #[error("a pinned chat has a place of 0 to 999")]
    PinRankInvalid,
    /// The draft has more than 10,000 characters, or 40,000 bytes.
    #[error("a draft has at most 10,000 characters, and 40,000 bytes")]
    DraftTooLong,
    /// The draft has a NUL in it, which PostgreSQL cannot store.
    #[error("a text with a NUL in it cannot be stored")]
    ContainsNul,
}

refusals! { SettingsRefused {
    NotAMember: Forbidden = "not_a_member" if "chat_settings_position_fkey",
    PinRankInvalid: Invalid = "pin_rank_invalid" if "chat_settings_pin_rank_check",
    DraftTooLong: Invalid = "draft_too_long" if "chat_settings_draft_check",
    ContainsNul: Invalid = "contains_nul",
} }

/// The settings as stored.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Stored {
    muted_until: Option<DateTime<Utc>>,
    pin_rank: Option<i16>,
    is_archived: bool,
    hidden_through_seq: Option<Seq>,
    unread_from_seq: Option<Seq>,
    draft: Option<String>,
}

impl Settings {
    /// What is stored means, in a chat with that newest message, for a member who has read so far.
    pub(super) fn of(stored: Option<Stored>, last_seq: Seq, last_read_seq: Seq) -> Self {
        let Some(stored) = stored else { return Self::default() };
        Self {
            muted_until: stored.muted_until,
            pin_rank: stored.pin_rank,
            is_archived: stored.is_archived,
            is_hidden: stored.hidden_through_seq.is_some_and(|hidden| last_seq <= hidden),
            is_marked_unread: stored.unread_from_seq.is_some_and(|marked| last_read_seq <= marked),
            draft: stored.draft,
        }
    }
}

type StoredSql = (Nullable<Timestamptz>, Nullable<SmallInt>, Bool, Nullable<BigInt>, Nullable<BigInt>, Nullable<Text>);

statement! {
    /// The newest message of the chat, how far the member has read, and the settings as they are now. Nothing: no member.
    Change {
        user_id: UserId as sql_types::UserId,
        chat_id: ChatId as sql_types::ChatId,
        sets_muted: bool as Bool,
        muted_until: Option<DateTime<Utc>> as Nullable<Timestamptz>,
        sets_pin: bool as Bool,
        pin_rank: Option<i16> as Nullable<SmallInt>,
        is_archived: Option<bool> as Nullable<Bool>,
        is_hidden: Option<bool> as Nullable<Bool>,
        is_marked_unread: Option<bool> as Nullable<Bool>,
        sets_draft: bool as Bool,
        draft: Option<String> as Nullable<Text>,
    } -> (BigInt, BigInt, StoredSql) = "chat_settings.sql"
}

/// What the actor has set for a chat; what was never set is as it is without.
///
/// One statement, which locks nothing. Indexes: `unread_messages_pkey`, `chat_heads_pkey`, `chat_settings_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](SettingsRefused::NotAMember): the actor is not a member of the chat now, or there is no such chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, _, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::chat_settings::{self, Settings};
///
/// assert_eq!(chat_settings::get(conn, anna, chat)?, Settings::default());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn get(conn: &mut PgConnection, actor: Actor, chat_id: ChatId) -> Result<Settings, Error<SettingsRefused>> {
    let of_position =
        chat_settings::user_id.eq(unread_messages::user_id).and(chat_settings::chat_id.eq(unread_messages::chat_id));
    let row: Option<(Seq, Seq, Option<Stored>)> = unread_messages::table
        .inner_join(chat_heads::table.on(chat_heads::chat_id.eq(unread_messages::chat_id)))
        .left_join(chat_settings::table.on(of_position))
        .filter(unread_messages::user_id.eq(actor.user_id()).and(unread_messages::chat_id.eq(chat_id)))
        .select((chat_heads::last_seq, unread_messages::last_read_seq, stored().nullable()))
        .first(conn)
        .optional()?;
    row.map(|(last_seq, last_read_seq, stored)| Settings::of(stored, last_seq, last_read_seq))
        .ok_or(Error::Refused(SettingsRefused::NotAMember))
}

/// The columns that [`Stored`] is read from.
#[diesel::dsl::auto_type]
pub(super) fn stored() -> _ {
    (
        chat_settings::muted_until_at,
        chat_settings::pin_rank,
        chat_settings::is_archived,
        chat_settings::hidden_through_seq,
        chat_settings::unread_from_seq,
        chat_settings::draft,
    )
}

/// Changes what the actor has set for a chat, for all their devices, and gives all of it as it is now. Nobody else
/// learns of it. When the membership ends, the settings are gone.
///
/// Of two devices that change different settings at once, both are done; of one setting, the later change stays.
///
/// The user's other devices learn of it by the user's log. They are told, too, when a hiding or a mark ends by itself, see
/// [`Page::settings`](super::changes::Page::settings).
///
/// A transaction of two statements. It locks the row of the settings, and then the counter of the user's log, until it
/// commits; the first time, it keeps the membership from ending meanwhile. Indexes: `unread_messages_pkey`, `chat_heads_pkey`,
/// `chat_settings_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](SettingsRefused::NotAMember): the actor is not a member of the chat now, or there is no such chat.
/// * [`PinRankInvalid`](SettingsRefused::PinRankInvalid): the place among the pinned chats is not 0 to 999.
/// * [`DraftTooLong`](SettingsRefused::DraftTooLong): the draft has more than 10,000 characters, or 40,000 bytes.
/// * [`ContainsNul`](SettingsRefused::ContainsNul): the draft has a NUL in it, which PostgreSQL cannot store.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, _, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::queries::chat_settings::{self, Changes, FOR_EVER};
///
/// let muted = Changes { muted_until: Some(Some(FOR_EVER)), ..Changes::default() };
/// chat_settings::change(conn, anna, chat, &muted)?;
/// let pinned = Changes { pin_rank: Some(Some(0)), ..Changes::default() };
/// let settings = chat_settings::change(conn, anna, chat, &pinned)?;
/// assert_eq!((settings.muted_until, settings.pin_rank), (Some(FOR_EVER), Some(0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn change(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    changes: &Changes<'_>,
) -> Result<Settings, Error<SettingsRefused>> {
    let draft = changes.draft.flatten().filter(|draft| !draft.is_empty());
    if nul_character::in_any([draft]) {
        return Err(Error::Refused(SettingsRefused::ContainsNul));
    }
    if draft.is_some_and(text::is_long_message) {
        return Err(Error::Refused(SettingsRefused::DraftTooLong));
    }
    let changing = Change {
        user_id: actor.user_id(),
        chat_id,
        sets_muted: changes.muted_until.is_some(),
        muted_until: changes.muted_until.flatten().map(time::storable),
        sets_pin: changes.pin_rank.is_some(),
        pin_rank: changes.pin_rank.flatten(),
        is_archived: changes.is_archived,
        is_hidden: changes.is_hidden,
        is_marked_unread: changes.is_marked_unread,
        sets_draft: changes.draft.is_some(),
        draft: draft.map(str::to_owned),
    };
    conn.transaction(|conn| {
        let changed: Option<(Seq, Seq, Stored)> = changing.get_result(conn).optional()?;
        let Some((last_seq, last_read_seq, stored)) = changed else {
            return Err(Error::Refused(SettingsRefused::NotAMember));
        };
        user_changes::record(conn, &[actor.user_id()], UserChangeKind::SettingsChanged, About::chat(chat_id))?;
        Ok(Settings::of(Some(stored), last_seq, last_read_seq))
    })
}

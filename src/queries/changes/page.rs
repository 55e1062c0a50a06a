//! A page of changes: what a device is given, as it is now.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::State;
use super::state::Known;
use crate::enums::ParticipantRole;
use crate::ids::{ChatId, SessionId, UserId};
use crate::models::{Block, Chat, Contact};
use crate::queries::history::Entry;
use crate::queries::profile::Profile;
use crate::seq::Seq;
use crate::version::Version;

/// What changed since the device's state; all of it as it is at one moment.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Page {
    /// The chats in which something changed, or that are new to the device, in the order of their ids.
    pub chats: Vec<ChatChanges>,
    /// The memberships that ended: the device forgets these chats.
    pub ended: Vec<Ended>,
    /// The contacts and requests that changed.
    pub contacts: Vec<ContactChange>,
    /// The blocks of the user that changed.
    pub blocks: Vec<BlockChange>,
    /// The sessions of the user that were ended.
    pub ended_sessions: Vec<SessionId>,
    /// The chats of which the user's own settings changed, to be [read](crate::queries::chat_settings::get) anew, or which the user
    /// has left and is in again, without the settings of before; `None`: those that are of no chat,
    /// [`privacy`](crate::queries::privacy).
    ///
    /// Among them are the chats of which a setting ended by itself with what is on the page: one that was hidden until something
    /// new was said, and one that was marked as unread and was read further, on whichever device. A device does not work this out
    /// itself: the settings that it has read may be newer than the messages and positions of its last page.
    pub settings: Vec<Option<ChatId>>,
    /// The chats of which the user has deleted messages for themselves, or which the user has cleared, as they are now.
    pub hidden: Vec<HiddenChange>,
    /// The profiles that changed, the user's own included, and those of everybody who appears on the page.
    pub profiles: HashMap<UserId, Profile>,
    /// What the device knows once it has kept the page; it keeps both in one transaction of its own.
    pub state: State,
    /// Whether there is nothing more: otherwise, ask again with the new state.
    pub is_last: bool,
}

impl Page {
    /// Nothing: the device knows everything.
    pub(super) fn empty(known: Known) -> Self {
        Self {
            chats: Vec::new(),
            ended: Vec::new(),
            contacts: Vec::new(),
            blocks: Vec::new(),
            ended_sessions: Vec::new(),
            settings: Vec::new(),
            hidden: Vec::new(),
            profiles: HashMap::new(),
            state: State::new(known),
            is_last: true,
        }
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chats.is_empty()
            && self.ended.is_empty()
            && self.contacts.is_empty()
            && self.blocks.is_empty()
            && self.ended_sessions.is_empty()
            && self.settings.is_empty()
            && self.hidden.is_empty()
            && self.profiles.is_empty()
    }
}

/// What changed in a chat.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChatChanges {
    /// Which chat.
    pub chat_id: ChatId,
    /// Why the device loads this chat anew: its history, its members, its settings and whatever else it shows. The state takes
    /// it that it does; messages and members are empty here. `None`: the rest says what changed; but a device that does not have
    /// the chat, because it has not loaded all after [`begin`](super::begin), loads it anew as well.
    pub reload: Option<Reload>,
    /// The chat itself, when its profile or its members changed, or it is to be loaded anew.
    pub chat: Option<Chat>,
    /// The messages that are new, or were edited, deleted or reacted to, as they are now, by ascending seq. The device may
    /// not have loaded one that changed: then it matters only to the answers that quote it, whose
    /// [preview](crate::queries::history::ReplyPreview) the device makes anew.
    pub messages: Vec<Entry>,
    /// The members who came, left or have another role, as they are now.
    pub members: Vec<MemberChange>,
    /// The version of the chat up to which the device knows everything after this page.
    pub version: Version,
    /// Where the chat's history begins for the user: the device forgets the messages before it, and answers to them answer nothing
    /// any more. One more than `last_seq`: every message is gone.
    pub first_seq: Seq,
    /// The chat's newest message.
    pub last_seq: Seq,
    /// Up to which message the user has read the chat, on whichever device.
    pub last_read_seq: Seq,
    /// Up to which message the user has received the chat, on whichever device.
    pub last_delivered_seq: Seq,
}

/// Why a device loads a chat anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Reload {
    /// The device does not know the chat: the membership began.
    Began,
    /// The log of the chat no longer reaches back to what the device knows, see [`prune`](super::prune).
    TooOld,
}

/// A member who came, left or has another role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MemberChange {
    /// Who.
    pub user_id: UserId,
    /// What they are now. `None`: no member.
    pub role: Option<ParticipantRole>,
    /// Since when; of one who came back, since then.
    pub joined_at: DateTime<Utc>,
}

/// A membership of the user that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ended {
    /// In which chat.
    pub chat_id: ChatId,
    /// How.
    pub how: Ending,
    /// When. `None`: the chat was purged meanwhile.
    pub at: Option<DateTime<Utc>>,
}

/// How a membership ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Ending {
    /// The user left, on whichever device.
    Left,
    /// Another member removed the user.
    Removed,
    /// The chat was deleted.
    Deleted,
}

/// A contact or a request that came, was answered or went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ContactChange {
    /// The other user.
    pub user_id: UserId,
    /// The contact as it is now. `None`: there is none.
    pub contact: Option<Contact>,
}

/// A block that came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BlockChange {
    /// Who is blocked, or was.
    pub user_id: UserId,
    /// The block as it is now. `None`: there is none.
    pub block: Option<Block>,
}

/// What a user does not see of a chat: the device forgets it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HiddenChange {
    /// Which chat.
    pub chat_id: ChatId,
    /// Where history begins for the user: what is before is gone, or the user does not see it.
    pub first_seq: Seq,
    /// The later messages that the user has deleted for themselves, in order; 1,000 at most.
    pub seqs: Vec<Seq>,
}

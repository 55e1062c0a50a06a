//! What a server tells its sockets.

use messenger_db::enums::UserStatus;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::history;
use messenger_db::seq::Seq;
use serde::{Deserialize, Serialize};

/// What happened, as it is sent: each has its name in `event`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A message is new, or was edited or deleted: as it is now, with its version, so that of two events the later one is
    /// known in whatever order they come. Its reactions are not for everybody: whose they are differs for each reader.
    Message { chat: ChatId, entry: Box<history::Entry> },
    /// Somebody reacted to a message, or took it back. Ask for the message again.
    Reactions { chat: ChatId, seq: Seq },
    /// A member has read or received up to a message.
    Position { chat: ChatId, user: UserId, read: Option<Seq>, delivered: Option<Seq> },
    /// Something else of the chat changed: its name, a member, a role. Ask for it again.
    Chat { chat: ChatId },
    /// The user is no longer in the chat.
    Left { chat: ChatId },
    /// Somebody came, went, or is away.
    Presence { user: UserId, status: UserStatus },
    /// Somebody is writing.
    Typing { chat: ChatId, user: UserId },
    /// Contacts, requests or blocks changed. Ask for them again.
    People,
    /// Something changed that this server was not told in full, in one chat or anywhere. Ask what changed.
    Changed { chat: Option<ChatId> },
    /// The session was ended.
    SignedOut,
}

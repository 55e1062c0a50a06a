//! How often each operation happens, for every message that is sent.
//!
//! Two messengers have published what they measured, and neither says everything:
//!
//! * Discord: "our read/write ratio was about 50/50", of messages (How Discord Stores Billions of Messages, 2017). So
//!   for every message that is sent, messages are read once.
//! * Mattermost measures its own community server, and its load test repeats how often users do what, for every post
//!   they write: `frequency` in `loadtest/control/simulcontroller/controller.go` of mattermost-load-test-ng. What kind
//!   of reading a read is, and how often people react, edit and delete, is from there.
//!
//! What neither has is ours: a device acknowledges what it received (one for every message: the only recipient of a
//! direct chat, or the one in a group who is there); opening a chat marks it read; a thousand users say twice a minute
//! that they are there.

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Send,
    MarkDelivered,
    MarkRead,
    Open,
    Scroll,
    Follow,
    Search,
    Inbox,
    Pending,
    Unread,
    React,
    Edit,
    Delete,
    Presence,
}

/// How often users of Mattermost do it for every post.
mod mattermost {
    /// `SwitchChannel` and `OpenDirectOrGroupChannel`.
    pub const OPEN: f64 = 6.5219 + 0.9843;
    /// `ScrollChannel`.
    pub const SCROLL: f64 = 1.9873;
    /// `ClickPermalink`.
    pub const FOLLOW: f64 = 0.3;
    /// `SearchPosts`.
    pub const SEARCH: f64 = 0.0218;
    /// `ReconnectWebSocket`.
    pub const RECONNECT: f64 = 0.144;
    /// `UnreadCheck`.
    pub const UNREAD: f64 = 1.0;
    /// `AddReaction`.
    pub const REACT: f64 = 0.1306;
    /// `EditPost`.
    pub const EDIT: f64 = 0.04;
    /// `DeletePost`.
    pub const DELETE: f64 = 0.0049;
}

use mattermost::{DELETE, EDIT, FOLLOW, OPEN, REACT, RECONNECT, SCROLL, SEARCH, UNREAD};

/// Brings Mattermost's reads of messages to Discord's one for every message.
const SCALE: f64 = 1.0 / (OPEN + SCROLL + FOLLOW + SEARCH + RECONNECT);

/// Every operation, what it is called, and how often it happens for every message sent; presence, which does not follow
/// messages, at a thousand messages a second.
pub const MIX: [(Operation, &str, f64); 14] = [
    (Operation::Send, "messages::send", 1.0),
    (Operation::MarkDelivered, "receipts::mark_delivered", 1.0),
    (Operation::MarkRead, "receipts::mark_read", OPEN * SCALE),
    (Operation::Open, "history::latest", OPEN * SCALE),
    (Operation::Scroll, "history::before", SCROLL * SCALE),
    (Operation::Follow, "history::around", FOLLOW * SCALE),
    (Operation::Search, "search::list", SEARCH * SCALE),
    // Whoever comes back fetches what was missed, and the list of chats.
    (Operation::Pending, "pending::list", RECONNECT * SCALE),
    (Operation::Inbox, "inbox::list", RECONNECT * SCALE),
    (Operation::Unread, "unread::total", UNREAD * SCALE),
    (Operation::React, "reactions::add", REACT),
    (Operation::Edit, "messages::edit", EDIT),
    (Operation::Delete, "messages::delete", DELETE),
    (Operation::Presence, "accounts::set_presence", 1.0 / 30.0),
];

//! What the acts promise, on a real server.

mod accounts;
mod attachments;
mod blocks;
mod cast;
mod chats;
mod contacts;
mod crash;
mod direct_chats;
mod groups;
mod history;
mod hot;
mod import;
mod inbox;
mod messages;
mod model;
mod pending;
mod plans;
mod races;
mod reactions;
mod receipts;
mod retry;
mod search;
mod sessions;
pub mod sound;
mod unread;
mod watch;

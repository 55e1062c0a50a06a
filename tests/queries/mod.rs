//! What the acts promise, on a real server.

mod accounts;
mod blocks;
mod cast;
mod chats;
mod contacts;
mod crash;
mod direct_chats;
mod groups;
mod hot;
mod import;
mod messages;
mod model;
mod plans;
mod races;
mod retry;
mod sessions;
pub mod sound;
mod watch;

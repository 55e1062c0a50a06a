//! What the acts promise, on a real server.

mod accounts;
mod blocks;
mod cast;
mod contacts;
mod direct_chats;
mod groups;
mod import;
mod messages;
mod races;
mod retry;
mod sessions;
mod sound;
mod watch;

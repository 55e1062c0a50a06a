//! The stage of every bench: a server of its own, with everybody's chats in it.

mod database;
mod fill;
mod import;
mod server;
mod words;
mod world;

pub use database::Database;
pub use server::Server;
pub use words::Words;
pub use world::{Chat, Size, World};

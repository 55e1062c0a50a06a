//! The data of every bench: a server of its own, with the chats of everybody in it.

mod database;
mod fill;
mod import;
mod processor;
mod server;
#[path = "../../tests/support/standby.rs"]
mod standby;
mod words;
mod world;

pub use database::Database;
pub use server::Server;
pub use words::Words;
pub use world::{Chat, Size, World};

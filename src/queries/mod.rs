//! Decides what can be done in a messenger: every act is a function, one file for each family.
//!
//! The connection comes first. Who may do a thing is decided inside the statement that does it, never by a query
//! before it. An act that can be refused says why in a small enum beside it; `find` gives an `Option`, `get` an error
//! when there is nothing, `list` a page in an order that its documentation states.

pub mod accounts;
mod atomic;
pub mod attachments;
pub mod blocks;
pub mod chats;
pub mod contacts;
pub mod direct_chats;
mod functions;
pub mod groups;
pub mod history;
pub mod import;
pub mod inbox;
mod json;
pub mod messages;
mod nul_character;
pub mod pending;
mod predicates;
mod profile;
pub mod reactions;
pub mod receipts;
pub mod search;
pub mod sessions;
mod statement;
pub mod unread;

//! Notifications: where devices are reached, and which of them a message wakes.
//!
//! The library sends nothing: [`targets`] says to whom, and the service hands it to Apple, Google or a push server.

mod targets;
mod token;

pub use targets::{Target, targets};
pub use token::{Address, Keys, RegisterRefused, register, remove, remove_token};

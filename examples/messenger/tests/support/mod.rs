//! A database, servers on it, and browsers in front of them.

mod browser;
mod service;

pub use browser::{Browser, Window};
pub use service::{Service, database};

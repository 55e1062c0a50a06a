//! A messenger on `messenger-db`: a server with a web page, WebSockets and pictures on the local disk, without a line of
//! SQL.
//!
//! Every operation is a command over the socket ([`commands`]); signing up, signing in and pictures go over HTTP.

mod accounts;
mod commands;
mod cookie;
mod database;
mod doorbell;
mod event;
mod failure;
mod files;
mod guard;
mod hub;
mod options;
mod page;
mod passwords;
mod rate;
mod server;
mod socket;

pub use options::Options;
pub use server::{Server, start};

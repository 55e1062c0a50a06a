//! What the database itself promises, whoever writes to it.

mod closed_accounts;
mod enums;
mod generated;
mod invariants;
mod purge;
mod round_trip;
pub mod rows;
mod search;
mod structure;
mod views;

pub use rows::populated;
